"""What is written together."""

from __future__ import annotations

from cti.model import Oddity, Origin
from kpi.batch import Batch, Mark, NumberedOddity, Span
from kpi.schema import SpanKind
from tests.kpi.calls import answered_call, at


def test_a_batch_is_as_long_as_its_rows_and_a_mark_is_none() -> None:
    span = Span(pbx="milan", agent="101", kind=SpanKind.LOGIN, queue="sales", started_at=at(0))
    oddity = NumberedOddity(Oddity("leg-arrow", "", at(0), Origin("milan", "s1", 1, "Hangup")))
    assert len(Batch(marks=(Mark(pbx="milan"),))) == 0
    assert len(Batch(calls=(answered_call(),), spans=(span, span), oddities=(oddity,))) == 4


def test_a_span_is_known_by_whose_it_is_and_when_it_began() -> None:
    span = Span(pbx="milan", agent="101", kind=SpanKind.PAUSE, queue="sales", started_at=at(0), reason="lunch")
    assert span.key == ("milan", "101", SpanKind.PAUSE, "sales", at(0))
