"""Average speed of answer."""

from __future__ import annotations

from kpi.measure import OF_CALLERS, Measure, Parameters, Unit, share
from kpi.tally import Tally


def speed_of_answer(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Two who waited 4 s and 9 s:

    >>> from cti.model import StayOutcome
    >>> speed_of_answer(Tally(stays={StayOutcome.ANSWERED: 2}, answered_wait_ms=13_000), Parameters())
    6.5
    """
    return share(tally.answered_wait_ms / 1_000, tally.answered)


MEASURES = (
    Measure(
        key="asa",
        title="Average speed of answer",
        unit=Unit.SECONDS,
        formula="sum of the waits of A / A",
        words="The waits in the queue of those who were answered, divided by their number.",
        source="Amazon Connect 'average queue answer time'; Contact Center Pipeline 9/2025",
        compute=speed_of_answer,
        reads=(
            "stays",
            "answered_wait_ms",
        ),
        not_by=OF_CALLERS,
    ),
)
