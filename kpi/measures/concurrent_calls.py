"""The most calls at once."""

from __future__ import annotations

from kpi.found import Found
from kpi.measure import Dimension, FoundMeasure, Parameters, Unit


def concurrent_calls(found: Found, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Found by a query.

    >>> concurrent_calls(Found(most_at_once=3), Parameters())
    3
    """
    return found.most_at_once


MEASURES = (
    FoundMeasure(
        key="concurrent_peak",
        title="Most calls at once",
        unit=Unit.COUNT,
        formula="max over time of calls going on",
        words="The peak of calls going on at one instant, from their first ring to their last hang-up. A "
        "peak does not add up, so it is found from the calls, for each row anew; a call counts where "
        "it was offered.",
        source="lines and licences are bought by it; CDR-Stats concurrent calls",
        compute=concurrent_calls,
        needs=("most_at_once",),
        not_by=(Dimension.AGENT,),
    ),
)
