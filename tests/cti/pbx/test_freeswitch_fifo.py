"""What several events of a fifo mean together; each alone is held in ``test_freeswitch_events``."""

from __future__ import annotations

import pytest

from cti import signals as s
from cti.model import StayOutcome
from cti.pbx.freeswitch_events import FreeswitchEvents
from tests.cti.pbx.freeswitch_meanings import BRIDGE, CALLED, CONSUMER, FIFO, INBOUND, PUSHED, Headers, all_told

POPPED = (FIFO, CONSUMER | {"FIFO-Action": "consumer_pop", "FIFO-Caller-UUID": "u1"})
TALKS = (FIFO, PUSHED | {"FIFO-Action": "bridge-caller-start"})
CONNECTED = ("CHANNEL_BRIDGE", BRIDGE)
LEAVES = PUSHED | {"Answer-State": "answered"}


def kinds(events: FreeswitchEvents, *story: tuple[str, Headers]) -> list[object]:
    return [kind for kind, *_ in all_told(events, *story)]


def test_a_caller_is_his_consumers_with_the_bridge() -> None:
    told = all_told(FreeswitchEvents("pbx"), (FIFO, PUSHED), POPPED, TALKS, CONNECTED)
    assert told[1] == (s.AgentTook, "u1", None, "orders", "101")


def test_an_agent_who_called_the_fifo_is_known_by_his_user() -> None:
    consumer = {**INBOUND, "Unique-ID": "u2", "FIFO-Name": "orders", "FIFO-Action": "consumer_pop",
                "FIFO-Caller-UUID": "u1", "variable_user_name": "103", "Caller-Caller-ID-Number": "+39333"}  # fmt: skip
    told = all_told(FreeswitchEvents("pbx"), (FIFO, PUSHED), (FIFO, consumer), CONNECTED)
    assert told[1] == (s.AgentTook, "u1", None, "orders", "103")


def test_who_is_pushed_again_waits_on() -> None:
    events = FreeswitchEvents("pbx")
    assert kinds(events, (FIFO, PUSHED), (FIFO, PUSHED)) == [s.QueueJoined]
    assert kinds(events, (FIFO, PUSHED | {"FIFO-Name": "returns"})) == [s.QueueJoined]


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [
        ({"FIFO-Action": "abort", "Answer-State": "hangup"}, StayOutcome.ABANDONED),
        ({"FIFO-Action": "abort"}, StayOutcome.TRANSFERRED_OUT),
        ({"FIFO-Action": "abort", "variable_fifo_caller_exit_key": "1"}, None),
        ({"FIFO-Action": "timeout"}, StayOutcome.TIMEOUT),
    ],
)
def test_how_a_wait_ended(ends: Headers, outcome: StayOutcome | None) -> None:
    told = all_told(FreeswitchEvents("pbx"), (FIFO, PUSHED), (FIFO, LEAVES | ends))
    expected = (s.QueueLeft, "u1", None, "orders", outcome)
    assert told[1:] == [expected if outcome else expected[:-1]]


def test_who_talks_or_never_waited_leaves_no_queue() -> None:
    abort = (FIFO, LEAVES | {"FIFO-Action": "abort"})
    assert kinds(FreeswitchEvents("pbx"), abort) == []
    assert s.QueueLeft not in kinds(FreeswitchEvents("pbx"), (FIFO, PUSHED), POPPED, TALKS, CONNECTED, abort)


#: A member's phone that the strategy "enterprise" calls: for nobody in particular.
ANY = {key: value for key, value in CALLED.items() if "leg_uuid" not in key} | {"variable_fifo_name": "orders"}


def sources(events: FreeswitchEvents, *phones: str) -> list[object]:
    told = all_told(events, *(("CHANNEL_CREATE", ANY | {"Unique-ID": phone}) for phone in phones))
    return [words[3] for words in told if words[0] is s.LegDialled]


def test_phones_that_are_called_for_anybody_ring_for_who_waits_longest() -> None:
    events = FreeswitchEvents("pbx")
    all_told(events, (FIFO, PUSHED), (FIFO, PUSHED | {"Unique-ID": "u9"}))
    assert sources(events, "u2", "u3", "u4") == ["u1", "u9", "u1"]
    assert sources(FreeswitchEvents("pbx"), "u2") == [None], "nobody waits any more"


def test_a_phone_that_rang_for_one_and_is_given_another_leaves_the_first() -> None:
    events = FreeswitchEvents("pbx")
    all_told(events, (FIFO, PUSHED), (FIFO, PUSHED | {"Unique-ID": "u9"}), ("CHANNEL_CREATE", ANY))
    assert kinds(events, (FIFO, POPPED[1] | {"FIFO-Caller-UUID": "u9"})) == [s.AgentFreed]
    assert kinds(events, POPPED) == []
