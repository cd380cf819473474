"""The share of callers who gave up, with and without those who gave up at once."""

from __future__ import annotations

from kpi.measure import Measure, Parameters, Unit, share
from kpi.tally import Tally, within


def abandon_rate(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """B / N. Of 8 who entered, 2 gave up:

    >>> from cti.model import StayOutcome
    >>> day = Tally(entered=8, stays={StayOutcome.ABANDONED: 2}, abandoned_waits={3: 1, 40: 1})
    >>> abandon_rate(day, Parameters())
    0.25
    """
    return share(tally.abandoned, tally.entered)


def long_abandon_rate(tally: Tally, parameters: Parameters) -> float | None:
    """(B - B<=S) / (N - B<=S). Of the same 8, one gave up after 3 s, which is no failure of the queue:

    >>> from cti.model import StayOutcome
    >>> day = Tally(entered=8, stays={StayOutcome.ABANDONED: 2}, abandoned_waits={3: 1, 40: 1})
    >>> round(long_abandon_rate(day, Parameters(short_abandon_s=5)), 4)
    0.1429
    """
    short = within(tally.abandoned_waits, parameters.short_abandon_s)
    return share(tally.abandoned - short, tally.entered - short)


MEASURES = (
    Measure(
        key="abandon_rate",
        title="Abandon rate",
        unit=Unit.SHARE,
        formula="B / N",
        source="Genesys performance views, Amazon Connect",
        compute=abandon_rate,
    ),
    Measure(
        key="long_abandon_rate",
        title="Abandon rate without short abandons",
        unit=Unit.SHARE,
        formula="(B - B<=S) / (N - B<=S)",
        source="Google CCAI data dictionary; Genesys abandon intervals",
        compute=long_abandon_rate,
        parameters=("short_abandon_s",),
    ),
)
