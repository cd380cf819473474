"""However a call ends, its bridges come apart and nothing of it stays."""

from __future__ import annotations

import pytest

from offhook.simulator.plant import Plant
from offhook.simulator.stories import Attended, Blind, HangUp, Park, Talk, ToQueue
from tests.offhook.simulator import twins

ANSWERS = {"101": 1.0, "102": 2.0, "103": 1.0, "104": 2.0, "105": 3.0}
WAYS = {
    "direct": (twins.SALES, ()),
    "by pair": (twins.SUPPORT, ()),
    "by pair, blind": (twins.SUPPORT, (Blind(to="102"),)),
    "by pair, attended": (twins.SUPPORT, (Attended(to="102"),)),
    "attended": (twins.SALES, (Attended(to="105"),)),
    "pair behind pair": (twins.SUPPORT, (ToQueue(queue="support"),)),
    "direct behind pair": (twins.SUPPORT, (ToQueue(queue="sales"),)),
    "three queues": (twins.SUPPORT, (ToQueue(queue="support"), ToQueue(queue="support"))),
    "parked": (twins.SALES, (Park(by="102"),)),
}


def ended(way: str, by: str, seed: int = 1) -> tuple[Plant, twins.Frames]:
    did, handovers = WAYS[way]
    made = twins.plant(seed=seed)
    acts = [
        Talk(seconds=4.0),
        *(each for handover in handovers for each in (handover, Talk(seconds=4.0))),
        HangUp(by=by),
    ]
    made.tell(twins.queue(did, *acts, answers=ANSWERS))
    return made, twins.frames_of(made, 300.0)


@pytest.mark.parametrize("by", ["customer", "agent", "pbx"])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_stays(way: str, by: str) -> None:
    made, frames = ended(way, by)
    assert made.switch.channels == {}
    assert [bridge.kind for bridge in made.switch.bridges.values()] == (["parking"] if way == "parked" else [])
    names = [frame.name for _, frame in frames]
    assert names.count("Newchannel") == names.count("Hangup")
    assert names.count("BridgeEnter") == names.count("BridgeLeave")
    assert names.count("AgentConnect") == names.count("AgentComplete")
    assert (made.truth.calls[0].ended_by, made.open_calls) == (by, 0)


@pytest.mark.parametrize("way", WAYS)
def test_only_a_pbx_that_ends_a_call_has_no_hangup_request_of_a_phone(way: str) -> None:
    for by, who in (("customer", "PJSIP/trunk"), ("agent", "PJSIP/1"), ("pbx", None)):
        _, frames = ended(way, by)
        asked = [str(frame.get(b"Channel")) for _, frame in frames if frame.name == "HangupRequest"]
        by_phones = [channel for channel in asked if channel.startswith("PJSIP/")]
        assert len(by_phones) == (0 if who is None else 1)
        assert all(channel.startswith(str(who)) for channel in by_phones)


def test_behind_a_pair_the_queue_charges_its_own_agent_to_the_end() -> None:
    _, frames = ended("by pair, blind", "agent")
    (complete,) = [frame for _, frame in frames if frame.name == "AgentComplete"]
    assert (complete.get(b"Interface"), complete.get(b"Reason")) == ("Local/103@agents/n", "agent")
    assert int(str(complete.get(b"TalkTime"))) >= 9


def test_now_and_then_the_agent_s_channel_is_gone_before_the_queue_knows() -> None:
    untold = 0
    for seed in range(60):
        _, frames = ended("by pair", "agent", seed)
        (complete,) = [frame for _, frame in frames if frame.name == "AgentComplete"]
        untold += complete.get(b"DestChannel") is None
    assert 0 < untold < 20


def test_after_a_transfer_the_pair_learns_the_name_at_the_end() -> None:
    _, frames = ended("by pair, attended", "customer")
    last = [frame for _, frame in frames if frame.name == "NewCallerid"][-1]
    assert (str(last.get(b"Channel"))[-2:], last.get(b"CallerIDNum")) == (";1", "102")
