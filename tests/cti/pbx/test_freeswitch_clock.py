"""Instants of the PBX on our clock: held against the far side's in the recordings, and against clocks that are set."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import given, strategies as st

from cti.model import CallEnded
from cti.pbx.freeswitch_clock import MAX_LATE_US, WINDOW_US, PbxClock
from offhook.replay import START, replay

RECORDINGS = Path(__file__).parents[2] / "recordings" / "freeswitch"
APART_US = 10**15  # the PBX's clock is years away from ours


def read(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def made(seconds: float) -> int:
    return APART_US + round(seconds * 1_000_000)


def test_an_event_that_comes_late_is_told_when_it_happened() -> None:
    clock = PbxClock()
    assert clock.at(made(1), read(1)) == read(1)
    assert clock.at(made(1.1), read(1.6)) == read(1.1)
    assert clock.at(None, read(2)) == read(2)
    assert clock.at(made(2.5), read(3)) == read(2.5)


def test_instants_never_run_backwards_and_are_never_after_the_arrival() -> None:
    clock = PbxClock()
    assert clock.at(made(1), read(1.5)) == read(1.5), "nothing better is known"
    assert clock.at(made(1.2), read(1.5)) == read(1.5)
    assert clock.at(made(1.49), read(1.5)) == read(1.5), "0.01 s is the least seen"
    assert clock.at(made(1.6), read(2)) == read(1.61)
    assert clock.at(made(1.55), read(2)) == read(1.61)


@given(
    st.lists(
        st.tuples(st.floats(0, 100, allow_nan=False), st.floats(-50, 50, allow_nan=False)), min_size=1, max_size=60
    )
)
def test_whatever_the_clocks_do(steps: list[tuple[float, float]]) -> None:
    clock, now, before = PbxClock(), 0.0, read(-1)
    for passed, wrong in steps:
        now += passed
        told = clock.at(made(now + wrong), read(now))
        assert before <= told <= read(now)
        before = told


def test_a_pbx_whose_clock_is_set_is_followed() -> None:
    clock = PbxClock()
    clock.at(made(1), read(1))
    assert clock.at(made(3_602), read(2)) == read(2), "set an hour forward"
    assert clock.at(made(3), read(3)) == read(3), "and back"
    assert clock.at(made(3.5), read(4)) == read(3.5)


def test_a_clock_that_goes_wrong_slowly_is_followed() -> None:
    clock = PbxClock()
    clock.at(made(0), read(0))
    drifts = [clock.at(made(minute * 60 - minute * 0.01), read(minute * 60)) for minute in range(1, 600)]
    late = [read(minute * 60) - told for minute, told in enumerate(drifts, 1)]
    assert max(late) <= timedelta(seconds=0.011)


def test_what_was_known_before_a_long_silence_counts_no_more() -> None:
    clock = PbxClock()
    clock.at(made(0), read(0))
    later = 3 * WINDOW_US / 1_000_000
    assert clock.at(made(later - 5), read(later)) == read(later)


def test_a_reader_that_was_held_up_does_not_move_the_past() -> None:
    clock = PbxClock()
    clock.at(made(1), read(1))
    held_up = MAX_LATE_US / 1_000_000 - 1
    assert clock.at(made(2), read(2 + held_up)) == read(2)


def test_an_instant_of_the_past_on_our_clock() -> None:
    clock = PbxClock()
    assert clock.ours(made(0), read(9)) == read(9), "nothing is known yet"
    clock.at(made(10), read(10.02))
    assert clock.ours(made(4), read(10.02)) == read(4.02)
    assert clock.ours(made(11), read(10.02)) == read(10.02)


def test_answers_and_ends_in_the_recordings_are_those_that_the_far_side_saw() -> None:
    """Events arrive up to 0.55 s late there."""
    apart = []
    for folder in sorted(RECORDINGS.glob("S*")):
        calls = sorted((e.call for e in replay(folder) if isinstance(e, CallEnded)), key=lambda call: call.offered_at)
        truth = sorted(json.loads((folder / "truth.json").read_text())["calls"], key=lambda call: call["offered_at"])
        for call, want in zip(calls, truth, strict=True):
            for told, seen in ((call.answered_at, want["answered_at"]), (call.ended_at, want["ended_at"])):
                if told is not None and seen is not None:
                    apart.append(abs((told - START).total_seconds() - seen))
    assert len(apart) > 60
    assert max(apart) < 0.06
