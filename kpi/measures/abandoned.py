"""Callers who gave up."""

from __future__ import annotations

from kpi.histogram import within
from kpi.measure import OF_CALLERS, Measure, Parameters, Unit
from kpi.tally import Tally


def abandoned(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """B.

    >>> from cti.model import StayOutcome
    >>> abandoned(Tally(entered=3, stays={StayOutcome.ABANDONED: 1, StayOutcome.TIMEOUT: 1}), Parameters())
    1
    """
    return tally.abandoned


def short_abandoned(tally: Tally, parameters: Parameters) -> float | None:
    """B<=S.

    >>> short_abandoned(Tally(abandoned_waits={3: 1, 40: 1}), Parameters(short_abandon_s=5))
    1
    """
    return within(tally.abandoned_waits, parameters.short_abandon_s)


MEASURES = (
    Measure(
        key="abandoned",
        title="Abandoned",
        unit=Unit.COUNT,
        formula="B",
        words="The caller hung up while he waited; leaving by a key, a timeout or an empty queue is not giving up.",
        source="Amazon Connect, historical metrics; Asterisk's own counter mixes causes and is not read",
        compute=abandoned,
        reads=("stays",),
        not_by=OF_CALLERS,
    ),
    Measure(
        key="short_abandoned",
        title="Short abandons",
        unit=Unit.COUNT,
        formula="B<=S",
        words="Those of the abandoned who waited at most S seconds: a wrong number, a change of mind.",
        source="Genesys abandon intervals; S is chosen by the site",
        compute=short_abandoned,
        reads=("abandoned_waits",),
        cuts=True,
        parameters=("short_abandon_s",),
        not_by=OF_CALLERS,
    ),
)
