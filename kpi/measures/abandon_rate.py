"""The share of callers who gave up, with and without those who gave up at once."""

from __future__ import annotations

from kpi.histogram import within
from kpi.measure import OF_CALLERS, Measure, Parameters, Ratio, Unit, share
from kpi.tally import Tally


def abandon_rate(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """B / N. Of 8 who entered, 2 gave up:

    >>> from cti.model import StayOutcome
    >>> day = Tally(entered=8, stays={StayOutcome.ABANDONED: 2}, abandoned_waits={3: 1, 40: 1})
    >>> abandon_rate(day, Parameters())
    0.25
    """
    return share(tally.abandoned, tally.entered)


def long_abandons(tally: Tally, parameters: Parameters) -> Ratio:
    """(B - B<=S) / (N - B<=S). Of the same 8, one gave up after 3 s, which is no failure of the queue:

    >>> from cti.model import StayOutcome
    >>> day = Tally(entered=8, stays={StayOutcome.ABANDONED: 2}, abandoned_waits={3: 1, 40: 1})
    >>> long_abandons(day, Parameters(short_abandon_s=5))
    Ratio(part=1, whole=7)
    """
    short = within(tally.abandoned_waits, parameters.short_abandon_s)
    return Ratio(tally.abandoned - short, tally.entered - short)


def long_abandon_rate(tally: Tally, parameters: Parameters) -> float | None:
    return long_abandons(tally, parameters).value


MEASURES = (
    Measure(
        key="abandon_rate",
        title="Abandon rate",
        unit=Unit.SHARE,
        formula="B / N",
        source="Genesys performance views, Amazon Connect",
        words="Of all who joined the queue, the share that gave up while waiting.",
        compute=abandon_rate,
        reads=("entered", "stays"),
        not_by=OF_CALLERS,
    ),
    Measure(
        key="long_abandon_rate",
        title="Abandon rate without short abandons",
        unit=Unit.SHARE,
        formula="(B - B<=S) / (N - B<=S)",
        source="Google CCAI data dictionary; Genesys abandon intervals",
        words="The same, as if those who gave up within S had not called.",
        compute=long_abandon_rate,
        ratio=long_abandons,
        reads=("entered", "stays", "abandoned_waits"),
        cuts=True,
        not_by=OF_CALLERS,
        parameters=("short_abandon_s",),
    ),
)
