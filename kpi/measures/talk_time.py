"""Average talk time."""

from __future__ import annotations

from kpi.measure import Measure, Parameters, Unit, share
from kpi.tally import Tally


def talk_time(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """100 s and 50 s of talk:

    >>> talk_time(Tally(talks=2, held=1, talk_ms=150_000, hold_ms=30_000), Parameters())
    75.0
    """
    return share(tally.talk_ms / 1_000, tally.talks)


MEASURES = (
    Measure(
        key="att",
        title="Average talk time",
        unit=Unit.SECONDS,
        formula="talk / conversations",
        words="The time an agent's phone and the other party were connected and not on hold, from the "
        "bridges, per conversation.",
        source="Genesys agent performance",
        compute=talk_time,
        reads=(
            "talks",
            "talk_ms",
        ),
    ),
)
