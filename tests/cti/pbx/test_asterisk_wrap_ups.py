"""How long members have peace: their own wrap-up, else their queue's."""

from __future__ import annotations

from cti import signals as s
from cti.pbx.asterisk_events import AsteriskEvents
from cti.pbx.asterisk_wrap_ups import WrapUps
from cti.signals import Signal
from cti.snapshot import SnapshotTaken
from tests.cti.playbook import ami, at

PLACE = {"Queue": "support", "MemberName": "Elio", "Interface": "PJSIP/105", "Paused": "0"}


def told(events: AsteriskEvents, name: str, **headers: str) -> list[Signal]:
    return list(events.normalise(ami(name, **headers), at(0), "s"))


def wrap_ups(signals: list[Signal]) -> list[tuple[str, str, float]]:
    return [(one.queue, one.agent, one.wrap_up_s) for one in signals if isinstance(one, s.WrapUpSet)]


def test_a_members_own_wrap_up_goes_before_the_queues() -> None:
    known = WrapUps({"support": 30})
    assert [known.of("support", own) for own in (5, 0, None)] == [5.0, 30.0, 30.0]
    assert known.of("sales", 0) == 0.0


def test_it_is_told_once_and_again_when_it_changes() -> None:
    events = AsteriskEvents("pbx", wrap_up_s={"support": 30})
    seen = [wrap_ups(told(events, "QueueMemberStatus", **PLACE, Wrapuptime=own)) for own in ("0", "0", "5", "0")]
    assert seen == [[("support", "105", 30.0)], [], [("support", "105", 5.0)], []]
    assert wrap_ups(told(events, "QueueMemberAdded", **PLACE, Wrapuptime="0")) == [("support", "105", 30.0)]


def test_none_is_nothing_to_tell() -> None:
    assert wrap_ups(told(AsteriskEvents("pbx"), "QueueMemberAdded", **PLACE, Wrapuptime="0")) == []


def test_a_snapshot_tells_it_too() -> None:
    events = AsteriskEvents("pbx", wrap_up_s={"support": 30})
    place = {"Queue": "support", "Location": "PJSIP/105", "Name": "Elio", "Paused": "0", "Wrapuptime": "0"}
    lists = [("QueueMember", place), ("QueueStatusComplete", {}), ("StatusComplete", {})]
    (snapshot,) = [one for name, headers in lists for one in told(events, name, **headers)]
    assert isinstance(snapshot, SnapshotTaken)
    assert [member.wrap_up_s for member in snapshot.members] == [30.0]
    assert wrap_ups(told(events, "QueueMemberStatus", **PLACE, Wrapuptime="0")) == [], "it was told"
