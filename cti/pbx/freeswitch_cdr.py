"""Calls out of FreeSWITCH's records of single legs: told as the events that were not heard, to the live dialect's ears.

A record holds a leg's whole life: the stretches of its way with their instants, whom it was connected with, what
mod_callcenter noted of its place in a queue, its holds, whether its own party hung up. Sources: FreeSWITCH's
``switch_ivr.c`` (``switch_ivr_generate_xml_cdr``), ``mod_callcenter.c``, ``mod_sofia.c`` and the records beside the
recordings in ``tests/recordings/freeswitch``.
"""

from __future__ import annotations

from collections.abc import Sequence

from cti.pbx import freeswitch_cdr_events as order
from cti.pbx.freeswitch_cdr_bridges import Bridged, bridges_of, implied_legs
from cti.pbx.freeswitch_cdr_events import CdrEvents, answered_at, tell_leg
from cti.pbx.freeswitch_cdr_fifos import tell_fifos
from cti.pbx.freeswitch_cdr_legs import CdrLeg
from cti.pbx.freeswitch_cdr_waits import tell_waits
from cti.pbx.freeswitch_names import whole_number

_AT_ONCE_US = 2_000_000  # from the valet's answer to the connection


class CdrStory:
    """One call from its legs. ``whole`` is False where a leg that was connected has left no record."""

    def __init__(self, legs: Sequence[CdrLeg]) -> None:
        self.bridges = bridges_of(legs)
        implied = implied_legs(legs, self.bridges)
        self.whole = not implied
        self.legs = {leg.uuid: leg for leg in sorted([*legs, *implied], key=_begin)}

    def events(self) -> CdrEvents:
        """What FreeSWITCH would have sent."""
        events = CdrEvents()
        for leg in self.legs.values():
            tell_leg(events, leg)
            self._tell_hold(events, leg)
            self._tell_transfer(events, leg)
            self._tell_parking(events, leg)
        for bridged in self.bridges:
            self._tell_bridge(events, bridged)
        tell_waits(events, self.legs, self.bridges)
        tell_fifos(events, self.legs, self.bridges)
        return events

    def met(self, uuid: str) -> list[Bridged]:
        """Whom a leg was connected with, in order."""
        return [one for one in self.bridges if uuid in one.legs]

    def _tell_bridge(self, events: CdrEvents, bridged: Bridged) -> None:
        leg = self.legs.get(bridged.one) or self.legs[bridged.other]
        pair = {"Bridge_A_Unique_ID": bridged.one, "Bridge_B_Unique_ID": bridged.other}
        began_us = max(bridged.began_us, *(self._answered_us(uuid) for uuid in bridged.legs))
        events.add(min(began_us, bridged.ended_us), order.MET, "CHANNEL_BRIDGE", leg, **pair)
        if bridged.ended_us > began_us:
            events.add(bridged.ended_us, order.PARTED, "CHANNEL_UNBRIDGE", leg, **pair)

    def _answered_us(self, uuid: str) -> int:
        """Whole seconds may place a bridge before the answer that made it."""
        leg = self.legs.get(uuid)
        return 0 if leg is None or leg.exact else answered_at(leg)

    def _tell_hold(self, events: CdrEvents, leg: CdrLeg) -> None:
        """How long a leg held the other, where it is not told when: at the beginning of its talk."""
        held_us = whole_number(leg.variables.get("hold_accum_usec")) or 0
        held_us = held_us or (whole_number(leg.variables.get("hold_accum_seconds")) or 0) * 1_000_000
        met = self.met(leg.uuid)
        if leg.holds or not held_us or not met:
            return
        talk = max(met, key=lambda one: one.ended_us - one.began_us)
        if held_us < talk.ended_us - talk.began_us:
            events.add(talk.began_us + 1, order.HELD, "CHANNEL_HOLD", leg)
            events.add(talk.began_us + 1 + held_us, order.HELD, "CHANNEL_UNHOLD", leg)

    def _tell_transfer(self, events: CdrEvents, leg: CdrLeg) -> None:
        """An agent who hands his caller over, when they part."""
        met = self.met(leg.uuid)
        if leg.variables.get("transfer_disposition") == "recv_replace" and met:
            last = met[-1]
            partner = last.partner(leg.uuid)
            events.add(
                min(last.ended_us, leg.ended_us), order.HANDED_OVER, "CHANNEL_HANGUP", leg, Other_Leg_Unique_ID=partner
            )

    def _tell_parking(self, events: CdrEvents, leg: CdrLeg) -> None:
        """A caller who is put into a slot, and who takes him out of it: both ran valet_park."""
        for step in leg.steps:
            if step.app != "valet_park":
                continue
            after = [one for one in self.met(leg.uuid) if one.began_us >= step.at_us - _AT_ONCE_US]
            other = self.legs.get(after[0].partner(leg.uuid)) if after else None
            theirs = [one.at_us for one in (other.steps if other else ()) if one.app == "valet_park"]
            if theirs and theirs[0] < step.at_us:
                continue  # this is the one who takes him
            slot = (step.data.split() or [""])[-1]
            events.add(step.at_us, order.TAKEN, "valet_parking::info", leg, Action="hold", Valet_Extension=slot)
            if theirs and other is not None:
                events.add(
                    after[0].began_us, order.TAKEN, "valet_parking::info", leg,
                    Action="bridge", Valet_Extension=slot, Bridge_To_UUID=other.uuid,
                )  # fmt: skip


def _begin(leg: CdrLeg) -> tuple[int, bool]:
    """Of two that began at one instant, the one that was called comes after the one who called it."""
    return leg.began_us, leg.variables.get("direction") == "outbound"
