"""How long the unlucky ones waited: percentiles of all waits."""

from __future__ import annotations

from collections.abc import Callable

from kpi.histogram import quantile
from kpi.measure import OF_CALLERS, Measure, Parameters, Unit
from kpi.tally import Tally, merged

_PERCENTS = (50, 90, 95, 99)


def wait_percentile(percent: int) -> Callable[[Tally, Parameters], float | None]:
    """The least whole second within which so many per cent of all waits were over.

    Ten waits, eight of 3 s (two of them given up), one of 20 s and one of 40 s:

    >>> day = Tally(answered_waits={3: 6, 20: 1}, abandoned_waits={3: 2}, other_waits={40: 1})
    >>> wait_percentile(50)(day, Parameters()), wait_percentile(90)(day, Parameters())
    (3, 20)
    """

    def compute(tally: Tally, _: Parameters) -> float | None:
        waits = merged([dict(tally.answered_waits), dict(tally.abandoned_waits), dict(tally.other_waits)])
        return quantile(waits, percent / 100)

    return compute


MEASURES = tuple(
    Measure(
        key=f"wait_p{percent}",
        title=f"Wait, {percent} % within",
        unit=Unit.SECONDS,
        formula=f"least s: count of waits <= s is at least {percent} % of A + B + X",
        words=f"{percent} % of all who left the queue, however they left, waited at most so long; a whole second.",
        source="nearest-rank percentile, of the histogram by whole second",
        compute=wait_percentile(percent),
        reads=("answered_waits", "abandoned_waits", "other_waits"),
        not_by=OF_CALLERS,
    )
    for percent in _PERCENTS
)
