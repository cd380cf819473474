"""Virtual time: the order of things, and waits that are over once."""

from __future__ import annotations

from offhook.simulator.clockwork import Latch, Process, Timeline, Wait


def run(timeline: Timeline, until: float) -> None:
    while timeline.step(until):
        pass


def test_actions_happen_in_order_of_time_then_of_asking() -> None:
    timeline, done = Timeline(), []
    for name, seconds in (("late", 2.0), ("first", 1.0), ("second", 1.0), ("past", -5.0)):
        timeline.after(seconds, lambda name=name: done.append((timeline.now, name)))  # type: ignore[misc]
    run(timeline, 10.0)
    assert done == [(0.0, "past"), (1.0, "first"), (1.0, "second"), (2.0, "late")]
    assert timeline.now == 10.0


def test_a_cancelled_timer_does_nothing() -> None:
    timeline, done = Timeline(), []
    timer = timeline.after(1.0, lambda: done.append("never"))
    timer.cancel()
    assert not timeline.step(5.0)
    assert done == []


def test_a_step_goes_no_further_than_it_may() -> None:
    timeline, done = Timeline(), []
    timeline.after(3.0, lambda: done.append("then"))
    assert not timeline.step(2.9)
    assert timeline.now == 2.9
    assert timeline.step(3.0)
    assert done == ["then"]


def waiter(timeline: Timeline, told: list[tuple[float, bool]], *latches: Latch, seconds: float | None) -> Process:
    yield Wait(*latches, seconds=seconds)
    told.append((timeline.now, latches[0].is_set))


def test_a_process_wakes_by_the_latch_or_by_the_time_but_once() -> None:
    timeline, latch, told = Timeline(), Latch(), []
    timeline.start(waiter(timeline, told, latch, seconds=1.0))
    timeline.start(waiter(timeline, told, latch, seconds=9.0))
    timeline.start(waiter(timeline, told, latch, seconds=None))
    timeline.after(2.0, latch.set)
    run(timeline, 20.0)
    assert told == [(1.0, False), (2.0, True), (2.0, True)]


def test_a_latch_that_is_set_already_does_not_make_wait() -> None:
    timeline, latch, told = Timeline(), Latch(), []
    latch.set()
    timeline.start(waiter(timeline, told, latch, seconds=5.0))
    run(timeline, 20.0)
    assert told == [(0.0, True)]


def test_a_wait_that_ended_is_not_ended_again_by_what_it_had_waited_for() -> None:
    timeline, early, told = Timeline(), Latch(), []

    def process() -> Process:
        yield Wait(early, seconds=1.0)
        yield Wait(seconds=10.0)
        told.append(timeline.now)

    timeline.start(process())
    timeline.after(5.0, early.set)
    run(timeline, 60.0)
    assert told == [11.0]
