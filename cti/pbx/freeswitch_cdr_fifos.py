"""Waits in mod_fifo's queues, out of the records of callers and consumers: both ran ``fifo``, in or out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cti.pbx import freeswitch_cdr_events as order
from cti.pbx.freeswitch_cdr_bridges import Bridged
from cti.pbx.freeswitch_cdr_events import CdrEvents, profile_at
from cti.pbx.freeswitch_cdr_legs import CdrLeg, Step

_APP, _INFO = "fifo", "fifo::info"
_SECOND_US = 1_000_000
_AT_THE_END_US = 100_000


def tell_fifos(events: CdrEvents, legs: Mapping[str, CdrLeg], bridges: Sequence[Bridged]) -> None:
    """All waits in fifos, and who took the callers."""
    for leg in legs.values():
        for step in leg.steps:
            name, *ways = step.data.split() if step.app == _APP else [""]
            if "in" in ways[:1]:
                _tell_wait(events, leg, step, name, legs, bridges)


def _tell_wait(
    events: CdrEvents, leg: CdrLeg, step: Step, fifo: str, legs: Mapping[str, CdrLeg], bridges: Sequence[Bridged]
) -> None:
    destination = profile_at(leg, step.at_us).destination
    at_us = min([step.at_us, *(one.began_us for one in legs.values() if _rung_for(one, leg, step))])
    _say(events, at_us, order.JOINED, leg, fifo, "push", Caller_Destination_Number=destination)
    for bridged in bridges:
        consumer = legs.get(bridged.partner(leg.uuid)) if leg.uuid in bridged.legs else None
        if consumer is not None and bridged.began_us >= at_us and _is_consumer(consumer, fifo):
            _tell_talk(events, leg, consumer, bridged, fifo)
            return
    _tell_left(events, leg, step, fifo)


def _rung_for(phone: CdrLeg, caller: CdrLeg, step: Step) -> bool:
    """FreeSWITCH's clock of legs goes in steps, that of applications does not: a phone may seem to ring too early."""
    same = phone.variables.get("fifo_bridge_uuid") == caller.uuid
    return same and 0 < step.at_us - phone.began_us < _AT_THE_END_US


def _is_consumer(leg: CdrLeg, fifo: str) -> bool:
    return leg.variables.get("fifo_name") == fifo or any(
        step.app == _APP and step.data.split()[:2] == [fifo, "out"] for step in leg.steps
    )


def _tell_talk(events: CdrEvents, leg: CdrLeg, consumer: CdrLeg, bridged: Bridged, fifo: str) -> None:
    direction = consumer.variables.get("direction")
    whose = {"Call_Direction": direction, "Caller_Destination_Number": consumer.profiles[0].destination}
    _say(events, bridged.began_us, order.TAKEN, consumer, fifo, "consumer_pop", FIFO_Caller_UUID=leg.uuid, **whose)
    _say(events, bridged.began_us, order.TAKEN, leg, fifo, "bridge-caller-start")
    talk_s = str((bridged.ended_us - bridged.began_us) // _SECOND_US)
    target = {"FIFO_Consumer_Talk_Time_s": talk_s, **whose}
    _say(events, bridged.ended_us, order.AGENT_DONE, consumer, fifo, "channel-consumer-stop", **target)
    state = "hangup" if bridged.ended_us >= consumer.ended_us - _AT_THE_END_US else "answered"
    _say(events, bridged.ended_us, order.AGENT_DONE, consumer, fifo, "bridge-consumer-stop", Answer_State=state)


def _tell_left(events: CdrEvents, leg: CdrLeg, step: Step, fifo: str) -> None:
    """Away, to another application, or out of patience."""
    after = [one.at_us for one in leg.steps if one.at_us > step.at_us]
    moved = profile_at(leg, step.at_us).transferred_us
    left_us = min([leg.ended_us, *after, *([moved] if moved > step.at_us else [])])
    hung_up = left_us >= leg.ended_us and leg.variables.get("sip_hangup_disposition", "").startswith("recv_")
    key = leg.variables.get("fifo_caller_exit_key", "")
    timed_out = leg.variables.get("fifo_status") == "TIMEOUT"
    if key and not hung_up and not timed_out:
        events.add(left_us, order.KEYED, "DTMF", leg, DTMF_Digit=key[:1])
    action = "timeout" if timed_out else "abort"
    _say(events, left_us, order.LEFT, leg, fifo, action, Answer_State="hangup" if hung_up else "answered")


def _say(events: CdrEvents, at_us: int, rank: int, leg: CdrLeg, fifo: str, action: str, **more: str | None) -> None:
    events.add(at_us, rank, _INFO, leg, FIFO_Name=fifo, FIFO_Action=action, **more)
