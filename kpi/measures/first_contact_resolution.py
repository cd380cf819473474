"""Calls after which the customer did not have to call again."""

from __future__ import annotations

from kpi.found import Found
from kpi.measure import Dimension, FoundMeasure, Parameters, Unit, share


def first_contact_resolution(found: Found, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Of ten answered calls, three customers called again:

    >>> first_contact_resolution(Found(settled=10, resolved=7), Parameters())
    0.7
    """
    return share(found.resolved, found.settled)


MEASURES = (
    FoundMeasure(
        key="fcr",
        title="First contact resolution, by repeat calls",
        unit=Unit.SHARE,
        formula="answered inbound calls without another call within repeat_days / answered inbound calls",
        words="A proxy: what was resolved is not asked, only whether the same number called again in time. "
        "Calls whose days are not over yet, and calls without a number, are left out.",
        source="TechTarget FAQ: repeat contact in a database; no standard window was found, the site chooses its own",
        compute=first_contact_resolution,
        needs=(
            "settled",
            "resolved",
        ),
        parameters=("repeat_days",),
        not_by=(Dimension.AGENT,),
    ),
)
