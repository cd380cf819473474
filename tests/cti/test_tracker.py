"""Whole journeys that the recordings do not show, signal by signal."""

from __future__ import annotations

import pytest

from cti.model import (
    AgentState,
    CallOutcome,
    Direction,
    EndedBy,
    Party,
    RingResult,
    StayOutcome,
    TransferKind,
)
from cti.signals import Signal
from cti.tracker import MOVES
from tests.cti.playbook import CONSULTING, RINGING, TALKING, TALKING_TOLD, WAITING, Playbook, at, play

INTERNAL = """
    0  phone 1 101 to 102
    0  phone 2 102 of 1
    0  dial 2 by 1 102
    0  rings 2
    2  up 2 1
    2  dial-over 2 answered
    2  bridge b 2 1
"""
OUTBOUND = """
    0  phone 1 101 to 90612345678
    0  trunk 2 of 1
    0  dial 2 by 1 0612345678
    3  up 2 1
    3  dial-over 2 answered
    3  bridge b 2 1
"""


def every(kind: type[Signal]) -> list[type[Signal]]:
    """The kinds of signals that are no more than a kind of kinds."""
    below = [leaf for child in kind.__subclasses__() for leaf in every(child)]
    return below or [kind]


def test_every_signal_has_its_move() -> None:
    assert {kind for kind in every(Signal) if kind.__name__ != "SnapshotTaken"} == set(MOVES)


def test_a_queue_call_from_the_first_ring_to_the_last_hang_up() -> None:
    told = play(f"{TALKING} 9 quits 1\n 9 unbridge b 1 2\n 9 ends 2 1")
    assert told.calls == [*TALKING_TOLD, "released 1 101", "ended 1 answered customer"]
    call = told.ended()
    assert (call.direction, call.customer, call.queue) == (Direction.INBOUND, Party("+393331234567"), "sales")
    assert (call.queued_at, call.answered_at, call.ended_at) == (at(0.5), at(4), at(9))
    assert (call.wait_s, call.talks[0].talk_s, call.talks[0].queue) == (3.5, 5, "sales")


def test_two_devices_of_one_extension_are_one_ring_and_one_offer() -> None:
    told = play(f"""{RINGING}
        1  phone 3 101 of 1
        1  dial 3 by 1
        1  rings 3
        4  up 3
        4  dial-over 2 cancelled
        4  ends 2 cause 26
        4  leaves 1 sales
        4  takes 1 sales 101
        4  bridge b 3 1
        9  quits 3
        9  ends 3 1
    """)
    assert told.calls == [*TALKING_TOLD, "released 1 101", "ended 1 answered agent"]
    assert len(told.ended().rings) == len(told.ended().talks) == 1


def test_a_second_device_that_refuses_leaves_the_first_ringing() -> None:
    told = play(f"""{RINGING}
        1  phone 3 101 of 1
        1  dial 3 by 1
        1  rings 3
        2  quits 3
        2  dial-over 3 busy
        2  ends 3 cause 21
    """)
    assert "offer-over 1 101 busy" not in told.calls
    assert told.last().rings[0].result is RingResult.RINGING


def test_the_loser_of_a_ring_all_missed_nothing() -> None:
    told = play(f"""{RINGING}
        1  phone 3 102 of 1
        1  dial 3 by 1
        1  rings 3
        4  up 2
        4  dial-over 3 cancelled
        4  dial-over 3 cancelled
        4  ends 3 cause 26
    """)
    assert told.calls[-1] == "offer-over 1 102 elsewhere"
    assert told.oddities == []


def test_a_phone_that_answers_by_itself_is_offered_the_call_all_the_same() -> None:
    told = play(f"""{WAITING}
        1  phone 2 101 of 1
        1  tries 1 sales 101
        1  dial 2 by 1
        1  up 2
        1  leaves 1 sales
        1  takes 1 sales 101
        1  bridge b 2 1
        9  quits 1
        9  ends 2 1
    """)
    assert told.calls == [*TALKING_TOLD, "released 1 101", "ended 1 answered customer"]
    assert told.ended().talks[0].queue == "sales"
    assert told.oddities == []


