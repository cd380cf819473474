"""How much of their paid time calls take of agents."""

from __future__ import annotations

from kpi.measure import OF_AGENTS, Measure, Parameters, Unit, share
from kpi.tally import Tally


def utilisation(tally: Tally, parameters: Parameters) -> float | None:
    """An hour of calls in two hours logged in:

    >>> hour = 3_600_000
    >>> utilisation(Tally(talking_ms=hour, idle_ms=hour // 2, pauses={"": hour // 2}), Parameters())
    0.5
    """
    busy_ms = tally.talking_ms + tally.wrapping_ms + (tally.ringing_ms if parameters.count_ringing else 0)
    return share(busy_ms, tally.login_ms)


MEASURES = (
    Measure(
        key="utilisation",
        title="Utilisation",
        unit=Unit.SHARE,
        formula="(talking + wrap-up [+ ringing]) / login",
        words="The share of all the time logged in, pauses included, in which agents were busy with calls.",
        source="Contact Center Pipeline: utilisation counts all paid time, occupancy only that ready for calls",
        compute=utilisation,
        reads=("idle_ms", "ringing_ms", "talking_ms", "wrapping_ms", "pauses"),
        parameters=("count_ringing",),
        not_by=OF_AGENTS,
    ),
)
