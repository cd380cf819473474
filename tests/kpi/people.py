"""A person in the store: numbers to look for, and calls that hold them in every place."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from cti.model import Call, Direction, Leg, LegRole, Oddity, Origin, Party, Transfer, TransferKind
from cti.written_number import WrittenNumber
from tests.kpi.calls import NINE, answered_call

ADA = WrittenNumber("+390255501234", ["00390255501234", "390255501234", "0255501234"])
BOB = "+390255509999"


def leg(number: str, channel: str) -> Leg:
    return Leg(leg_id=f"{len(channel)}.1", channel=channel, role=LegRole.CUSTOMER, number=number, started_at=NINE)


def called_in(call_id: str, number: str, name: str, start: float) -> Call:
    """An inbound call over a trunk whose channels are named after the caller."""
    legs = (leg(number, f"sofia/external/{number}@192.0.2.1"),)
    return answered_call(call_id, start=start, caller=Party(number, name), legs=legs)


def called_out(call_id: str, number: str, start: float) -> Call:
    """An agent calls the public."""
    inbound = answered_call(call_id, start=start, caller=Party("101", "Agent One"), dialled=number)
    legs = (leg(number, "PJSIP/trunk-2"),)
    fields = {"direction": Direction.OUTBOUND, "queue": None, "queued_at": None, "stays": (), "legs": legs}
    return msgspec.structs.replace(inbound, **fields)


def handed_over(call_id: str, to: str, start: float) -> Call:
    """Somebody else's call, handed over to that number."""
    transfer = Transfer(kind=TransferKind.BLIND, by="101", to=to, at=NINE + timedelta(seconds=start + 9))
    return msgspec.structs.replace(called_in(call_id, BOB, "Bob Verdi", start), transfers=(transfer,))


#: In the order of their beginnings; the first four are Ada's.
ADAS = (
    called_in("a1", "+390255501234", "Ada Bianchi", 0),
    called_in("a2", "02 5550 1234", "Ada Bianchi", 1_000),
    called_out("a3", "0255501234", 2_000),
    handed_over("a4", "00390255501234", 3_000),
)
BOBS = (called_in("b1", BOB, "Bob Verdi", 4_000), called_out("b2", BOB, 5_000))
#: Somebody calls the number that is hers in another house: it is this house's own here.
TO_THE_HOUSE = msgspec.structs.replace(called_in("c1", BOB, "Bob Verdi", 6_000), dialled="+390255501234")


def odd(detail: str, offset: int) -> Oddity:
    return Oddity("leg-unknown", detail, NINE, Origin("milan", "s1", offset, "Hangup"))