def test_the_caller_leaves_at_the_instant_an_agent_answers() -> None:
    told = play(f"""{RINGING}
        4  up 2
        4  dial-over 2 answered
        4  quits 1
        4  gives-up 1 sales
        4  leaves 1 sales
        4  ends 2 1
    """)
    assert told.calls[-2:] == ["left 1 sales abandoned", "ended 1 abandoned customer"]
    assert (told.ended().answered_by, told.ended().answered_at) == ((), None)
    assert told.oddities == []


def test_a_caller_who_times_out_in_one_queue_and_is_answered_from_the_next() -> None:
    told = play(f"""{RINGING}
        4   dial-over 2 no_answer
        4   misses 1 sales 101
        4   ends 2 cause 0
        20  gives-up 1 sales
        20  leaves 1 sales
        20  refused 1 timeout
        21  reaches 1 support
        21  joins 1 support
        22  phone 3 103 of 1
        22  tries 1 support 103
        22  dial 3 by 1
        22  rings 3
        25  up 3
        25  leaves 1 support
        25  takes 1 support 103
        25  bridge b 3 1
        30  quits 1
        30  ends 3 1
    """)
    call = told.ended()
    assert [(stay.queue, stay.outcome, stay.agent) for stay in call.stays] == [
        ("sales", StayOutcome.TIMEOUT, None),
        ("support", StayOutcome.ANSWERED, "103"),
    ]
    assert (call.queue, call.outcome, call.wait_s) == ("sales", CallOutcome.ANSWERED, 23.5)
    assert [(ring.agent, ring.queue, ring.result) for ring in call.rings] == [
        ("101", "sales", RingResult.MISSED),
        ("103", "support", RingResult.ANSWERED),
    ]
    assert [(talk.agent, talk.queue) for talk in call.talks] == [("103", "support")]


def test_a_second_queue_that_refuses_does_not_rewrite_the_first_wait() -> None:
    told = play(f"""{WAITING}
        20  gives-up 1 sales
        20  leaves 1 sales
        20  refused 1 timeout
        21  reaches 1 support
        21  refused 1 empty
        22  ends 1
    """)
    assert [stay.outcome for stay in told.ended().stays] == [StayOutcome.TIMEOUT]
    assert told.calls[-1] == "ended 1 timeout pbx"


def test_a_caller_who_goes_on_after_the_talk_and_leaves_by_himself_ended_the_call() -> None:
    told = play(f"""{TALKING}
        9   quits 2
        9   unbridge b 2 1
        9   ends 2
        10  joins 1 support
        14  quits 1
        14  gives-up 1 support
        14  leaves 1 support
        14  ends 1
    """)
    assert told.calls[-1] == "ended 1 answered customer"
    assert [stay.outcome for stay in told.ended().stays] == [StayOutcome.ANSWERED, StayOutcome.ABANDONED]


def test_a_blind_transfer_there_and_back_is_three_talks() -> None:
    told = play(f"""{TALKING}
        6   blind 2 1 102
        6   unbridge b 2 1
        6   ends 2
        6   phone 3 102 of 1
        6   dial 3 by 1
        6   rings 3
        7   up 3
        7   bridge c 3 1
        9   blind 3 1 101
        9   unbridge c 3 1
        9   ends 3
        9   phone 4 101 of 1
        9   dial 4 by 1
        9   rings 4
        11  up 4
        11  bridge d 4 1
        15  quits 1
        15  ends 4 1
    """)
    call = told.ended()
    assert [(talk.agent, talk.talk_s, talk.queue) for talk in call.talks] == [
        ("101", 2, "sales"),
        ("102", 2, None),
        ("101", 4, None),
    ]
    assert (call.answered_by, call.agents_rung) == (("101", "102"), ("101", "102"))
    assert [(one.kind, one.by, one.to) for one in call.transfers] == [
        (TransferKind.BLIND, "101", "102"),
        (TransferKind.BLIND, "102", "101"),
    ]
    assert call.ended_by is EndedBy.CUSTOMER


def test_a_phone_that_does_not_answer_a_transfer_does_not_make_it_one_to_the_queue_behind() -> None:
    told = play(f"""{TALKING}
        6   blind 2 1 102
        6   ends 2
        6   phone 3 102 of 1
        6   dial 3 by 1
        6   rings 3
        15  dial-over 3 no_answer
        15  ends 3 cause 0
        16  joins 1 support
        20  quits 1
        20  leaves 1 support
        20  ends 1
    """)
    assert [(one.kind, one.to) for one in told.ended().transfers] == [(TransferKind.BLIND, "102")]


