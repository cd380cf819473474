"""One customer from several records that were made one: what the kept record lacks comes from the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, TypeVar

import msgspec

from crm_bridge.consent import Consent
from crm_bridge.contact import AccountState, Contact, ContactNumber, Incident, Order

#: of several states the first of these is shown: a stop anywhere is a stop, an old closed account closes no other
_MATTERS_FIRST: Final = (
    AccountState.STOPPED,
    AccountState.UNPAID,
    AccountState.OK,
    AccountState.CLOSED,
    AccountState.UNKNOWN,
)
_FILLED: Final = ("external_id", "company", "email", "language", "account_note", "balance")
_ALSO: Final = {
    "name": "Also named",
    "external_id": "Also no.",
    "company": "Also company",
    "email": "Also e-mail",
    "balance": "Also balance",
    "account_note": "Also",
}

_Thing = TypeVar("_Thing", Order, Incident)


def make_whole(records: Sequence[Contact], consents: tuple[Consent, ...], most: int) -> Contact:
    """The customer from his records, the kept one first: at most ``most`` of each kind of thing.

    What two records say differently is the kept one's, the other's is shown among the fields.
    """
    kept, parts = records[0], records[1:]
    if not parts:
        return msgspec.structs.replace(kept, consents=consents)
    numbers: dict[str, ContactNumber] = {}
    for number in (number for one in records for number in one.numbers):
        numbers.setdefault(number.key, number)
    return msgspec.structs.replace(
        kept,
        numbers=tuple(numbers.values())[:most],
        orders=_sorted((order for one in records for order in one.orders), most),
        incidents=_sorted((incident for one in records for incident in one.incidents), most),
        fields=tuple(_fields(records))[:most],
        notes="\n\n".join(dict.fromkeys(one.notes for one in records if one.notes)) or None,
        account_state=min((one.account_state for one in records), key=_MATTERS_FIRST.index),
        consents=consents,
        **{name: _first(records, name) for name in _FILLED},
    )


def _first(records: Sequence[Contact], name: str) -> object:
    return next((value for one in records if (value := getattr(one, name)) is not None), None)


def _fields(records: Sequence[Contact]) -> Iterator[tuple[str, str]]:
    """Each once: those of the kept record, the others', then what they say of the customer himself."""
    seen: dict[str, str] = {}
    for name, value in (field for one in records for field in one.fields):
        if seen.setdefault(name, value) is value or seen[name] == value:
            continue
        seen.setdefault(f"{name} (also)", value)
    for name, label in _ALSO.items():
        shown = _first(records, name)
        others = dict.fromkeys(str(value) for one in records[1:] if (value := getattr(one, name)) not in (None, shown))
        if others:
            seen.setdefault(label, ", ".join(others))
    yield from seen.items()


def _sorted(things: Iterable[_Thing], most: int) -> tuple[_Thing, ...]:
    """The open ones first, then the newest."""
    newest = sorted(things, key=_day, reverse=True)
    return tuple(sorted(newest, key=lambda one: not one.is_open)[:most])


def _day(one: Order | Incident) -> date:
    on = one.placed_on if isinstance(one, Order) else one.opened_on
    return on or date.min
