"""Calls of a queue that an agent answered."""

from __future__ import annotations

from kpi.measure import OF_CALLERS, Measure, Parameters, Unit
from kpi.tally import Tally


def answered(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """A.

    >>> from cti.model import StayOutcome
    >>> answered(Tally(entered=3, stays={StayOutcome.ANSWERED: 2}), Parameters())
    2
    """
    return tally.answered


MEASURES = (
    Measure(
        key="answered",
        title="Answered",
        unit=Unit.COUNT,
        formula="A",
        words="Waits in a queue that ended with an agent's answer, transferred calls among them.",
        source="app_queue.c: every CONNECT, not only those that end in COMPLETE... (a count of these loses "
        "each transferred call)",
        compute=answered,
        reads=("stays",),
        not_by=OF_CALLERS,
    ),
)