def test_a_queue_that_a_transfer_leads_to_is_named() -> None:
    told = play(f"""{TALKING}
        6   blind 2 1 200
        6   ends 2
        6   joins 1 support
        9   quits 1
        9   leaves 1 support
        9   ends 1
    """)
    assert [(one.kind, one.to) for one in told.ended().transfers] == [(TransferKind.QUEUE, "support")]
    assert (told.ended().queue, told.calls[-1]) == ("sales", "ended 1 answered customer")


def test_an_internal_call() -> None:
    told = play(f"{INTERNAL} 9 quits 2\n 9 ends 2 1")
    assert told.calls == [
        "started 1",
        "offered 1 102",
        "offer-over 1 102 answered",
        "answered 1 102",
        "released 1 102",
        "ended 1 answered agent",
    ]
    call = told.ended()
    assert (call.direction, call.caller, call.dialled, call.customer) == (Direction.INTERNAL, Party("101"), "102", None)


def test_the_caller_of_an_internal_call_hands_his_colleague_on_and_is_out() -> None:
    told = play(f"""{INTERNAL}
        5   blind 1 2 103
        5   unbridge b 1 2
        5   ends 1
        5   phone 3 103 of 1
        5   dial 3 by 2 103
        5   rings 3
        7   up 3
        7   bridge c 3 2
        12  quits 3
        12  ends 3 2
    """)
    call = told.ended()
    assert [(talk.agent, talk.talk_s) for talk in call.talks] == [("102", 3), ("103", 5)]
    assert (call.direction, call.ended_at, call.outcome) == (Direction.INTERNAL, at(12), CallOutcome.ANSWERED)
    assert [(one.by, one.to) for one in call.transfers] == [("101", "103")]


def test_an_agent_who_called_a_queue_hands_the_one_who_answered_on() -> None:
    """The one who answered is behind a Local channel: he is the far party from then on, not the channel."""
    told = play("""
        0   phone 1 101 to 200
        0   up 1
        0   joins 1 support
        1   local 2 3 of 1
        1   tries 1 support 103
        1   dial 2 by 1
        1   phone 4 103 of 1
        1   dial 4 by 3
        1   rings 4
        3   up 4 3 2
        3   bridge x 4 3
        3   leaves 1 support
        3   takes 1 support 103
        3   bridge y 2 1
        6   blind 1 2 102
        6   unbridge y 1 2
        6   ends 1
        6   phone 5 102 of 1
        6   dial 5 by 2
        6   rings 5
        8   up 5
        8   bridge z 5 2
        14  quits 4
        14  ends 4 3 2 5
    """)
    call = told.ended()
    assert [(talk.agent, talk.talk_s) for talk in call.talks] == [("103", 3), ("102", 6)]
    assert (call.outcome, call.ended_by) == (CallOutcome.ANSWERED, EndedBy.AGENT)


def test_an_outbound_call() -> None:
    told = play(f"{OUTBOUND} 9 quits 2\n 9 ends 2 1")
    assert told.calls == ["started 1", "answered 1 101", "released 1 101", "ended 1 answered customer"]
    call = told.ended()
    assert (call.direction, call.customer, call.answered_at) == (Direction.OUTBOUND, Party("0612345678"), at(3))


def test_an_outbound_call_handed_to_a_colleague_goes_on_as_one_call() -> None:
    told = play(f"""{OUTBOUND}
        8   blind 1 2 102
        8   unbridge b 1 2
        8   ends 1
        8   phone 3 102 of 1
        8   dial 3 by 2
        8   rings 3
        10  up 3
        10  bridge c 3 2
        20  quits 3
        20  ends 3 2
    """)
    call = told.ended()
    assert [(talk.agent, talk.talk_s) for talk in call.talks] == [("101", 5), ("102", 10)]
    assert (call.direction, call.dialled, call.ended_at) == (Direction.OUTBOUND, "0612345678", at(20))
    assert (call.outcome, call.ended_by) == (CallOutcome.ANSWERED, EndedBy.AGENT)


