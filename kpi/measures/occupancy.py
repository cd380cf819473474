"""How much of their time calls take of agents."""

from __future__ import annotations

from kpi.measure import OF_AGENTS, Measure, Parameters, Unit, share
from kpi.tally import Tally


def occupancy(tally: Tally, parameters: Parameters) -> float | None:
    """An hour: 30 min on calls, 6 in wrap-up, 4 ringing, 20 idle; and an hour of pause, which does not count:

    >>> minute = 60_000
    >>> busy = {"talking_ms": 30 * minute, "wrapping_ms": 6 * minute, "ringing_ms": 4 * minute}
    >>> day = Tally(**busy, idle_ms=20 * minute, pauses={"lunch": 60 * minute})
    >>> occupancy(day, Parameters()), round(occupancy(day, Parameters(count_ringing=True)), 4)
    (0.6, 0.6667)
    """
    busy_ms = tally.talking_ms + tally.wrapping_ms + (tally.ringing_ms if parameters.count_ringing else 0)
    return share(busy_ms, tally.login_ms - tally.paused_ms)


MEASURES = (
    Measure(
        key="occupancy",
        title="Occupancy",
        unit=Unit.SHARE,
        formula="(talking + wrap-up [+ ringing]) / (login - pause)",
        words="The share of the time ready for calls, or busy with them, in which agents were busy; two "
        "calls at once are still one time.",
        source="Amazon Connect: on contact / (on contact + idle)",
        compute=occupancy,
        reads=("idle_ms", "ringing_ms", "talking_ms", "wrapping_ms", "pauses"),
        parameters=("count_ringing",),
        not_by=OF_AGENTS,
    ),
)
