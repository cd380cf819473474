"""Average wrap-up (after-call work)."""

from __future__ import annotations

from kpi.measure import Dimension, Measure, Parameters, Unit, share
from kpi.tally import Tally


def wrap_up_time(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Two conversations, one followed by 20 s of wrap-up:

    >>> wrap_up_time(Tally(talks=2, wrap_ups=1, wrap_up_ms=20_000), Parameters())
    20.0
    """
    return share(tally.wrap_up_ms / 1_000, tally.wrap_ups)


MEASURES = (
    Measure(
        key="acw",
        title="Average wrap-up",
        unit=Unit.SECONDS,
        formula="wrap-up / conversations with a wrap-up",
        words="The time after a conversation in which its agent gets no call, divided by the conversations "
        "that had any.",
        source="Genesys; Contact Center Pipeline divides by all conversations, as the handle time here does",
        compute=wrap_up_time,
        reads=(
            "wrap_ups",
            "wrap_up_ms",
        ),
        not_by=(Dimension.DID,),
    ),
)