def test_an_outbound_call_handed_over_after_a_consultation() -> None:
    told = play(f"""{OUTBOUND}
        5   holds 1
        5   phone 3 101 to 102
        5   phone 4 102 of 3
        5   dial 4 by 3 102
        5   rings 4
        7   up 4 3
        7   bridge c 4 3
        9   resumes 1
        9   unbridge b 1
        9   unbridge c 4
        9   swap b 4 for 1
        9   attended 1 3 2 4
        9   regroup 4 1
        9   ends 1 3
        15  quits 2
        15  ends 2 4
    """)
    call = told.ended()
    assert [(talk.agent, talk.talk_s, talk.hold_s) for talk in call.talks] == [("101", 2, 4), ("102", 6, 0)]
    (handed,) = call.transfers
    assert (handed.kind, handed.by, handed.to) == (TransferKind.ATTENDED, "101", "102")
    assert (handed.consulted_at, handed.consult_answered_at) == (at(5), at(7))
    assert [(ring.agent, ring.consult) for ring in call.rings] == [("102", False)]
    assert told.oddities == []


def test_an_attended_transfer_hands_the_customer_over() -> None:
    told = play(f"""{CONSULTING}
        10  resumes 2
        10  unbridge b 2
        10  unbridge c 4
        10  swap b 4 for 2
        10  attended 2 3 1 4
        10  regroup 4 1
        10  ends 2 3
        15  quits 1
        15  ends 1 4
    """)
    assert told.calls == [
        *TALKING_TOLD,
        "held 1 101",
        "consulted 1 102",
        "offer-over 1 102 answered",
        "resumed 1 101",
        "released 1 101",
        "answered 1 102",
        "transferred 1 attended 101 102",
        "released 1 102",
        "ended 1 answered customer",
    ]
    assert told.ended().agents_rung == ("101", "102")


def test_a_phone_may_send_the_transfer_on_the_leg_of_its_consultation() -> None:
    told = play(f"""{CONSULTING}
        10  attended 3 2 4 1
        10  unbridge b 2
        10  swap b 4 for 2
        10  ends 2 3
        15  quits 1
        15  ends 1 4
    """)
    (handed,) = told.ended().transfers
    assert (handed.kind, handed.by, handed.to, handed.consulted_at) == (TransferKind.ATTENDED, "101", "102", at(6))
    assert told.ended().answered_by == ("101", "102")


def test_a_colleague_behind_a_local_channel_is_handed_the_customer() -> None:
    told = play(f"""{TALKING}
        6   holds 2
        6   phone 3 101 to 104
        6   local 4 5 of 3
        6   dial 4 by 3 104
        6   phone 6 104 of 3
        6   dial 6 by 5
        6   rings 6
        8   up 6 5 4 3
        8   bridge x 6 5
        8   bridge c 4 3
        10  resumes 2
        10  swap c 1 for 3
        10  attended 2 3 1 4
        10  ends 2 3
        15  quits 1
        15  unbridge c 1 4
        15  ends 4 5 1 6
    """)
    call = told.ended()
    assert (call.answered_by, call.agents_rung) == (("101", "104"), ("101", "104"))
    assert all(leg.ended_at is not None for leg in call.legs)


def test_a_consultation_without_hold_is_told_alone_and_then_taken_back() -> None:
    told = play(f"""{TALKING}
        6   phone 3 101 to 102
        6   phone 4 102 of 3
        6   dial 4 by 3 102
        6   rings 4
        8   up 4 3
        8   bridge c 4 3
        10  attended 2 3 1 4
        10  swap b 4 for 2
        10  ends 2 3
        15  quits 1
        15  ends 1 4
    """)
    assert [line for line in told.calls if line.split()[1] == "3"] == [
        "started 3",
        "offered 3 102",
        "offer-over 3 102 answered",
        "answered 3 102",
        "merged 3 into 1",
    ]
    assert told.ended().answered_by == ("101", "102")


