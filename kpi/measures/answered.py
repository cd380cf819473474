"""Calls of a queue that an agent answered."""

from __future__ import annotations

from kpi.measure import OF_CALLERS, Measure, Parameters, Unit, share
from kpi.tally import Tally


def answered(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """A.

    >>> from cti.model import StayOutcome
    >>> answered(Tally(entered=3, stays={StayOutcome.ANSWERED: 2}), Parameters())
    2
    """
    return tally.answered


def answered_rate(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """A / N. Of four who joined, three were answered:

    >>> from cti.model import StayOutcome
    >>> answered_rate(Tally(entered=4, stays={StayOutcome.ANSWERED: 3}), Parameters())
    0.75
    """
    return share(tally.answered, tally.entered)


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
    Measure(
        key="answered_rate",
        title="Answered, of offered",
        unit=Unit.SHARE,
        formula="A / N",
        words="Of all who joined the queue, the share that an agent answered, after whatever wait.",
        source="Genesys performance views: answer rate",
        compute=answered_rate,
        reads=("entered", "stays"),
        not_by=OF_CALLERS,
    ),
)
