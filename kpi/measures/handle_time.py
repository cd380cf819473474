"""Average handle time, and its parts."""

from __future__ import annotations

from kpi.measure import Measure, Parameters, Unit, share
from kpi.tally import Tally


def handle_time(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """(talk + hold) / conversations, in seconds. Two conversations, 100 s and 50 s of talk, one with 30 s on hold:

    >>> handle_time(Tally(talks=2, held=1, talk_ms=150_000, hold_ms=30_000), Parameters())
    90.0
    """
    return share((tally.talk_ms + tally.hold_ms) / 1_000, tally.talks)


def talk_time(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Talk / conversations, in seconds, hold left out.

    >>> talk_time(Tally(talks=2, held=1, talk_ms=150_000, hold_ms=30_000), Parameters())
    75.0
    """
    return share(tally.talk_ms / 1_000, tally.talks)


def hold_time(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Hold / conversations that had one, in seconds.

    >>> hold_time(Tally(talks=2, held=1, talk_ms=150_000, hold_ms=30_000), Parameters())
    30.0
    """
    return share(tally.hold_ms / 1_000, tally.held)


MEASURES = (
    Measure(
        key="aht",
        title="Average handle time, without wrap-up",
        unit=Unit.SECONDS,
        formula="(talk + hold) / conversations",
        source="Genesys glossary, Amazon Connect, both of which add the wrap-up; a transferred call is handled twice",
        compute=handle_time,
    ),
    Measure(
        key="att",
        title="Average talk time",
        unit=Unit.SECONDS,
        formula="talk / conversations",
        source="Genesys agent performance",
        compute=talk_time,
    ),
    Measure(
        key="average_hold",
        title="Average hold",
        unit=Unit.SECONDS,
        formula="hold / conversations with a hold",
        source="Genesys, Amazon Connect; dividing by all conversations is another number",
        compute=hold_time,
    ),
)
