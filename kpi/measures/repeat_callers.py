"""Customers who call again within some days."""

from __future__ import annotations

from kpi.found import Found
from kpi.measure import Dimension, FoundMeasure, Parameters, Unit, share


def repeat_callers(found: Found, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Counted by a query.

    >>> repeat_callers(Found(known=8, repeated=2), Parameters())
    2
    """
    return found.repeated


def repeat_rate(found: Found, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Two of eight:

    >>> repeat_rate(Found(known=8, repeated=2), Parameters())
    0.25
    """
    return share(found.repeated, found.known)


MEASURES = (
    FoundMeasure(
        key="repeat_callers",
        title="Repeat calls",
        unit=Unit.COUNT,
        formula="inbound calls whose customer called in the repeat_days before",
        words="Inbound calls of a number that had called, for whatever queue, at most so many days before. "
        "Calls without a number are left out.",
        source="csr-rh#7, TicketsCAD#104: who calls again should be seen",
        compute=repeat_callers,
        needs=(
            "known",
            "repeated",
        ),
        parameters=("repeat_days",),
        not_by=(Dimension.AGENT,),
    ),
    FoundMeasure(
        key="repeat_rate",
        title="Repeat call rate",
        unit=Unit.SHARE,
        formula="repeat calls / inbound calls with a number",
        words="The share of inbound calls with a number that are repeat calls.",
        source="the complement of first contact resolution in TechTarget's FAQ: repeat contact in a database",
        compute=repeat_rate,
        needs=(
            "known",
            "repeated",
        ),
        parameters=("repeat_days",),
        not_by=(Dimension.AGENT,),
    ),
)