def test_a_consultation_that_outlives_its_customer_is_told_to_nobody() -> None:
    book = Playbook()
    told = book.play(f"{CONSULTING} 9 quits 1\n 9 unbridge b 1\n 9 ends 1\n 9 ends 2")
    assert told.calls[-2:] == ["released 1 101", "ended 1 answered customer"]
    assert {agent.agent: agent.state for agent in book.tracker.agents()} == dict.fromkeys(
        ("101", "102"), AgentState.TALKING
    )
    after = book.play("20 blind 3 4 105\n 20 quits 4\n 20 unbridge c 4\n 20 ends 4 3")
    assert after.calls == []
    assert after.agents == ["102 state offline", "101 state offline"]
    assert book.tracker.open_calls() == []


def test_a_ring_of_a_consultation_closes_when_the_customer_has_gone() -> None:
    told = play(f"""{TALKING}
        6  holds 2
        6  phone 3 101 to 102
        6  phone 4 102 of 3
        6  dial 4 by 3 102
        6  rings 4
        7  quits 1
        7  ends 1 2
    """)
    assert told.calls[-3:] == ["released 1 101", "offer-over 1 102 cancelled", "ended 1 answered customer"]


def test_a_consultation_that_comes_to_nothing_leaves_the_call_as_it_was() -> None:
    told = play(f"""{CONSULTING}
        9   quits 4
        9   ends 4 3
        10  resumes 2
        15  quits 1
        15  ends 2 1
    """)
    call = told.ended()
    assert (call.answered_by, call.agents_rung, call.transfers) == (("101",), ("101",), ())
    assert (call.talks[0].hold_s, call.talks[0].talk_s) == (4, 7)


def test_a_consultation_outside_is_part_of_the_customers_call() -> None:
    told = play(f"""{TALKING}
        6   holds 2
        6   phone 3 101 to 90612345678
        6   trunk 4 of 3
        6   dial 4 by 3 0612345678
        8   up 4 3
        8   bridge c 4 3
        10  swap b 4 for 2
        10  attended 2 3 1 4
        10  ends 2 3
        20  quits 4
        20  ends 4 1
    """)
    call = told.ended()
    assert [(one.kind, one.to) for one in call.transfers] == [(TransferKind.ATTENDED, "90612345678")]
    assert (call.answered_by, call.ended_at, call.ended_by) == (("101",), at(20), EndedBy.CUSTOMER)
    assert "merged 3 into 1" in told.calls


def test_two_customers_brought_together_are_two_journeys() -> None:
    told = play(f"""{TALKING}
        5   caller 5 +390612345678 to +390221000101
        5   phone 6 101 of 5
        5   dial 6 by 5
        5   rings 6
        6   holds 2
        6   up 6 5
        6   bridge c 6 5
        8   unbridge b 2
        8   unbridge c 6
        8   bridge b 5
        8   attended 2 6 1 5
        8   ends 2 6
        20  quits 5
        20  ends 5 1
    """)
    assert told.ended("1").transfers[0].to == "+390612345678"
    assert [talk.talk_s for talk in (*told.ended("1").talks, *told.ended("5").talks)] == [2, 2]
    assert (told.ended("1").ended_at, told.ended("5").ended_at) == (at(20), at(20))


def test_in_a_conference_two_agents_talk_at_once() -> None:
    told = play(f"""{TALKING}
        10  phone 3 102 of 1
        10  dial 3 by 1
        10  rings 3
        12  up 3
        12  bridge b 3
        20  quits 2
        20  unbridge b 2
        20  ends 2
        30  quits 1
        30  ends 1 3
    """)
    talks = told.ended().talks
    assert [(talk.agent, talk.started_at, talk.ended_at) for talk in talks] == [
        ("101", at(4), at(20)),
        ("102", at(12), at(30)),
    ]
    assert told.calls[-1] == "ended 1 answered customer"


LOCAL_TALK = f"""{WAITING}
    1    local 2 3 of 1
    1    tries 1 sales 101
    1    dial 2 by 1
    1    phone 4 101 of 1
    1    dial 4 by 3
    1    rings 4
    4    up 4 3 2
    4    bridge x 4 3
    4    leaves 1 sales
    4    takes 1 sales 101
    4    bridge y 2 1
"""


