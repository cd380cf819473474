"""How a call ended: outcome, who ended it, and when."""

from __future__ import annotations

import pytest

from cti.model import StayOutcome
from tests.cti.playbook import CONSULTING, RINGING, TALKING, WAITING, at, play

DIRECT = """
    0    caller 1 +393331234567 to +390221000101
    0    phone 2 101 of 1
    0    dial 2 by 1
    0.1  rings 2
"""
OUT = """
    0  phone 1 101 to 90612345678
    0  trunk 2 of 1
    0  dial 2 by 1 0612345678
"""
INSIDE = """
    0  phone 1 101 to 102
    0  phone 2 102 of 1
    0  dial 2 by 1 102
    0  rings 2
"""
ANSWERED = f"{DIRECT} 3 up 2 1\n 3 bridge b 2 1\n"

ENDS = {
    "answered, the caller hangs up": (f"{ANSWERED} 9 quits 1\n 9 ends 1 2", "answered customer"),
    "answered, the agent hangs up": (f"{ANSWERED} 9 quits 2\n 9 ends 2 1", "answered agent"),
    "answered, both hang up: the first counts": (
        f"{ANSWERED} 9 quits 2\n 9.01 quits 1\n 9.01 ends 2 1",
        "answered agent",
    ),
    "answered, ended from outside": (f"{ANSWERED} 9 killed 1\n 9 ends 1 2", "answered pbx"),
    "direct, the caller leaves": (f"{DIRECT} 4 quits 1\n 4 dial-over 2 cancelled\n 4 ends 2 1", "abandoned customer"),
    "direct, no answer": (f"{DIRECT} 8 dial-over 2 no_answer\n 8 ends 2 cause 0\n 8 ends 1", "no_answer pbx"),
    "direct, the phone refuses": (
        f"{DIRECT} 2 quits 2\n 2 dial-over 2 busy\n 2 ends 2 cause 21\n 9 ends 1",
        "busy pbx",
    ),
    "direct, the phone is gone": (f"{DIRECT} 2 dial-over 2 failed\n 2 ends 2 cause 20\n 2 ends 1", "no_answer pbx"),
    "direct, all phones busy after one rang out": (
        f"{DIRECT} 3 dial-over 2 no_answer\n 3 ends 2\n 3 phone 3 102 of 1\n 3 dial 3 by 1\n 3 dial-over 3 busy\n"
        "3 ends 3 cause 17\n 9 ends 1",
        "busy pbx",
    ),
    "queue, abandoned": (
        f"{RINGING} 4 quits 1\n 4 gives-up 1 sales\n 4 leaves 1 sales\n 4 ends 2 1",
        "abandoned customer",
    ),
    "queue, abandoned and the queue never said so": (f"{RINGING} 4 quits 1\n 4 ends 2 1", "abandoned customer"),
    "queue, killed while waiting": (
        f"{WAITING} 4 killed 1\n 4 gives-up 1 sales\n 4 leaves 1 sales\n 4 ends 1",
        "abandoned pbx",
    ),
    "queue, timeout": (f"{WAITING} 20 gives-up 1 sales\n 20 leaves 1 sales\n 22 killed 1\n 22 ends 1", "timeout pbx"),
    "queue, timeout, leaves during the message": (
        f"{WAITING} 20 gives-up 1 sales\n 20 leaves 1 sales\n 21 quits 1\n 21 ends 1",
        "timeout customer",
    ),
    "queue, everybody logged out": (
        f"{WAITING} 9 gives-up 1 sales\n 9 leaves 1 sales\n 9 refused 1 empty\n 9 ends 1",
        "exit_empty pbx",
    ),
    "queue, leaves by key": (f"{WAITING} 9 presses 1 5\n 9 leaves 1 sales\n 12 ends 1", "exit_key pbx"),
    "queue, taken out of it": (f"{WAITING} 9 leaves 1 sales\n 12 quits 1\n 12 ends 1", "abandoned customer"),
    "queue, empty": ("0 caller 1 - to 200\n 0 up 1\n 0 reaches 1 sales\n 1 ends 1 cause 17", "refused pbx"),
    "queue, empty, seen without the dialplan": ("0 caller 1 - to 200\n 0 up 1\n 1 ends 1 cause 17", "refused pbx"),
    "queue, empty, says so": ("0 caller 1 - to 200\n 0 reaches 1 sales\n 0 refused 1 empty\n 1 ends 1", "refused pbx"),
    "queue, full": ("0 caller 1 - to 200\n 0 reaches 1 sales\n 0 refused 1 full\n 1 ends 1", "full pbx"),
    "menu, hangs up": ("0 caller 1 - to 300\n 0 up 1\n 4 presses 1 1\n 5 quits 1\n 5 ends 1", "ivr_hangup customer"),
    "menu, ends by itself": ("0 caller 1 - to 300\n 0 up 1\n 5 ends 1", "ivr_hangup pbx"),
    "out, answered": (
        f"{OUT} 3 up 2 1\n 3 dial-over 2 answered\n 3 bridge b 2 1\n 9 quits 1\n 9 ends 1 2",
        "answered agent",
    ),
    "out, busy": (f"{OUT} 1 quits 2\n 1 dial-over 2 busy\n 1 ends 2 cause 17\n 1 ends 1", "busy pbx"),
    "out, no answer": (f"{OUT} 30 dial-over 2 no_answer\n 30 ends 2 1", "no_answer pbx"),
    "out, the agent gives up": (f"{OUT} 7 quits 1\n 7 dial-over 2 cancelled\n 7 ends 2 1", "no_answer agent"),
    "out, no line": (f"{OUT} 1 dial-over 2 failed\n 1 ends 2 cause 34\n 1 ends 1", "failed pbx"),
    "inside, answered": (f"{INSIDE} 3 up 2 1\n 3 bridge b 2 1\n 9 quits 1\n 9 ends 1 2", "answered agent"),
    "inside, busy": (f"{INSIDE} 1 quits 2\n 1 dial-over 2 busy\n 1 ends 2 cause 17\n 1 ends 1", "busy pbx"),
    "inside, gives up": (f"{INSIDE} 5 quits 1\n 5 dial-over 2 cancelled\n 5 ends 2 1", "no_answer agent"),
}


