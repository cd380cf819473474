"""Questions that cannot be answered are told so before anything is read."""

from __future__ import annotations

from datetime import datetime

import pytest

from cti.model import Direction
from kpi.local_time import ReportError
from kpi.measure import Dimension
from kpi.question import DEFAULT_MEASURES, ReportQuestion, check_question
from tests.kpi.calls import NINE, at

ANY = ReportQuestion(since=NINE, until=at(900))


def test_the_measures_come_in_the_order_asked_for() -> None:
    assert tuple(check_question(ANY)) == DEFAULT_MEASURES
    asked = ReportQuestion(since=NINE, until=at(900), measures=("aht", "offered"))
    assert list(check_question(asked)) == ["aht", "offered"]


@pytest.mark.parametrize(
    ("ref", "wrong"),
    [
        ("report-bad-period", {"until": NINE}),
        ("report-bad-period", {"since": datetime(2026, 1, 1)}),  # noqa: DTZ001
        ("report-bad-split", {"by": (Dimension.DAY, Dimension.QUEUE, Dimension.AGENT)}),
        ("report-bad-split", {"by": (Dimension.DAY, Dimension.DAY)}),
        ("report-bad-split", {"by": (Dimension.DID, Dimension.AGENT)}),
        ("report-bad-split", {"by": (Dimension.AGENT,), "dids": ("+39",)}),
        ("report-no-measure", {"measures": ("offered", "luck")}),
        ("report-no-measure", {"measures": ()}),
    ],
)
def test_what_does_not_go_is_said(ref: str, wrong: dict[str, object]) -> None:
    told: dict[str, object] = {"since": NINE, "until": at(900)}
    with pytest.raises(ReportError) as caught:
        check_question(ReportQuestion(**told | wrong))
    assert caught.value.ref == ref


def test_what_is_narrowed() -> None:
    narrowed = ReportQuestion(since=NINE, until=at(900), queues=("",), directions=(Direction.INBOUND,))
    assert narrowed.filtered == {Dimension.QUEUE, Dimension.DIRECTION}
    assert (ANY.filtered, ANY.needs_did) == (frozenset(), False)
    assert ReportQuestion(since=NINE, until=at(900), by=(Dimension.DID,)).needs_did
