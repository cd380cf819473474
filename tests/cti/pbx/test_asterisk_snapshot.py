"""Asterisk's two lists become one snapshot; half of one is never taken for a whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cti.model import LegRole, Origin
from cti.pbx.asterisk_events import AsteriskEvents
from cti.snapshot import SnapshotTaken
from tests.cti.playbook import ami

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Reader:
    def __init__(self) -> None:
        self._events = AsteriskEvents("pbx")

    def read(self, name: str, seconds: float = 0, session: str = "one", **headers: str) -> list[SnapshotTaken]:
        at = AT + timedelta(seconds=seconds)
        given = self._events.normalise(ami(name, **headers), at, session)
        return [signal for signal in given if isinstance(signal, SnapshotTaken)]

    def member(self, location: str, **more: object) -> list[SnapshotTaken]:
        return self.read("QueueMember", Queue="sales", Name="Anna", Location=location, Paused="0", **more)  # type: ignore[arg-type]


def test_both_lists_make_a_snapshot_in_either_order() -> None:
    reader = Reader()
    assert reader.read("StatusComplete") == []
    (one,) = reader.read("QueueStatusComplete")
    assert reader.read("QueueStatusComplete", 30) == []
    (two,) = reader.read("StatusComplete", 31)
    assert (one.legs, one.waits, one.members, two.legs_at) == ((), (), (), AT + timedelta(seconds=31))


def test_a_leg_a_wait_and_a_member_are_read() -> None:
    reader = Reader()
    reader.read(
        "Status",
        Channel="PJSIP/trunk-00000001",
        ChannelState="6",
        CallerIDNum="+39333",
        CallerIDName="Dana O\\'Neill",
        Uniqueid="1.1",
        Linkedid="1.1",
        DNID="+3902",
        BridgeID="",
        Application="Queue",
        Data="sales,,,,20",
        Seconds="6",
    )
    reader.read("Status", Channel="PJSIP/101-00000002", ChannelState="5", Uniqueid="1.2", Data="(Outgoing Line)")
    reader.read("StatusComplete")
    reader.read("QueueEntry", Queue="sales", Uniqueid="1.1", Position="2", Wait="5")
    reader.member("Local/101@agents/n", StateInterface="PJSIP/101", PausedReason="")
    (now,) = reader.read("QueueStatusComplete")
    caller, phone = now.legs
    assert (caller.role, caller.number, caller.name, caller.dialled) == (
        LegRole.CUSTOMER,
        "+39333",
        "Dana O'Neill",
        "+3902",
    )
    assert caller.started_at == AT - timedelta(seconds=6)
    assert (caller.up, caller.bridge, caller.queue) == (True, None, "sales")
    assert (phone.role, phone.number, phone.ringing, phone.was_dialled) == (LegRole.AGENT, "101", True, True)
    assert [(wait.leg, wait.queue, wait.position) for wait in now.waits] == [("1.1", "sales", 2)]
    assert now.waits[0].joined_at == AT - timedelta(seconds=5)
    assert [(member.agent, member.interface, member.paused) for member in now.members] == [
        ("101", "Local/101@agents/n", False)
    ]


def test_half_a_snapshot_is_not_kept_for_the_next() -> None:
    reader = Reader()
    reader.member("PJSIP/101")
    reader.read("QueueStatusComplete")
    assert reader.read("StatusComplete", 60) == []
    reader.member("PJSIP/102", seconds=60)
    (now,) = reader.read("QueueStatusComplete", 60)
    assert [member.agent for member in now.members] == ["102"]


def test_half_a_snapshot_of_a_lost_connection_is_not_kept() -> None:
    reader = Reader()
    reader.member("PJSIP/101")
    reader.read("QueueStatusComplete")
    assert reader.read("StatusComplete", session="two") == []
    reader.member("PJSIP/102", session="two")
    (now,) = reader.read("QueueStatusComplete", session="two")
    assert [member.agent for member in now.members] == ["102"]


def test_nonsense_for_numbers_is_no_age() -> None:
    reader = Reader()
    reader.read("Status", Channel="PJSIP/101-1", Uniqueid="1", Seconds="-5")
    reader.read("Status", Channel="PJSIP/101-1", Seconds="5")
    reader.read("StatusComplete")
    (now,) = reader.read("QueueStatusComplete")
    assert [leg.started_at for leg in now.legs] == [AT]
    assert now.origin == Origin("pbx", "one", now.origin.offset, "QueueStatusComplete")
