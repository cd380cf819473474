"""Average hold."""

from __future__ import annotations

from kpi.measure import Measure, Parameters, Unit, share
from kpi.tally import Tally


def hold_time(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Two conversations, one of them 30 s on hold:

    >>> hold_time(Tally(talks=2, held=1, talk_ms=150_000, hold_ms=30_000), Parameters())
    30.0
    """
    return share(tally.hold_ms / 1_000, tally.held)


MEASURES = (
    Measure(
        key="average_hold",
        title="Average hold",
        unit=Unit.SECONDS,
        formula="hold / conversations with a hold",
        words="The time on hold, divided by the conversations that had any; dividing by all conversations "
        "is another number.",
        source="Genesys, Amazon Connect",
        compute=hold_time,
        reads=(
            "held",
            "hold_ms",
        ),
    ),
)
