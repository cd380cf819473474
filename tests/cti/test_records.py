"""The working memory of one ring, one talk and one call."""

from __future__ import annotations

import pytest

from cti.model import Direction, LegRole, Ring, RingResult, Stay, Talk
from cti.records import CallRecord, LegRecord, RingRecord, StayRecord, TalkRecord
from cti.signals import LegSeen
from cti.states import LegState
from tests.cti.playbook import ORIGIN, at


def leg(leg_id: str, role: LegRole, number: str | None = None, dialled: str | None = None) -> LegRecord:
    return LegRecord(LegSeen(at(0), ORIGIN, leg_id, "1", f"PJSIP/{leg_id}", role, number, None, dialled))


def call(root: LegRecord, *others: LegRecord) -> CallRecord:
    record = CallRecord(root, root.leg_id, ORIGIN)
    for one in (root, *others):
        record.add(one)
    return record


def ring(agent: str = "101") -> RingRecord:
    return RingRecord(Ring(agent=agent, queue=None, started_at=at(0)))


def talk() -> TalkRecord:
    return TalkRecord(Talk(agent="101", started_at=at(0)))


def test_a_ring_is_open_until_it_has_a_result() -> None:
    record = ring()
    record.legs.add(leg("2", LegRole.AGENT, "101"))
    assert record.open
    record.close(at(5), RingResult.MISSED)
    assert not record.open
    assert (record.ring.ended_at, record.ring.result, record.legs) == (at(5), RingResult.MISSED, set())


def test_holds_add_up() -> None:
    record = talk()
    for start, end in ((2, 3), (5, 7.5)):
        record.hold(at(start))
        record.resume(at(end))
    record.close(at(10))
    assert (record.talk.holds, record.talk.hold_s, record.talk.talk_s) == (2, 3.5, 6.5)


def test_a_talk_that_ends_on_hold_counts_the_hold_to_its_end() -> None:
    record = talk()
    record.hold(at(6))
    record.close(at(10))
    assert (record.talk.hold_s, record.open) == (4, False)


def test_a_resume_without_a_hold_changes_nothing() -> None:
    record = talk()
    record.resume(at(3))
    assert (record.talk.holds, record.talk.hold_s) == (0, 0)


def test_a_hold_that_outlasts_a_parting_is_one_hold() -> None:
    record = talk()
    record.hold(at(2))
    record.close(at(4))
    record.reopen()
    record.hold(at(2))
    record.close(at(5))
    assert (record.talk.holds, record.talk.hold_s) == (1, 3)


def test_a_hold_after_a_parting_is_another() -> None:
    record = talk()
    record.hold(at(1))
    record.close(at(2))
    record.reopen()
    record.hold(at(3))
    record.close(at(5))
    assert (record.talk.holds, record.talk.hold_s) == (2, 3)


@pytest.mark.parametrize(
    ("role", "direction"),
    [(LegRole.CUSTOMER, Direction.INBOUND), (LegRole.AGENT, Direction.INTERNAL)],
)
def test_a_call_begins_where_its_first_leg_comes_from(role: LegRole, direction: Direction) -> None:
    record = call(leg("1", role, "x", "200"))
    assert (record.direction, record.dialled) == (direction, "200")


def test_the_far_party_is_the_anchor_but_outbound_any_customer() -> None:
    caller, customer = leg("1", LegRole.AGENT, "101"), leg("2", LegRole.CUSTOMER)
    record = call(caller, customer)
    assert (record.is_far(caller), record.is_far(customer)) == (True, False)
    record.direction = Direction.OUTBOUND
    assert (record.is_far(caller), record.is_far(customer)) == (False, True)


def test_a_consultation_does_not_keep_a_call_alive() -> None:
    caller, colleague = leg("1", LegRole.CUSTOMER), leg("2", LegRole.AGENT, "102")
    record = call(caller, colleague)
    caller.state = LegState.ENDED
    assert not record.over
    colleague.consult = True
    assert record.over


def test_the_latest_open_wait_and_the_open_ring_of_an_agent_are_found() -> None:
    caller = leg("1", LegRole.CUSTOMER)
    record = call(caller)
    assert (record.waiting(), record.open_ring("101")) == (None, None)
    record.stays = [StayRecord(caller, Stay(queue=queue, joined_at=at(0))) for queue in ("sales", "support")]
    record.rings = [ring(), ring(), ring("102")]
    record.rings[1].close(at(1), RingResult.BUSY)
    assert record.waiting() is record.stays[1]
    assert list(record.open_stays()) == record.stays
    assert record.open_ring("101") is record.rings[0]


def test_a_frozen_leg_keeps_what_was_seen_of_it() -> None:
    record = leg("2", LegRole.AGENT, "101")
    record.rang_at, record.answered_at, record.ended_at, record.cause = at(1), at(2), at(3), 16
    told = record.freeze()
    assert (told.leg_id, told.role, told.number, told.started_at) == ("2", LegRole.AGENT, "101", at(0))
    assert (told.rang_at, told.answered_at, told.ended_at, told.cause) == (at(1), at(2), at(3), 16)
    assert not told.hung_up
    assert record.freeze() is told
    record.hung_up_at, record.frozen = at(3), None  # the board drops it with every signal of this leg
    assert record.freeze().hung_up


def test_a_frozen_call_does_not_change_with_its_record() -> None:
    record = call(leg("1", LegRole.CUSTOMER, "+39333", "200"))
    before = record.freeze("pbx")
    record.rings.append(ring())
    record.queue = "sales"
    assert (before.rings, before.queue, before.call_id, before.caller.number) == ((), None, "1", "+39333")
    assert record.freeze("pbx").rings == (record.rings[0].ring,)
