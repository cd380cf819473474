"""Who hands a caller over to whom, and who takes him: transfers by the phone and by the PBX's own keys, pick-ups.

Sources: ``mod_sofia`` (``sofia_handle_sip_i_refer``), ``mod_dptools.c`` (``att_xfer_function``, ``transfer_function``),
``switch_ivr_bridge.c`` (``switch_ivr_intercept_session``). A phone's transfer stands in the ``CHANNEL_HANGUP`` of its
leg. Of the PBX's own keys only the application is told that the agent's leg was running; that his customer hears music
meanwhile is told by nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from cti import signals as s
from cti.model import Origin
from cti.pbx import freeswitch_names as names
from cti.pbx.dialect import Frame
from cti.pbx.freeswitch_memory import Asking, Bridged, FreeswitchMemory, PickedOff

SAME_MOMENT = timedelta(seconds=1)
_TO_THE_OTHER_LEG = "-bleg"


def handed_over(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin) -> Iterable[s.Signal]:
    """A leg that is about to end may be that of an agent who hands his caller over."""
    leg = frame.get(b"Unique-ID")
    if leg is None:
        return ()
    disposition = frame.get(b"variable_transfer_disposition")
    if disposition == "recv_replace":
        return _by_phone(frame, at, origin, leg)
    if disposition == "replaced":
        return _before_the_answer(memory, frame, at, origin, leg)
    if any(asking.far == leg for asking in memory.asking.values()):
        return _left_with_the_music(memory, frame, at, origin, leg)
    application = frame.get(b"variable_current_application")
    if application == "att_xfer":
        return _asked_by_key(memory, at, origin, leg)
    return _sent_by_key(memory, frame, at, origin, leg) if application == "transfer" else ()


def _by_phone(frame: Frame, at: datetime, origin: Origin, leg: str) -> Iterable[s.Signal]:
    to = frame.get(b"variable_transfer_to")
    blind = names.blind_transfer(to, frame.get(b"variable_transfer_destination"))
    if blind is not None:
        return (s.BlindTransferred(at, origin, leg, *blind),)
    target = names.attended_transfer(to)
    if target is None:
        return ()
    return (s.AttendedTransferred(at, origin, leg, None, frame.get(b"Other-Leg-Unique-ID"), target),)


def _before_the_answer(
    memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin, leg: str
) -> Iterable[s.Signal]:
    """The consultation's leg names the caller who is handed over to a phone that still rings."""
    caller = names.early_transfer(frame.get(b"variable_transfer_to"))
    bridged = memory.bridged.get(caller or "")
    return () if bridged is None else (s.AttendedTransferred(at, origin, bridged.other, leg, caller, None),)


def _asked_by_key(memory: FreeswitchMemory, at: datetime, origin: Origin, leg: str) -> Iterable[s.Signal]:
    """He hangs up on the colleague whom he asked: the two who are left are connected."""
    asking, colleague = memory.asking.pop(leg, None), memory.bridged.get(leg)
    if asking is None or asking.far not in memory.seen or colleague is None or colleague.other == asking.far:
        return ()
    return (s.AttendedTransferred(at, origin, leg, leg, asking.far, colleague.other),)


def _left_with_the_music(
    memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin, leg: str
) -> Iterator[s.Signal]:
    """A customer who does not wait for what the colleague says: his leg's own end is told when theirs is over."""
    memory.forget(leg)
    memory.ended_early.add(leg)
    yield s.LegHungUp(at, origin, leg, None)
    yield s.LegEnded(at, origin, leg, None, names.whole_number(frame.get(b"variable_hangup_cause_q850")))


def _sent_by_key(memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin, leg: str) -> Iterable[s.Signal]:
    words = (frame.get(b"variable_current_application_data") or "").split()
    bridged = memory.bridged.get(leg)
    if bridged is None or len(words) < 2 or words[0] != _TO_THE_OTHER_LEG:
        return ()
    return (s.BlindTransferred(at, origin, leg, bridged.other, words[1]),)


def asks(memory: FreeswitchMemory, at: datetime, origin: Origin, source: str | None) -> Iterator[s.Signal]:
    """A phone is called on behalf of an agent who is connected: his customer hears music from now on."""
    bridged = memory.bridged.get(source or "")
    if source is not None and bridged is not None and source in memory.agent_legs and source not in memory.asking:
        memory.asking[source] = Asking(bridged.other, bridged.bridge)
        yield s.LegHeld(at, origin, source, None)


def asked_in_vain(memory: FreeswitchMemory, at: datetime, origin: Origin, leg: str) -> Iterator[s.Signal]:
    """The colleague at ``leg`` did not answer: who asked is with his customer again."""
    source = memory.sources.get(leg)
    if source is not None and memory.asking.pop(source, None) is not None:
        yield s.LegResumed(at, origin, source, None)


def connected(memory: FreeswitchMemory, at: datetime, origin: Origin, one: str, other: str) -> Iterator[s.Signal]:
    """Before two legs are connected: one of them may be that of a colleague who picks the other's call up."""
    for caller, by in ((one, other), (other, one)):
        off = memory.picked_off.pop(caller, None)
        if off is not None and by not in memory.sources and at - off.at <= SAME_MOMENT:
            yield s.PickedUp(at, origin, off.leg, None, by)
    bridge = names.bridge_of(one, other)
    memory.bridged[one], memory.bridged[other] = Bridged(other, bridge), Bridged(one, bridge)


def parted(
    memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin, one: str, other: str
) -> Iterator[s.Signal]:
    """After two legs were parted: who asked a colleague may be with his customer again."""
    for leg, left in ((one, other), (other, one)):
        bridged = memory.bridged.get(leg)
        if bridged is not None and bridged.other == left:
            del memory.bridged[leg]
    asking = memory.asking.get(one)
    if asking is not None and asking.far != other and frame.get(b"Answer-State") != "hangup":
        del memory.asking[one]
        memory.bridged[one] = Bridged(asking.far, asking.bridge)
        yield s.BridgeEntered(at, origin, one, None, asking.bridge, None)
        yield s.LegResumed(at, origin, one, None)


def ended_unanswered(memory: FreeswitchMemory, at: datetime, leg: str, result: s.DialResult) -> None:
    """A phone rings no more because somebody else took its call; the connection tells who."""
    source = memory.sources.get(leg)
    if source is not None and result is s.DialResult.TAKEN:
        memory.picked_off[source] = PickedOff(leg, at)


def taken_out_of_queue(
    memory: FreeswitchMemory, frame: Frame, at: datetime, origin: Origin, caller: str
) -> Iterator[s.Signal]:
    """A caller who leaves a queue with somebody whom the queue did not call was picked up."""
    by = frame.get(b"variable_bridge_uuid")
    if by is None or by not in memory.agent_legs or by in memory.sources or by in memory.bridged:
        return
    ringing = next((leg for leg, source in memory.sources.items() if source == caller), None)
    yield s.PickedUp(at, origin, ringing or caller, None, by)
