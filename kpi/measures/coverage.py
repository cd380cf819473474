"""How much of the time is known."""

from __future__ import annotations

from kpi.found import Found
from kpi.measure import FoundMeasure, Parameters, Unit


def coverage(found: Found, parameters: Parameters) -> float | None:  # noqa: ARG001
    """An hour with six minutes lost:

    >>> coverage(Found(coverage=0.9), Parameters())
    0.9
    """
    return found.coverage


MEASURES = (
    FoundMeasure(
        key="coverage",
        title="Coverage",
        unit=Unit.SHARE,
        formula="1 - time not seen and not filled / time",
        words="The share of the time whose events Offhook has, seen or filled in from the PBX's own logs; "
        "an instant missing at one PBX is missing.",
        source="the gap ledger (docs/gaps.md)",
        compute=coverage,
        needs=("coverage",),
        not_by=(),
    ),
)
