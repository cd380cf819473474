"""The longest wait."""

from __future__ import annotations

from kpi.measure import OF_CALLERS, Measure, Parameters, Unit
from kpi.tally import Tally


def longest_wait(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Answered after 20 s, gave up after 41 s:

    >>> longest_wait(Tally(answered_waits={20: 3}, abandoned_waits={41: 1}), Parameters())
    41
    """
    return max((*tally.answered_waits, *tally.abandoned_waits, *tally.other_waits), default=None)


MEASURES = (
    Measure(
        key="longest_wait",
        title="Longest wait",
        unit=Unit.SECONDS,
        formula="max of all waits",
        words="The longest wait of all who left the queue, those who gave up included; rounded up to a whole second.",
        source="Amazon Connect: max queued time, abandoned included",
        compute=longest_wait,
        reads=(
            "answered_waits",
            "abandoned_waits",
            "other_waits",
        ),
        cuts=True,
        not_by=OF_CALLERS,
    ),
)
