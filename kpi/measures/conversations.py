"""Conversations of agents."""

from __future__ import annotations

from kpi.measure import Measure, Parameters, Unit
from kpi.tally import Tally


def conversations(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Each agent connection counts.

    >>> conversations(Tally(talks=2), Parameters())
    2
    """
    return tally.talks


MEASURES = (
    Measure(
        key="conversations",
        title="Conversations",
        unit=Unit.COUNT,
        formula="conversations",
        words="Turns of agents in calls: a call that is transferred to a colleague has two.",
        source="Amazon Connect: contacts handled",
        compute=conversations,
        reads=("talks",),
    ),
)
