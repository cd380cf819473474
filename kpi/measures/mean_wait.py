"""The mean wait of all callers."""

from __future__ import annotations

from kpi.measure import OF_CALLERS, Measure, Parameters, Unit, share
from kpi.tally import Tally


def mean_wait(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Waits of 10 s (answered), 30 s (gave up) and 20 s (timeout):

    >>> from cti.model import StayOutcome
    >>> left = {StayOutcome.ANSWERED: 1, StayOutcome.ABANDONED: 1, StayOutcome.TIMEOUT: 1}
    >>> day = Tally(stays=left, answered_wait_ms=10_000, abandoned_wait_ms=30_000, other_wait_ms=20_000)
    >>> mean_wait(day, Parameters())
    20.0
    """
    waited_ms = tally.answered_wait_ms + tally.abandoned_wait_ms + tally.other_wait_ms
    return share(waited_ms / 1_000, sum(tally.stays.values()))


MEASURES = (
    Measure(
        key="mean_wait",
        title="Mean wait, all callers",
        unit=Unit.SECONDS,
        formula="sum of all waits / (A + B + X)",
        words="The waits of all who left the queue, however they left, divided by their number: another "
        "number than the speed of answer.",
        source="Wazo queue_stat.py: average_waiting_time",
        compute=mean_wait,
        reads=(
            "stays",
            "answered_wait_ms",
            "abandoned_wait_ms",
            "other_wait_ms",
        ),
        not_by=OF_CALLERS,
    ),
)
