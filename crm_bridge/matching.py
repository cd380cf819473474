"""From the customers that were found to an honest answer: how sure, and why."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import msgspec

from crm_bridge.consent import joined
from crm_bridge.contact import Choice, Contact, Match, MatchKind
from crm_bridge.number import Number, NumberKind

#: a choice among more than this is no help
MAX_CANDIDATES = 20


def decide(number: Number, found: Sequence[Contact], choice: Choice | None = None) -> Match:
    """The match for ``number`` among all that the sources found, in their order. Never silently the first of several.

    A customer known to several sources by one name and number counts once. An agent's earlier ``choice`` decides among
    several, and says so.
    """
    if number.kind is NumberKind.ANONYMOUS:
        return Match(kind=MatchKind.ANONYMOUS, why=number.why)
    if number.key is None:
        return Match(kind=MatchKind.UNKNOWN, why=f"what was sent is no number: {number.why}")
    people = _joined(found)
    same = [person for person in people if _has(person, number.key)]
    alike = [person for person in people if person not in same and _has_alike(person, number)]
    if choice is not None and (picked := _picked(people, choice)) is not None:
        return _chosen(picked, people, choice)
    if same:
        return _by_number(number, same)
    return _by_tail(number, alike) if alike else Match(kind=MatchKind.UNKNOWN, why="no customer has this number")


def settle(match: Match, contact: Contact, *, by: str, on_behalf: bool) -> Match:
    """The match after an agent said who it is. The others stay to choose from; the reason names the agent."""
    others = tuple(person for person in match.candidates if _id(person) != _id(contact))
    before = match.caller if match.on_behalf else match.contact
    caller = before if on_behalf and before is not None and _id(before) != _id(contact) else None
    why = f"calls on behalf of this customer, says {by}" if on_behalf else f"chosen by {by}"
    return msgspec.structs.replace(
        match,
        kind=MatchKind.EXACT,
        why=why,
        contact=contact,
        candidates=(contact, *others)[:MAX_CANDIDATES],
        pending=False,
        silent=(),
        on_behalf=on_behalf,
        caller=caller,
        chosen_by=by,
    )


def fold(text: str) -> str:
    """Lower case without accents, for comparing and finding names.

    >>> fold("Žofia  MÜLLER")
    'zofia muller'
    """
    folded = text.casefold()
    if not folded.isascii():
        folded = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return " ".join(folded.split())


def _by_number(number: Number, same: list[Contact]) -> Match:
    if len(same) > 1:
        why = f"{len(same)} customers have this number"
        return Match(kind=MatchKind.AMBIGUOUS, why=why, candidates=tuple(same[:MAX_CANDIDATES]))
    if not number.certain:
        why = f"the customer has this number, which was {_guess_words(number)}"
        return Match(kind=MatchKind.PROBABLE, why=why, contact=same[0], candidates=(same[0],))
    written = {known.written: known.certain for known in same[0].numbers if known.key == number.key}
    if not any(written.values()):
        why = f"the customer's number is written {next(iter(written))}, and its country had to be guessed"
        return Match(kind=MatchKind.PROBABLE, why=why, contact=same[0], candidates=(same[0],))
    return Match(kind=MatchKind.EXACT, why="the customer has this number", contact=same[0], candidates=(same[0],))


def _by_tail(number: Number, alike: list[Contact]) -> Match:
    if len(alike) > 1:
        why = f"{len(alike)} customers have a number that ends like this one, none has exactly this"
        return Match(kind=MatchKind.AMBIGUOUS, why=why, candidates=tuple(alike[:MAX_CANDIDATES]))
    written = next((known.written for known in alike[0].numbers if _ends_alike(known.key, number)), "")
    why = f"only the end of the number is the same: the customer's is {written}"
    return Match(kind=MatchKind.PROBABLE, why=why, contact=alike[0], candidates=(alike[0],))


def _chosen(picked: Contact, people: list[Contact], choice: Choice) -> Match:
    others = tuple(person for person in people if person is not picked)
    on = choice.chosen_at.astimezone().strftime("%-d %B %Y")
    why = f"chosen by {choice.chosen_by} on {on}" + (f" among {len(people)}" if others else "")
    candidates = (picked, *others)[:MAX_CANDIDATES]
    return Match(kind=MatchKind.EXACT, why=why, contact=picked, candidates=candidates, chosen_by=choice.chosen_by)


def _picked(people: Sequence[Contact], choice: Choice) -> Contact | None:
    return next((person for person in people if _id(person) == (choice.source, choice.contact_id)), None)


def _joined(found: Sequence[Contact]) -> list[Contact]:
    """Each person once: the same name with a number in common, in another source, only fills what is missing."""
    people: list[Contact] = []
    for contact in found:
        twin = next((i for i, known in enumerate(people) if _same_person(known, contact)), None)
        if twin is None:
            people.append(contact)
        else:
            people[twin] = _filled(people[twin], contact)
    return people


def _same_person(one: Contact, other: Contact) -> bool:
    if one.source == other.source:
        return one.contact_id == other.contact_id
    shared = {number.key for number in one.numbers} & {number.key for number in other.numbers}
    return bool(shared) and fold(one.name) == fold(other.name)


def _filled(first: Contact, more: Contact) -> Contact:
    empty = (None, "", (), "unknown")
    gaps = {
        name: value
        for name in first.__struct_fields__
        if name not in ("origins", "consents", "unread")
        and getattr(first, name) in empty
        and (value := getattr(more, name)) not in empty
    }
    origins = {name: more.origin(name) for name in gaps} | dict(first.origins)
    both = {"consents": joined(first.consents, more.consents), "unread": (*first.unread, *more.unread)}
    return msgspec.structs.replace(first, **gaps, **both, origins=tuple(origins.items()))


def _has(contact: Contact, key: str) -> bool:
    return any(number.key == key for number in contact.numbers)


def _has_alike(contact: Contact, number: Number) -> bool:
    return any(_ends_alike(known.key, number) for known in contact.numbers)


def _ends_alike(key: str, number: Number) -> bool:
    return number.tail is not None and key.endswith(number.tail)


def _guess_words(number: Number) -> str:
    return number.why if number.why.startswith("read") else f"read as one of this country ({number.why})"


def _id(contact: Contact) -> tuple[str, str]:
    return contact.source, contact.contact_id
