"""Events made of what a CDR holds, for the live dialect to read: what a leg's end tells, told as it happened.

Of two things at one instant the one that ends comes first, so that a transfer's new talk finds the old one over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cti.pbx.freeswitch_cdr_legs import CdrLeg, Profile

#: Within one instant: what happens before what.
HELD, KEYED, HANDED_OVER, PARTED, AGENT_DONE, LEFT, OVER, SEEN, JOINED, TRIED, RANG, ANSWERED, TAKEN, MET, AT_LAST = (
    range(15)
)

_NEVER_RANG = frozenset({"USER_BUSY", "DESTINATION_OUT_OF_ORDER", "USER_NOT_REGISTERED", "SUBSCRIBER_ABSENT"})


class CdrEvent:
    """One event: a ``Frame`` that was never sent. ``variables`` are the leg's, as they were at its end."""

    raw = b""

    def __init__(self, name: str, headers: Mapping[str, str | None], variables: Mapping[str, str], offset: int) -> None:
        self.name, self.offset = name, offset
        self._headers = {key: value for key, value in headers.items() if value}
        self._variables = variables

    def get(self, header: bytes) -> str | None:
        name = header.decode()
        return self._headers.get(name) or self._variables.get(name.removeprefix("variable_"))

    def items(self) -> Iterator[tuple[str, str]]:
        yield from self._headers.items()
        for name, value in self._variables.items():
            yield f"variable_{name}", value


class CdrEvents:
    """The events of one call in the making, each with its instant in microseconds since 1970."""

    def __init__(self) -> None:
        self._events: list[tuple[int, int, int, CdrEvent]] = []

    def add(self, at_us: int, rank: int, name: str, leg: CdrLeg, **headers: str | None) -> None:
        """An event about ``leg``; an underscore in a header's name stands for its hyphen."""
        said = {"Unique-ID": leg.uuid} | {key.replace("_", "-"): value for key, value in headers.items()}
        event = CdrEvent(name, said, leg.variables, leg.offset)
        self._events.append((at_us, rank, len(self._events), event))

    def __iter__(self) -> Iterator[tuple[int, CdrEvent]]:
        for at_us, _, _, event in sorted(self._events, key=lambda one: one[:3]):
            yield at_us, event


def tell_leg(events: CdrEvents, leg: CdrLeg) -> None:
    """Its beginning, ringing, answer, holds and end."""
    first, last, variables = leg.profiles[0], leg.profiles[-1], leg.variables
    events.add(
        leg.began_us, SEEN, "CHANNEL_CREATE", leg,
        Channel_Name=variables.get("channel_name", "-"),
        Call_Direction=variables.get("direction", "inbound"),
        Caller_Context=first.context,
        Caller_Caller_ID_Number=first.number,
        Caller_Caller_ID_Name=first.name,
        Caller_Destination_Number=first.destination,
    )  # fmt: skip
    direction = variables.get("direction")
    if rang_us := _rang_at(leg):
        events.add(max(rang_us, leg.began_us), RANG, "CHANNEL_PROGRESS", leg, Call_Direction=direction)
    if answered_us := answered_at(leg):
        events.add(answered_us, ANSWERED, "CHANNEL_ANSWER", leg, Call_Direction=direction)
    for begin, end in leg.holds:
        events.add(begin, HELD, "CHANNEL_HOLD", leg)
        if end and end < leg.ended_us:
            events.add(end, HELD, "CHANNEL_UNHOLD", leg)
    lost = variables.get("hangup_cause") == "LOSE_RACE"  # because another phone was answered, in this very instant
    events.add(
        leg.ended_us, AT_LAST if lost or leg.ended_us == leg.began_us else OVER, "CHANNEL_HANGUP_COMPLETE", leg,
        Call_Direction=direction,
        Hangup_Cause=variables.get("hangup_cause"),
        Caller_Channel_Answered_Time=str(answered_us),
        Caller_Destination_Number=last.destination,
    )  # fmt: skip


def _rang_at(leg: CdrLeg) -> int:
    """When the phone rang; at once, where the record would not tell it. 0 if it did not."""
    rang_us = next((one.progress_us for one in leg.profiles if one.progress_us), 0)
    told = rang_us or leg.exact or "progress_uepoch" in leg.variables or "progress_epoch" in leg.variables
    return rang_us if told or leg.variables.get("hangup_cause") in _NEVER_RANG else leg.began_us


def answered_at(leg: CdrLeg) -> int:
    """When the leg was answered; 0 if it was not."""
    answered_us = next((one.answered_us for one in leg.profiles if one.answered_us), 0)
    return max(answered_us, leg.began_us) if answered_us else 0


def profile_at(leg: CdrLeg, at_us: int) -> Profile:
    """The stretch of its way that the leg was on then."""
    begun = [one for one in leg.profiles if one.created_us <= at_us]
    return begun[-1] if begun else leg.profiles[0]