@pytest.mark.parametrize("name", ENDS)
def test_the_end_of_a_call(name: str) -> None:
    script, verdict = ENDS[name]
    assert play(script).calls[-1] == f"ended 1 {verdict}"


def test_a_caller_who_is_put_off_and_abandons_the_next_queue_abandoned() -> None:
    told = play(f"""{WAITING}
        9   presses 1 5
        9   leaves 1 sales
        10  joins 1 support
        15  quits 1
        15  gives-up 1 support
        15  leaves 1 support
        15  ends 1
    """)
    assert [(stay.outcome, stay.key) for stay in told.ended().stays] == [
        (StayOutcome.EXIT_KEY, "5"),
        (StayOutcome.ABANDONED, None),
    ]
    assert told.calls[-1] == "ended 1 abandoned customer"


def test_the_call_ends_with_the_callers_own_leg() -> None:
    assert play(f"{ANSWERED} 9 quits 1\n 9 ends 1\n 9.5 ends 2").ended().ended_at == at(9)
    assert play(f"{ANSWERED} 9 quits 2\n 9 ends 2\n 12 ends 1").ended().ended_at == at(12)


def test_a_caller_who_handed_his_call_over_does_not_end_it() -> None:
    told = play(f"""{OUT}
        3   up 2 1
        3   bridge b 2 1
        5   blind 1 2 102
        5   quits 1
        5   ends 1
        5   phone 3 102 of 1
        5   dial 3 by 2
        5   rings 3
        6   up 3
        6   bridge c 3 2
        12  quits 2
        12  ends 2 3
    """)
    assert (told.calls[-1], told.ended().ended_at) == ("ended 1 answered customer", at(12))


def test_the_one_who_asked_a_colleague_in_vain_and_hung_up_ended_it() -> None:
    told = play(f"{CONSULTING} 9 quits 4\n 9 ends 4 3\n 10 resumes 2\n 12 quits 2\n 12 ends 2 1")
    assert told.calls[-1] == "ended 1 answered agent"


def test_who_left_a_conference_early_did_not_end_it() -> None:
    told = play(f"""{TALKING}
        10  phone 3 102 of 1
        10  dial 3 by 1
        10  rings 3
        12  up 3
        12  bridge b 3
        20  quits 2
        20  ends 2
        30  killed 1
        30  ends 1 3
    """)
    assert told.calls[-1] == "ended 1 answered pbx"