def test_a_talk_goes_on_as_one_when_the_local_channel_between_is_optimised_away() -> None:
    told = play(f"""{LOCAL_TALK}
        5     unbridge x 4
        5.01  swap y 4 for 2
        5.01  unbridge y 2
        5.01  unbridge x 3
        5.01  ends 3 2
        15    quits 1
        15    ends 4 1
    """)
    (talk,) = told.ended().talks
    assert (talk.agent, talk.started_at, talk.ended_at, talk.queue) == ("101", at(4), at(15), "sales")


def test_a_hold_over_an_optimised_local_channel_is_one_hold_counted_once() -> None:
    told = play(f"""{LOCAL_TALK}
        5   holds 4
        8   unbridge x 4
        8   swap y 4 for 2
        8   ends 3 2
        10  resumes 4
        15  quits 1
        15  ends 4 1
    """)
    (talk,) = told.ended().talks
    assert (talk.holds, talk.hold_s, talk.talk_s) == (1, 5, 6)


def test_a_talk_of_two_at_once_parted_for_a_moment_goes_on() -> None:
    told = play(f"""{LOCAL_TALK}
        5   phone 5 102 of 1
        5   dial 5 by 1
        5   rings 5
        6   up 5
        6   bridge y 5
        8   unbridge x 4
        8   swap y 4 for 2
        8   ends 3 2
        15  quits 1
        15  ends 4 5 1
    """)
    assert [(talk.agent, talk.talk_s) for talk in told.ended().talks] == [("101", 11), ("102", 9)]


def test_a_call_answered_outside_is_answered_though_by_no_agent() -> None:
    """A direct number that leads on to somebody's mobile."""
    told = play("""
        0  caller 1 +393331234567 to +390221000101
        0  trunk 2 of 1
        0  dial 2 by 1 3471234567
        3  up 2 1
        3  bridge b 2 1
        9  quits 1
        9  ends 2 1
    """)
    assert told.calls == ["started 1", "ended 1 answered customer"]
    assert (told.ended().answered_at, told.ended().talks) == (at(3), ())


def test_a_queue_whose_member_is_outside_has_answered() -> None:
    told = play(f"""{WAITING}
        1  trunk 2 of 1
        1  tries 1 sales 3471234567
        1  dial 2 by 1
        3  up 2
        3  leaves 1 sales
        3  takes 1 sales 3471234567
        3  bridge b 2 1
        9  quits 1
        9  ends 2 1
    """)
    assert told.calls[-1] == "ended 1 answered customer"
    assert told.ended().stays[0].outcome is StayOutcome.ANSWERED


def test_what_is_said_of_unknown_legs_is_counted_and_harmless() -> None:
    """We connected in mid-call and asked for no snapshot: each word about a leg is odd, none is a call."""
    told = play("""
        0  rings 2
        0  up 2
        0  dial-over 2 answered
        0  joins 1 sales
        1  misses 1 sales 101
        1  takes 1 sales 101
        1  gives-up 1 sales
        1  refused 1 timeout
        1  reaches 1 sales
        1  tries 1 sales 101
        1  done 1 sales 101 5
        1  leaves 1 sales
        1  bridge b 1 2
        2  swap b 3 for 2
        2  holds 2
        2  resumes 2
        2  presses 1 5
        2  pair 8 9
        3  blind 2 1 102
        3  attended 2 3 1 4
        3  parks 1 701
        3  unparks 1 5
        4  killed 1
        4  quits 1
        4  unbridge b 1
        4  ends 1 2
    """)
    assert told.calls == []
    assert set(told.oddities) == {"unknown-leg"}
    assert len(told.oddities) == 28


def test_the_rest_of_a_call_whose_first_leg_was_not_seen() -> None:
    told = play("""
        0  phone 2 101 of 1
        0  dial 2 by 1
        0  rings 2
        3  up 2
        9  ends 2 1
    """)
    assert "call-without-root" in told.oddities
    assert told.calls == [
        "started 1",
        "offered 1 101",
        "offer-over 1 101 answered",
        "ended 1 no_answer pbx",
    ]


def test_a_stream_that_says_a_thing_twice_tells_it_once() -> None:
    lines = f"{TALKING}\n 9 quits 1\n 9 unbridge b 1 2\n 9 ends 2 1".splitlines()
    once, twice = play("\n".join(lines)), play("\n".join(f"{line}\n{line}" for line in lines if "joins" not in line))
    assert twice.calls == [line for line in once.calls if "sales" not in line]


