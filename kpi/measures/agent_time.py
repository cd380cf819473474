"""What agents did with their time: logged in, idle, ringing, talking, in wrap-up, paused.

Times are cut at the borders of the report's rows, not counted where they began: no hour has more than 60 minutes of
an agent. The parts add up to the time logged in.

>>> from kpi.measure import Parameters
>>> from kpi.tally import Tally
>>> day = Tally(idle_ms=60_000, ringing_ms=5_000, talking_ms=90_000, wrapping_ms=15_000, pauses={"lunch": 30_000})
>>> for measure in MEASURES:
...     print(measure.key, measure.compute(day, Parameters()))
login_time 200.0
idle_time 60.0
ringing_time 5.0
talking_time 90.0
wrapping_time 15.0
pause_time 30.0
"""

from __future__ import annotations

from collections.abc import Callable

from kpi.measure import OF_AGENTS, Measure, Parameters, Unit
from kpi.tally import Tally

_SOURCE = "QueueMemberStatus, QueueMemberPause and the agents' channels; mod_callcenter's agent states"
_TIMES: tuple[tuple[str, str, str, tuple[str, ...], Callable[[Tally], int], str], ...] = (
    (
        "login_time",
        "Time logged in",
        "idle + ringing + talking + wrap-up + pause",
        ("idle_ms", "ringing_ms", "talking_ms", "wrapping_ms", "pauses"),
        lambda tally: tally.login_ms,
        "Time in at least one queue, or on a call; in three queues at once is still one time.",
    ),
    ("idle_time", "Time idle", "idle", ("idle_ms",), lambda tally: tally.idle_ms, "Ready, and no call there."),
    (
        "ringing_time",
        "Time ringing",
        "ringing",
        ("ringing_ms",),
        lambda tally: tally.ringing_ms,
        "The phone rings and nobody has answered it yet.",
    ),
    (
        "talking_time",
        "Time on calls",
        "talking",
        ("talking_ms",),
        lambda tally: tally.talking_ms,
        "On the phone, hold, own calls and internal ones included; two calls at once are one time.",
    ),
    (
        "wrapping_time",
        "Time in wrap-up",
        "wrap-up",
        ("wrapping_ms",),
        lambda tally: tally.wrapping_ms,
        "After a call of a queue, while the queue leaves the agent in peace.",
    ),
    (
        "pause_time",
        "Time paused",
        "pause",
        ("pauses",),
        lambda tally: tally.paused_ms,
        "Paused in all his queues and not on the phone; a row of the report has it by reason as well.",
    ),
)


def in_seconds(of: Callable[[Tally], int]) -> Callable[[Tally, Parameters], float | None]:
    """A time of the tally, in seconds.

    >>> in_seconds(lambda tally: tally.idle_ms)(Tally(idle_ms=1_500), Parameters())
    1.5
    """
    return lambda tally, _: of(tally) / 1_000


MEASURES = tuple(
    Measure(
        key=key,
        title=title,
        unit=Unit.SECONDS,
        formula=formula,
        words=words,
        source=_SOURCE,
        compute=in_seconds(of),
        reads=reads,
        not_by=OF_AGENTS,
    )
    for key, title, formula, reads, of, words in _TIMES
)
