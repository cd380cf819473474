"""One PBX as a whole."""

from __future__ import annotations

import random

from offhook.simulator.people import Public
from offhook.simulator.stories import HangUp, Story, Talk
from offhook.simulator.traffic import Bustle, Traffic
from tests.offhook.simulator import twins


def run(seed: int) -> bytes:
    made = twins.plant(seed=seed)
    Bustle(made, Public(random.Random(1), [twins.CALLER]), Traffic(calls_per_hour=900.0), seed=seed).begin()
    return b"".join(data for _, data in made.advance(600.0))


def test_one_seed_gives_one_run_byte_for_byte() -> None:
    first = run(1)
    assert first == run(1)
    assert first != run(2)


def test_it_does_not_matter_in_what_steps_time_passes() -> None:
    whole, pieces = twins.plant(), twins.plant()
    for made in (whole, pieces):
        made.tell(twins.STORIES["S19"][0])
    stepwise = b"".join(data for tenth in range(1, 1201) for _, data in pieces.advance(tenth / 10))
    assert stepwise == b"".join(data for _, data in whole.advance(120.0))


def test_what_is_done_between_two_steps_is_told_with_the_next() -> None:
    made = twins.plant()
    made.pause("103", True, "lunch")
    ((at, data),) = made.advance(0.0)
    assert at == twins.STARTED_AT
    assert b"Event: QueueMemberPause" in data


def test_a_colleague_is_somebody_else_who_is_free_or_busy_as_wanted() -> None:
    made = twins.plant()
    made.tell(Story(kind="outbound", agent="102", to=twins.NUMBER, acts=(Talk(seconds=300.0), HangUp())))
    twins.frames_of(made, 20.0)
    assert {made.colleague("101") for _ in range(60)} == {"103", "104", "105"}
    assert {made.colleague("101", busy=True) for _ in range(9)} == {"102"}
    assert made.colleague("102", busy=True) is None


def test_a_killed_channel_takes_its_call_with_it() -> None:
    made = twins.plant()
    made.tell(twins.queue(twins.SUPPORT, Talk(seconds=300.0), HangUp(), answers={**twins.LATE, "104": 2.0}))
    twins.frames_of(made, 20.0)
    phone = next(channel for channel in made.switch.channels if channel.startswith("PJSIP/104"))
    assert not made.kill("PJSIP/999-00000000")
    assert made.kill(phone)
    twins.frames_of(made, 30.0)
    assert (made.truth.calls[0].ended_by, made.switch.channels) == ("pbx", {})


def test_a_call_is_killed_wherever_it_is() -> None:
    for second in (0.2, 1.0, 8.0):
        made = twins.plant()
        made.tell(twins.queue(twins.SALES, answers=twins.LATE))
        twins.frames_of(made, second)
        assert made.kill(next(iter(made.switch.channels)))
        twins.frames_of(made, second + 5.0)
        assert (made.truth.calls[0].ended_by, made.switch.channels) == ("pbx", {})


def test_agents_log_in_once() -> None:
    made = twins.plant()
    made.log_in("101", "sales")
    made.log_out("104", "sales")
    assert made.truth.agent_states == []
    assert [line.plan.name for line in made.queues_of("101")] == ["sales"]
