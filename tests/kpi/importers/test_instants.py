"""Instants as a PBX writes them."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from kpi.importers.instants import epoch_of, parse_instant, settle
from kpi.importers.lines import BadLineError

ROME = ZoneInfo("Europe/Rome")


def test_seconds_since_1970_need_no_zone() -> None:
    at = datetime(2026, 11, 21, 19, 39, 5, tzinfo=UTC)
    assert parse_instant("1795289945", ROME) == at
    assert parse_instant("1795289945.5", ROME) == at + timedelta(seconds=0.5)
    assert parse_instant("1795289945.2614419", ROME) == at + timedelta(microseconds=261_441)


def test_local_time_is_the_machines() -> None:
    assert parse_instant("2026-07-01 14:00:00", ROME) == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert parse_instant("2026-01-01 14:00:00.25", ROME) == datetime(2026, 1, 1, 13, 0, 0, 250_000, tzinfo=UTC)
    assert parse_instant("2026-07-01T14:00:00+05:30", ROME) == datetime(2026, 7, 1, 8, 30, tzinfo=UTC)


def test_the_hour_that_comes_twice_in_autumn_is_known_by_the_channels_id() -> None:
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    for meant in (first, second):
        near = epoch_of(f"{int(meant.timestamp()) - 3}.17")
        assert parse_instant("2026-10-25 02:30:00", ROME, near) == meant


def test_the_hour_that_is_missing_in_spring_does_no_harm() -> None:
    assert settle(datetime(2026, 3, 29, 2, 30), ROME) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # noqa: DTZ001
    assert settle(datetime(2026, 3, 29, 2, tzinfo=timezone(timedelta(hours=1))), ROME).hour == 1


@pytest.mark.parametrize(
    "text", ["", "x", "0", "12", "1795289945.x", "2026-13-01 00:00:00", "99999999999", "１７９５２８９９４５"]
)
def test_what_is_no_instant_says_so(text: str) -> None:
    with pytest.raises(BadLineError, match="time"):
        parse_instant(text, UTC)


@given(st.text(max_size=30))
def test_any_text_is_an_instant_or_a_bad_line(text: str) -> None:
    with contextlib.suppress(BadLineError):
        assert parse_instant(text, ROME).tzinfo is UTC


@pytest.mark.parametrize("uniqueid", ["", "x", "1.1", "17952899451.1", "abc-def", "１７９５２８９９４５.1"])
def test_an_id_of_another_make_tells_no_time(uniqueid: str) -> None:
    assert epoch_of(uniqueid) is None
