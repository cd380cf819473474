"""Callers whom a queue did not take."""

from __future__ import annotations

from cti.model import CallOutcome
from kpi.measure import OF_CALLERS, Measure, Parameters, Unit
from kpi.tally import Tally


def refused(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Calls, not waits: who is refused has no wait.

    >>> from cti.model import CallOutcome
    >>> refused(Tally(started=4, calls={CallOutcome.REFUSED: 1, CallOutcome.FULL: 2}), Parameters())
    3
    """
    return tally.calls.get(CallOutcome.REFUSED, 0) + tally.calls.get(CallOutcome.FULL, 0)


MEASURES = (
    Measure(
        key="refused",
        title="Refused",
        unit=Unit.COUNT,
        formula="calls with outcome refused or full",
        words="Callers who never waited, because the queue had nobody or was full; they are not among the offered.",
        source="Wazo: closed, blocked and saturated kept apart from waits",
        compute=refused,
        reads=("calls",),
        not_by=OF_CALLERS,
    ),
)
