"""The queues' events beyond one at a time: where a caller went, and what is only read once."""

from __future__ import annotations

import pytest

from cti import signals as s
from cti.pbx.asterisk_events import HANDLERS, AsteriskEvents
from cti.pbx.asterisk_queues import QUEUE_HANDLERS
from cti.signals import Signal
from tests.cti.playbook import ami, at

CALLER = {"Uniqueid": "1.1", "Linkedid": "1.1", "Queue": "sales"}
PLACE = {"Queue": "sales", "Interface": "PJSIP/105", "MemberName": "Elio", "Paused": "0"}


def told(events: AsteriskEvents, name: str, **headers: str) -> list[Signal]:
    return list(events.normalise(ami(name, **headers), at(0), "s"))


def test_the_dialect_reads_them() -> None:
    assert QUEUE_HANDLERS.items() <= HANDLERS.items()


@pytest.mark.parametrize(("exten", "sent_on"), [("100", False), ("102", True)])
def test_a_caller_who_is_elsewhere_when_the_queue_gives_up_was_sent_on(exten: str, sent_on: bool) -> None:
    events = AsteriskEvents("pbx")
    told(events, "QueueCallerJoin", **CALLER, Position="1", Context="queues", Exten="100")
    (gave_up,) = told(events, "QueueCallerAbandon", **CALLER, Context="queues", Exten=exten)
    assert isinstance(gave_up, s.QueueGaveUp)
    assert gave_up.sent_on is sent_on


def test_a_members_status_is_read_once_and_anew_after_a_log_out() -> None:
    events = AsteriskEvents("pbx")
    seen = [len(told(events, "QueueMemberStatus", **PLACE)) for _ in range(3)]
    told(events, "QueueMemberRemoved", **PLACE)
    assert [*seen, len(told(events, "QueueMemberStatus", **PLACE))] == [1, 0, 0, 1]
