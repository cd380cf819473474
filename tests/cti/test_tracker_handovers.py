"""Calls handed on: blind, after a consultation, among several; signal by signal."""

from __future__ import annotations

from cti.model import (
    AgentState,
    CallOutcome,
    Direction,
    EndedBy,
    TransferKind,
)
from tests.cti.playbook import CONSULTING, INTERNAL, OUTBOUND, TALKING, TALKING_TOLD, Playbook, at, play


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