def test_a_caller_who_joins_again_has_left_before() -> None:
    told = play(f"{WAITING}\n 5 joins 1 support\n 9 quits 1\n 9 leaves 1 support\n 9 ends 1")
    assert told.calls[1:4] == ["queued 1 sales", "left 1 sales transferred_out", "queued 1 support"]
    assert told.oddities == ["stay-without-leave"]


def test_open_calls_are_those_that_were_told_and_go_on() -> None:
    book = Playbook()
    book.play("0 phone 7 105 to *21")
    assert book.tracker.open_calls() == []
    book.play(TALKING)
    (call,) = book.tracker.open_calls()
    assert (call.call_id, call.outcome, [talk.agent for talk in call.talks]) == ("1", None, ["101"])
    book.play("9 quits 1\n 9 ends 1 2")
    assert book.tracker.open_calls() == []


@pytest.mark.parametrize("answered", [True, False])
def test_a_click_to_dial_rings_its_own_agent_first(answered: bool) -> None:
    script = """
        0  phone 1 101 to 90612345678
        0  dial 1 by -
        0  rings 1
    """
    if answered:
        script += """
        2  up 1
        2  trunk 2 of 1
        2  dial 2 by 1 0612345678
        5  up 2
        5  bridge b 2 1
        """
    told = play(f"{script} 9 quits 1\n 9 ends 1 {'2' if answered else ''}")
    call = told.ended()
    assert call.click_to_dial
    assert call.agents_rung == ("101",)
    assert call.outcome is (CallOutcome.ANSWERED if answered else CallOutcome.NO_ANSWER)
    assert call.direction is (Direction.OUTBOUND if answered else Direction.INTERNAL)


def test_the_first_leg_of_a_call_may_be_seen_after_the_phones_it_rings() -> None:
    """We connected in mid-call: the next phone rings before the snapshot tells of the caller."""
    told = play("""
        0  phone 2 101 of 1
        0  dial 2 by 1
        0  rings 2
        1  caller 1 +393331234567 to +390221000101
        3  up 2 1
        3  bridge b 2 1
        9  quits 1
        9  ends 2 1
    """)
    assert told.calls == [
        "started 1",
        "offered 1 101",
        "offer-over 1 101 answered",
        "answered 1 101",
        "released 1 101",
        "ended 1 answered customer",
    ]
    assert [leg.leg_id for leg in told.ended().legs] == ["1", "2"]


def test_an_outbound_call_whose_agent_is_seen_late() -> None:
    told = play("""
        0  trunk 2 of 1
        0  dial 2 by 1 0612345678
        1  phone 1 101 to 90612345678
        3  up 2 1
        3  bridge b 2 1
        9  quits 1
        9  ends 2 1
    """)
    call = told.ended()
    assert (call.direction, call.dialled, call.caller) == (Direction.OUTBOUND, "0612345678", Party("101"))
    assert (call.outcome, call.answered_at) == (CallOutcome.ANSWERED, at(3))


def test_a_consultation_that_failed_stays_one_when_the_colleague_gets_the_caller_later() -> None:
    told = play(f"""{CONSULTING}
        9   quits 4
        9   ends 4 3
        10  resumes 2
        12  blind 2 1 102
        12  unbridge b 2 1
        12  ends 2
        12  phone 5 102 of 1
        12  dial 5 by 1 102
        12  rings 5
        14  up 5
        14  bridge d 5 1
        18  quits 1
        18  ends 1 5
    """)
    rings = [(ring.agent, ring.consult) for ring in told.ended().rings]
    assert rings == [("101", False), ("102", True), ("102", False)]


def test_an_agent_rung_anew_within_a_moment_begins_another_talk() -> None:
    told = play(f"""{TALKING}
        6.0  blind 2 1 101
        6.0  unbridge b 2 1
        6.0  ends 2
        6.1  phone 3 101 of 1
        6.1  dial 3 by 1 101
        6.1  rings 3
        6.5  up 3
        6.5  bridge c 3 1
        9    quits 1
        9    ends 1 3
    """)
    assert [(talk.agent, talk.started_at, talk.ended_at) for talk in told.ended().talks] == [
        ("101", at(4), at(6)),
        ("101", at(6.5), at(9)),
    ]
