"""Average handle time."""

from __future__ import annotations

from kpi.histogram import quantile
from kpi.measure import Dimension, Measure, Parameters, Unit, share
from kpi.tally import Tally


def handle_time(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Two conversations, 100 s and 50 s of talk, one with 30 s on hold, one followed by 20 s of wrap-up:

    >>> day = Tally(talks=2, held=1, wrap_ups=1, talk_ms=150_000, hold_ms=30_000, wrap_up_ms=20_000)
    >>> handle_time(day, Parameters())
    100.0
    """
    return share((tally.talk_ms + tally.hold_ms + tally.wrap_up_ms) / 1_000, tally.talks)


def handle_p90(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Nine of 60 s and one of 300 s:

    >>> handle_p90(Tally(handle_times={60: 9, 300: 1}), Parameters())
    60
    """
    return quantile(tally.handle_times, 0.9)


MEASURES = (
    Measure(
        key="aht",
        title="Average handle time",
        unit=Unit.SECONDS,
        formula="(talk + hold + wrap-up) / conversations",
        words="What a conversation costs its agent. A transferred call has several conversations, and each "
        "one is handled.",
        source="Genesys glossary; Amazon Connect AHT and contacts handled",
        compute=handle_time,
        reads=(
            "talks",
            "talk_ms",
            "hold_ms",
            "wrap_up_ms",
        ),
        not_by=(Dimension.DID,),
    ),
    Measure(
        key="handle_p90",
        title="Handle time, 90 % within",
        unit=Unit.SECONDS,
        formula="least s: count of handle times <= s is at least 90 % of conversations",
        words="Nine of ten conversations took their agents at most so long, hold and wrap-up included; a whole second.",
        source="nearest-rank percentile, of the histogram by whole second",
        compute=handle_p90,
        reads=("handle_times",),
        not_by=(Dimension.DID,),
    ),
)
