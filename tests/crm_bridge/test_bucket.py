"""How often a source is asked."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings, strategies as st

from crm_bridge.bucket import Bucket


def test_without_a_rate_nobody_waits() -> None:
    bucket = Bucket(None)
    assert [bucket.reserve(0.0, 0.0) for _ in range(1000)] == [0.0] * 1000


def test_a_burst_is_free_and_the_rest_waits_its_turn() -> None:
    bucket = Bucket(4.0)
    assert [bucket.reserve(0.0, 10.0) for _ in range(6)] == [0.0] * 4 + [0.25, 0.5]


def test_who_would_wait_too_long_takes_nothing() -> None:
    bucket = Bucket(1.0)
    assert [bucket.reserve(0.0, 1.0) for _ in range(3)] == [0.0, 1.0, None]
    assert bucket.reserve(1.0, 1.0) == 1.0


def test_a_pause_holds_whatever_tokens_there_are() -> None:
    for bucket in (Bucket(100.0), Bucket(None)):
        bucket.pause(10.0, 5.0)
        bucket.pause(10.0, 2.0)
        assert (bucket.reserve(11.0, 1.0), bucket.reserve(11.0, 4.0), bucket.reserve(15.0, 0.0)) == (None, 4.0, 0.0)


def test_a_slow_rate_still_lets_one_through() -> None:
    bucket = Bucket(0.5)
    assert [bucket.reserve(now, 0.0) for now in (0.0, 1.0, 2.0, 2.0)] == [0.0, None, 0.0, None]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.floats(0, 2), max_size=60), st.floats(0.1, 50))
def test_never_more_than_the_rate_and_one_burst(gaps: list[float], per_s: float) -> None:
    bucket, now, asked_at = Bucket(per_s), 0.0, []
    for gap in gaps:
        now += gap
        wait_s = bucket.reserve(now, 5.0)
        if wait_s is not None:
            asked_at.append(now + wait_s)
    burst = max(1.0, per_s)
    for first, start in enumerate(asked_at):
        for last in range(first, len(asked_at)):
            assert last - first + 1 <= burst + (asked_at[last] - start) * per_s + 1 + 1e-6
