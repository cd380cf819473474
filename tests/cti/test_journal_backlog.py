"""What waits for the disk: bounded, in order, and one gap where it was too much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from cti.journal import JournalRead
from cti.journal_backlog import BATCH_BYTES, Backlog, JournalLoss
from tests.cti.journaled import START


def stream(*sizes: int, session: str = "a", offset: int = 0) -> Iterator[JournalRead]:
    for i, size in enumerate(sizes):
        yield JournalRead(session, START + timedelta(seconds=i), offset, b"x" * size)
        offset += size


def drained(backlog: Backlog) -> list[list[JournalRead] | JournalLoss]:
    taken = []
    while (run := backlog.get()) is not None:
        taken.append(run)
        if isinstance(run, list):
            backlog.done(run)
    return taken


def test_reads_that_follow_on_one_another_come_together() -> None:
    backlog = Backlog("hq", 1000)
    reads = [*stream(1, 2, 3), *stream(4, 5, session="b"), *stream(6, session="b", offset=100)]
    for read in reads:
        backlog.put(read)
    assert backlog.waiting == 21
    assert drained(backlog) == [reads[:3], reads[3:5], reads[5:]]
    assert backlog.waiting == 0


def test_a_run_is_not_endless() -> None:
    backlog = Backlog("hq", 10 * BATCH_BYTES)
    reads = list(stream(*[BATCH_BYTES // 2] * 5))
    for read in reads:
        backlog.put(read)
    assert drained(backlog) == [reads[:2], reads[2:4], reads[4:]]


def test_what_does_not_fit_is_one_gap_until_all_is_written() -> None:
    backlog = Backlog("hq", 100)
    backlog.cause = "No space left on device"
    reads = list(stream(60, 60, 10, 20, 30))
    for read in reads[:3]:
        backlog.put(read)
    run = backlog.get()
    assert run == [reads[0]]
    backlog.put(reads[3])
    backlog.done([reads[0]])
    backlog.put(reads[4])
    lost = JournalLoss(
        pbx="hq", session="a", from_at=START + timedelta(seconds=1), to_at=START + timedelta(seconds=3), reads=3,
        bytes=90, cause="No space left on device",
    )  # fmt: skip
    assert drained(backlog) == [lost, [reads[4]]]
    assert (backlog.reads_lost, backlog.bytes_lost) == (3, 90)


def test_one_read_larger_than_the_bound_is_taken_when_nothing_waits() -> None:
    backlog = Backlog("hq", 10)
    reads = list(stream(50))
    backlog.put(reads[0])
    assert drained(backlog) == [reads]


def test_what_is_given_up_is_told_with_what_was_dropped() -> None:
    backlog = Backlog("hq", 100)
    reads = list(stream(60, 30, 60))
    for read in reads:
        backlog.put(read)
    run = backlog.get()
    assert isinstance(run, list)
    loss = backlog.give_up(run)
    assert loss is not None
    assert (loss.from_at, loss.to_at, loss.reads, loss.bytes) == (reads[0].received_at, reads[2].received_at, 3, 150)
    assert backlog.get() is None
    assert backlog.waiting == 0
    assert backlog.give_up([]) is None


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.integers(1, 60), st.just("write")), max_size=60), st.integers(1, 200))
def test_each_read_is_written_or_lost_once_and_in_order(steps: list[int | str], bound: int) -> None:
    backlog = Backlog("hq", bound)
    sizes = [step for step in steps if isinstance(step, int)]
    reads = stream(*sizes)
    given: list[list[JournalRead] | JournalLoss] = []
    for step in steps:
        if step == "write":
            given += drained(backlog)
        else:
            backlog.put(next(reads))
            assert backlog.waiting <= max(bound, 60)
    given += drained(backlog)
    last = backlog.give_up([])
    written = [read for run in given if isinstance(run, list) for read in run]
    losses = [*(run for run in given if isinstance(run, JournalLoss)), *([last] if last else [])]
    assert [read.offset for read in written] == sorted({read.offset for read in written})
    assert len(written) + sum(loss.reads for loss in losses) == len(sizes)
    assert sum(len(read.data) for read in written) + sum(loss.bytes for loss in losses) == sum(sizes)
    assert all(before.to_at < after.from_at for before, after in pairwise(losses))
