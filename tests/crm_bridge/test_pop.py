"""The life of one pop."""

from __future__ import annotations

from datetime import timedelta

from crm_bridge.pop import CLOSING_OF_RING, CallerFile, Closing, DeskId, Phase, Pop
from cti.model import RingResult
from tests.crm_bridge.scene import START, Clock, Scene

LATER = START + timedelta(seconds=5)


def pop() -> Pop:
    file = CallerFile(Scene("1", "+39335", Clock()).call)
    return Pop("p-1", DeskId("main", "101"), file, Phase.OFFERED, START, "sales")


def test_a_new_pop_rings_and_nobody_has_seen_it() -> None:
    one = pop()
    assert (one.phase, one.since, one.shown_after_s, one.closing) == (Phase.OFFERED, START, None, None)


def test_closing_keeps_how_and_when() -> None:
    one = pop()
    one.close(Closing.TAKEN, LATER)
    assert (one.phase, one.closing, one.closed_at) == (Phase.CLOSED, Closing.TAKEN, LATER)


def test_a_closed_pop_that_goes_on_is_open_again() -> None:
    one = pop()
    one.close(Closing.TALKED, LATER)
    one.move(Phase.TALKING, LATER)
    assert (one.phase, one.closing, one.closed_at) == (Phase.TALKING, None, None)


def test_every_end_of_a_ring_but_the_answer_closes_the_pop() -> None:
    assert set(CLOSING_OF_RING) == set(RingResult) - {RingResult.RINGING, RingResult.ANSWERED}
