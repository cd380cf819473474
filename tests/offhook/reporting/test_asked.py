"""The words of a question, right and wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from kpi.local_time import ReportError
from kpi.measure import Dimension, all_measures
from kpi.question import DEFAULT_MEASURES, check_question
from offhook.reporting.asked import OF_AGENTS, Asked, parse_question

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")


def test_yesterday_by_queue_is_what_is_usual() -> None:
    question = parse_question(Asked(), NOW, ROME)
    assert question.since == datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
    assert question.by == (Dimension.QUEUE,)
    assert question.measures == DEFAULT_MEASURES


def test_words_may_have_commas_in_them() -> None:
    asked = Asked(by=("weekday, hour",), measures=("offered,asa",), direction=("inbound",), hours="open")
    question = parse_question(asked, NOW, ROME)
    assert question.by == (Dimension.WEEKDAY, Dimension.HOUR)
    assert question.measures == ("offered", "asa")


def test_of_agents_other_numbers_are_usual() -> None:
    question = parse_question(Asked(by=("agent", "day")), NOW, ROME)
    assert question.measures == OF_AGENTS
    assert all(Dimension.AGENT not in one.not_by for one in check_question(question).values())


def test_all_is_every_measure_and_none_is_the_total() -> None:
    question = parse_question(Asked(by=("none",), measures=("all",)), NOW, ROME)
    assert question.by == ()
    assert set(check_question(question)) == set(all_measures())


@pytest.mark.parametrize(
    ("asked", "ref"),
    [
        (Asked(by=("colour",)), "report-bad-split"),
        (Asked(period="someday"), "report-bad-period"),
        (Asked(direction=("up",)), "report-bad-filter"),
        (Asked(hours="happy"), "report-bad-filter"),
    ],
)
def test_what_cannot_be_asked_is_told_with_what_can(asked: Asked, ref: str) -> None:
    with pytest.raises(ReportError) as refused:
        parse_question(asked, NOW, ROME)
    assert refused.value.ref == ref
