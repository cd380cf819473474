"""How many conversations an agent has in an hour of his time."""

from __future__ import annotations

from kpi.measure import OF_AGENTS, Measure, Parameters, Unit, share
from kpi.tally import Tally


def calls_per_hour(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Six conversations in half an hour of idling and an hour of talk:

    >>> hour = 3_600_000
    >>> calls_per_hour(Tally(talks=6, idle_ms=hour // 2, talking_ms=hour), Parameters())
    4.0
    """
    return share(tally.talks, tally.login_ms / 3_600_000)


MEASURES = (
    Measure(
        key="calls_per_hour",
        title="Conversations per hour logged in",
        unit=Unit.PER_HOUR,
        formula="conversations / hours logged in",
        words="Conversations divided by the hours that agents were logged in, pauses included.",
        source="Contact Center Pipeline: contacts per hour",
        compute=calls_per_hour,
        reads=(
            "talks",
            "idle_ms",
            "ringing_ms",
            "talking_ms",
            "wrapping_ms",
            "pauses",
        ),
        not_by=OF_AGENTS,
    ),
)
