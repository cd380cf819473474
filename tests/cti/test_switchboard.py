"""One PBX from frames to published events, in order."""

from __future__ import annotations

from cti.model import CallEvent, CallStarted, LegRole, PbxBack, PbxLost
from cti.pbx.asterisk_events import AsteriskEvents
from cti.snapshot import LegNow, SnapshotTaken
from cti.switchboard import Switchboard
from cti.wire.ami import AmiFrame
from tests.cti.playbook import ORIGIN, ami, at, line

CALL = {"Uniqueid": "1.1", "Linkedid": "1.1"}


def frames() -> list[AmiFrame]:
    told = [
        ami("Newchannel", **CALL, Channel="PJSIP/trunk-1", CallerIDNum="+39333", Exten="200"),
        ami("QueueCallerJoin", **CALL, Queue="sales", Position=1),
        ami("RTCPSent", **CALL),
        ami("HangupRequest", **CALL),
        ami("QueueCallerLeave", **CALL, Queue="sales"),
        ami("Hangup", **CALL, Cause=16),
    ]
    for i, frame in enumerate(told):
        frame.offset = 100 * i
    return told


def switchboard() -> tuple[Switchboard, list[CallEvent]]:
    told: list[CallEvent] = []
    return Switchboard("milan", AsteriskEvents("milan"), told.append), told


def test_frames_become_events_in_order() -> None:
    board, told = switchboard()
    board.take(frames(), at(3), "s1")
    assert [line(event) for event in told] == [
        "started 1.1",
        "queued 1.1 sales",
        "left 1.1 sales abandoned",
        "ended 1.1 abandoned customer",
    ]
    assert {event.at for event in told} == {at(3)}
    assert [(event.origin.session, event.origin.offset, event.origin.event) for event in told] == [
        ("s1", 0, "Newchannel"),
        ("s1", 100, "QueueCallerJoin"),
        ("s1", 400, "QueueCallerLeave"),
        ("s1", 500, "Hangup"),
    ]


def test_it_does_not_matter_how_the_reads_cut_the_story() -> None:
    whole, told_at_once = switchboard()
    whole.take(frames(), at(3), "s1")
    cut, told_in_pieces = switchboard()
    for frame in frames():
        cut.take([frame], at(3), "s1")
    assert told_in_pieces == told_at_once


def test_what_goes_on_can_be_asked_for() -> None:
    board, told = switchboard()
    board.take(frames()[:2], at(3), "s1")
    (call,) = board.tracker.open_calls()
    assert (call.pbx, call.call_id, call.waiting is not None) == ("milan", "1.1", True)
    assert isinstance(told[0], CallStarted)
    assert told[0].call.waiting is None


def test_a_stream_that_breaks_is_told_and_its_calls_stay_open() -> None:
    board, told = switchboard()
    board.take(frames()[:1], at(3), "s1")
    board.lost(at(4), "the PBX closed the connection")
    board.back(at(9))
    assert [(type(event), event.at) for event in told[1:]] == [(PbxLost, at(4)), (PbxBack, at(9))]
    assert {event.origin.pbx for event in told} == {"milan"}
    assert getattr(told[1], "cause") == "the PBX closed the connection"  # noqa: B009
    assert len(board.tracker.open_calls()) == 1


def test_a_call_may_go_on_over_a_break() -> None:
    board, told = switchboard()
    board.take(frames()[:2], at(3), "s1")
    board.lost(at(4), "x")
    board.back(at(5))
    board.take(frames()[2:], at(6), "s2")
    assert line(told[-1]) == "ended 1.1 abandoned customer"
    assert told[-1].origin.session == "s2"


def test_a_wrap_up_ends_by_itself() -> None:
    told: list[CallEvent] = []
    board = Switchboard("milan", AsteriskEvents("milan", wrap_up_s={"sales": 5}), told.append)
    member = {"Queue": "sales", "Interface": "PJSIP/101"}
    phone = {"Uniqueid": "1.2", "Linkedid": "1.1"}
    story = [
        ami("QueueMemberAdded", **member, MemberName="Anna", Paused=0),
        *frames()[:2],
        ami("Newchannel", **phone, Channel="PJSIP/101-2", Exten="s", ChannelState=0),
        ami("DialBegin", **CALL, DestUniqueid="1.2", DestLinkedid="1.1", DialString="101"),
        ami("Newstate", **phone, ChannelState=5),
        ami("Newstate", **phone, ChannelState=6),
        *(ami("BridgeEnter", **leg, BridgeUniqueid="b") for leg in (phone, CALL)),
        ami("BridgeLeave", **phone, BridgeUniqueid="b"),
        ami("Hangup", **phone, Cause=16),
    ]
    board.take(story, at(3), "s1")
    told.clear()
    board.pass_time(at(7.9))
    assert told == []
    board.pass_time(at(30))
    assert [(line(event), event.at, event.origin.event) for event in told] == [
        ("101 state idle", at(8), "BridgeLeave"),
    ]


def test_what_a_snapshot_shows_has_begun_before_the_connection() -> None:
    """A PBX tells ages in whole seconds, cut: a call that is 0.9 s old is 0 s old."""
    board, told = switchboard()
    board.back(at(10))
    leg = LegNow(
        leg="1.1", group="1.1", channel="PJSIP/trunk-1", role=LegRole.CUSTOMER, number="+39333", name=None,
        dialled="200", started_at=at(10.3), up=True, ringing=False, was_dialled=False, bridge=None, queue=None,
    )  # fmt: skip
    present = SnapshotTaken(
        at=at(10.3), origin=ORIGIN, legs_at=at(10.3), legs=(leg,), queues_at=at(10.3), waits=(), members=()
    )  # fmt: skip
    told += board.tracker.apply(present)
    started = next(event.call for event in told if isinstance(event, CallStarted))
    assert at(9) < started.offered_at < at(10)
