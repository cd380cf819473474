"""What a customer wants: by which way he may be spoken to, since when, and who says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

MAX_SOURCE: Final = 300
MAX_PURPOSE: Final = 100
#: of one customer that are told; a channel and a purpose has one
MAX_CONSENTS: Final = 20


class Channel(StrEnum):
    """A way to a customer."""

    PHONE = "phone"
    EMAIL = "email"
    SMS = "sms"
    POST = "post"
    ANY = "any"  #: all of them


class Decision(StrEnum):
    """What he said, or was said of him."""

    GIVEN = "given"  #: he may be spoken to
    REFUSED = "refused"  #: he said no
    WITHDRAWN = "withdrawn"  #: he had said yes and takes it back
    LIFTED = "lifted"  #: a refusal no longer holds; nobody says that he agreed


NO: Final = frozenset({Decision.REFUSED, Decision.WITHDRAWN})
_DO_NOT: Final = {
    Channel.PHONE: "Do not call",
    Channel.EMAIL: "Do not e-mail",
    Channel.SMS: "Do not send SMS",
    Channel.POST: "Do not write by post",
    Channel.ANY: "Do not contact",
}
_MAY: Final = {
    Channel.PHONE: "May be called",
    Channel.EMAIL: "May be e-mailed",
    Channel.SMS: "May get SMS",
    Channel.POST: "May be written to",
    Channel.ANY: "May be contacted",
}


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One word of a customer. ``purpose`` empty is any; ``on`` is the day he said it, None where nobody knows."""

    channel: Channel
    decision: Decision
    source: str
    on: date | None = None
    purpose: str = ""

    @property
    def is_no(self) -> bool:
        """Whether it forbids something."""
        return self.decision in NO

    @property
    def words(self) -> str:
        """One line for a person.

        >>> Consent(channel=Channel.PHONE, decision=Decision.WITHDRAWN, source="letter", on=date(2026, 3, 3)).words
        'Do not call: withdrawn 3 Mar 2026, letter'
        """
        head = (_DO_NOT if self.decision in NO else _MAY)[self.channel]
        purpose = f" for {self.purpose}" if self.purpose else ""
        when = f" {self.on:%-d %b %Y}" if self.on is not None else ", day not known"
        return f"{head}{purpose}: {self.decision.value}{when}, {self.source}"


def says_no(flag: object, channel: Channel, source: str) -> tuple[Consent, ...]:
    """What a CRM's own check box says: a refusal where it is set, nothing where it is not.

    >>> says_no("1", Channel.PHONE, "Vtiger")[0].words, says_no("0", Channel.PHONE, "Vtiger")
    ('Do not call: refused, day not known, Vtiger', ())
    """
    told = flag is True or flag == 1 or (isinstance(flag, str) and flag.strip().lower() in ("1", "true", "yes", "on"))
    return (Consent(channel=channel, decision=Decision.REFUSED, source=source),) if told else ()


def in_force(told: Iterable[Consent]) -> tuple[Consent, ...]:
    """Of all that was said, oldest first, what holds: the last word for each channel and purpose, refusals first."""
    last: dict[tuple[Channel, str], Consent] = {}
    for one in told:
        last.pop((one.channel, one.purpose), None)
        last[one.channel, one.purpose] = one
    held = [one for one in reversed(last.values()) if one.decision is not Decision.LIFTED]
    return tuple(sorted(held, key=lambda one: one.decision not in NO))[:MAX_CONSENTS]


def joined(first: Sequence[Consent], more: Sequence[Consent]) -> tuple[Consent, ...]:
    """What two sources say of one person: where they differ the later day holds, and without a day the refusal."""
    both = dict[tuple[Channel, str], Consent]()
    for one in (*more, *first):
        key = one.channel, one.purpose
        other = both.get(key)
        both[key] = one if other is None else _stronger(one, other)
    return tuple(sorted(both.values(), key=lambda one: one.decision not in NO))[:MAX_CONSENTS]


def against(consents: Iterable[Consent], channel: Channel) -> tuple[Consent, ...]:
    """What speaks against this way: a refusal of it, or of all ways unless this one was allowed since."""
    known = tuple(consents)
    return tuple(
        one
        for one in known
        if one.decision in NO
        and (one.channel is channel or (one.channel is Channel.ANY and not _allowed_since(known, one, channel)))
    )


def _allowed_since(known: Sequence[Consent], refusal: Consent, channel: Channel) -> bool:
    return any(
        one.channel is channel
        and one.decision is Decision.GIVEN
        and one.purpose in ("", refusal.purpose)
        and one.on is not None
        and refusal.on is not None
        and one.on > refusal.on
        for one in known
    )


def _stronger(one: Consent, other: Consent) -> Consent:
    if one.on is not None and other.on is not None and one.on != other.on:
        return one if one.on > other.on else other
    return other if one.decision not in NO and other.decision in NO else one
