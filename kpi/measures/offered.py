"""Calls offered to a queue."""

from __future__ import annotations

from kpi.measure import OF_CALLERS, Measure, Parameters, Unit
from kpi.tally import Tally


def offered(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """N. Three callers joined, one of them is still counted as waiting:

    >>> from cti.model import StayOutcome
    >>> offered(Tally(entered=3, stays={StayOutcome.ANSWERED: 2}), Parameters())
    3
    """
    return tally.entered


MEASURES = (
    Measure(
        key="offered",
        title="Offered",
        unit=Unit.COUNT,
        formula="N",
        words="Every entry into a queue counts; a caller who waits in two queues was offered to both.",
        source="Genesys performance views: answered, abandoned or flow-out",
        compute=offered,
        reads=("entered",),
        not_by=OF_CALLERS,
    ),
)
