"""How long callers wait before they give up."""

from __future__ import annotations

from kpi.measure import OF_CALLERS, Measure, Parameters, Unit, share
from kpi.tally import Tally


def abandon_time(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Two gave up, after 3 s and 41 s:

    >>> from cti.model import StayOutcome
    >>> abandon_time(Tally(stays={StayOutcome.ABANDONED: 2}, abandoned_wait_ms=44_000), Parameters())
    22.0
    """
    return share(tally.abandoned_wait_ms / 1_000, tally.abandoned)


MEASURES = (
    Measure(
        key="average_abandon_time",
        title="Average abandon time",
        unit=Unit.SECONDS,
        formula="sum of the waits of B / B",
        words="The waits of those who gave up, divided by their number.",
        source="Amazon Connect: mean of dequeue less enqueue over abandoned",
        compute=abandon_time,
        reads=(
            "stays",
            "abandoned_wait_ms",
        ),
        not_by=OF_CALLERS,
    ),
)
