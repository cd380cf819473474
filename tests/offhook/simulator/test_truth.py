"""The truth of a call, and the file it is written to."""

from __future__ import annotations

import json

import msgspec

from offhook.simulator.truth import CallTruth, Truth
from tests.offhook.simulator import twins


def call() -> CallTruth:
    return CallTruth(
        id="c1", uniqueid="1.0", direction="inbound", caller="+4420", caller_name=None, dialled="100", offered_at=1.0
    )


def test_an_agent_who_comes_back_is_counted_once() -> None:
    truth = call()
    for agent, at in (("101", 2.0), ("102", 5.0), ("101", 9.0)):
        truth.talk_ended(at)
        truth.talk_began(agent, at)
    truth.end(12.0, "agent", "abandoned")
    assert (truth.answered_by, truth.answered_at, truth.outcome) == (["101", "102"], 2.0, "answered")
    assert [talk.ended_at for talk in truth.talks] == [5.0, 9.0, 12.0]


def test_a_queue_counts_as_the_call_s_only_before_somebody_answers() -> None:
    truth = call()
    truth.talk_began("101", 2.0)
    truth.stay_began("support", 3.0)
    assert (truth.queue, truth.queued_at, len(truth.stays)) == (None, None, 1)


def test_a_call_ends_once() -> None:
    truth = call()
    truth.end(3.0, "customer", "abandoned")
    truth.end(4.0, "pbx", "timeout")
    assert (truth.ended_at, truth.ended_by, truth.outcome) == (3.0, "customer", "abandoned")


def test_the_latest_ringing_of_an_agent_is_the_one_that_ends() -> None:
    truth = call()
    truth.ring_began("101", "sales", 1.0)
    truth.ring_ended("101", "missed", 2.0)
    truth.ring_began("101", "sales", 3.0)
    truth.ring_ended("101", "answered", 4.0)
    truth.ring_ended("999", "answered", 4.0)
    assert [(ring.result, ring.ended_at) for ring in truth.rings] == [("missed", 2.0), ("answered", 4.0)]
    assert truth.agents_rung == ["101"]


def test_the_file_has_the_fields_of_the_recordings() -> None:
    made = twins.plant()
    made.tell(twins.STORIES["S09"][0])
    made.timeline.after(100.0, lambda: made.tell(twins.STORIES["S01"][0]))
    twins.frames_of(made, 101.0)
    document = json.loads(msgspec.json.encode(made.truth.document("2026-11-21T09:00:00+00:00")))
    recorded = json.loads((twins.RECORDINGS / "S09" / "truth.json").read_text())
    (told,) = document["calls"]  # the second goes on
    assert set(recorded["calls"][0]) - set(told) == {"legs", "normalised", "ended_by_number"}
    assert set(recorded) - set(document) <= {"what", "pbx_version", "support_members"}
    assert len(made.truth.document("", ended_only=False)["calls"]) == 2


def test_states_are_told_in_order() -> None:
    truth = Truth()
    truth.state("101", "sales", "login", None, 1.0)
    truth.state("101", "sales", "pause", "lunch", 2.0)
    assert [each["state"] for each in truth.agent_states] == ["login", "pause"]
