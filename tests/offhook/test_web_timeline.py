"""A call as bars: in order, within the drawing, with what lasts still."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from cti.model import Transfer, TransferKind
from offhook.web.timeline import SHORTEST, WIDTH, time_line
from tests.kpi.calls import answered_call, at

NOW = at(600)


def test_each_part_has_its_bar_where_it_was() -> None:
    line = time_line(answered_call(wait=20, talk=80), NOW)
    assert [(bar.kind, bar.x, bar.width, bar.seconds) for bar in line.bars] == [
        ("leg", 0, WIDTH, 100),
        ("stay", 0, 200, 20),
        ("ring", 0, 200, 20),
        ("talk", 200, 800, 80),
    ]
    assert line.seconds == 100


def test_a_call_under_way_lasts_until_now() -> None:
    talk = answered_call().talks[0]
    open_talk = type(talk)(agent="101", started_at=at(7), ended_at=None, queue="sales")
    line = time_line(answered_call(ended_at=None, talks=(open_talk,), legs=()), at(107))
    assert line.bars[-1].seconds is None
    assert line.bars[-1].x + line.bars[-1].width == pytest.approx(WIDTH)


def test_a_moment_can_be_seen() -> None:
    handed = Transfer(kind=TransferKind.BLIND, by="101", to="102", at=at(67))
    line = time_line(answered_call(transfers=(handed,)), NOW)
    bar = next(bar for bar in line.bars if bar.kind == "transfer")
    assert bar.width == SHORTEST
    assert bar.x + bar.width <= WIDTH


@given(st.floats(0, 5_000), st.floats(0.1, 20_000))
def test_no_bar_leaves_the_drawing_and_ticks_are_few(wait: float, talk: float) -> None:
    line = time_line(answered_call(wait=wait, talk=talk), NOW + timedelta(days=1))
    assert all(bar.x >= -0.01 and bar.x + bar.width <= WIDTH + SHORTEST for bar in line.bars)
    assert 1 <= len(line.ticks) <= 11
