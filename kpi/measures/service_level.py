"""Service level, in the six ways that are in use. They differ in what becomes of callers who gave up.

ICMI's sample, 1,000 answered (860 within 20 s) and 60 abandoned (20 within 20 s, 10 of these within 5 s):

>>> from kpi.measure import Parameters
>>> from kpi.tally import Tally
>>> from cti.model import StayOutcome
>>> icmi = Tally(
...     entered=1060,
...     stays={StayOutcome.ANSWERED: 1000, StayOutcome.ABANDONED: 60},
...     answered_waits={20: 860, 21: 140},
...     abandoned_waits={5: 10, 20: 10, 21: 40},
... )
>>> for measure in MEASURES:
...     print(measure.key, round(100 * measure.compute(icmi, Parameters()), 1))
service_level_answered 86.0
service_level_offered 81.1
service_level_positive 83.0
service_level_ignore 82.7
service_level_short 81.9
service_level_configurable 81.1
"""

from __future__ import annotations

from collections.abc import Callable

from kpi.histogram import within
from kpi.measure import OF_CALLERS, Measure, Parameters, Ratio, Unit
from kpi.tally import Tally


def answered(tally: Tally, parameters: Parameters) -> Ratio:
    """A<=T / A."""
    return Ratio(_in_time(tally, parameters), tally.answered)


def offered(tally: Tally, parameters: Parameters) -> Ratio:
    """A<=T / (A + B)."""
    return Ratio(_in_time(tally, parameters), tally.answered + tally.abandoned)


def positive(tally: Tally, parameters: Parameters) -> Ratio:
    """(A<=T + B<=T) / (A + B)."""
    early = within(tally.abandoned_waits, parameters.answer_within_s)
    return Ratio(_in_time(tally, parameters) + early, tally.answered + tally.abandoned)


def ignore(tally: Tally, parameters: Parameters) -> Ratio:
    """A<=T / (A + B - B<=T)."""
    early = within(tally.abandoned_waits, parameters.answer_within_s)
    return Ratio(_in_time(tally, parameters), tally.answered + tally.abandoned - early)


def short(tally: Tally, parameters: Parameters) -> Ratio:
    """A<=T / (A + B - B<=S)."""
    return Ratio(_in_time(tally, parameters), tally.answered + tally.abandoned - _short(tally, parameters))


def configurable(tally: Tally, parameters: Parameters) -> Ratio:
    """A<=T / (A [+ B] [- B<=S] [+ X]), as the three switches say."""
    counted = tally.answered
    if parameters.count_abandoned:
        counted += tally.abandoned
        if not parameters.count_short_abandoned:
            counted -= _short(tally, parameters)
    if parameters.count_left_otherwise:
        counted += tally.left_otherwise
    return Ratio(_in_time(tally, parameters), counted)


def _in_time(tally: Tally, parameters: Parameters) -> int:
    return within(tally.answered_waits, parameters.answer_within_s)


def _short(tally: Tally, parameters: Parameters) -> int:
    return within(tally.abandoned_waits, parameters.short_abandon_s)


def value_of(ratio: Callable[[Tally, Parameters], Ratio]) -> Callable[[Tally, Parameters], float | None]:
    return lambda tally, parameters: ratio(tally, parameters).value


_SWITCHES = ("count_abandoned", "count_short_abandoned", "count_left_otherwise")
_VARIANTS: tuple[tuple[Callable[[Tally, Parameters], Ratio], str, str, str, str, tuple[str, ...]], ...] = (
    (
        answered,
        "of answered",
        "A<=T / A",
        "Of those answered, the share answered within T; callers who gave up do not count at all.",
        "Asterisk's SL (app_queue.c), Wazo quality_of_service, NethCTI, VICIdial TMR",
        (),
    ),
    (
        offered,
        "abandons count against",
        "A<=T / (A + B)",
        "Of those answered or given up, the share answered within T.",
        "Cisco 'negative impact', VICIdial SL",
        (),
    ),
    (
        positive,
        "early abandons count as success",
        "(A<=T + B<=T) / (A + B)",
        "Of those answered or given up, the share that was answered, or gave up, within T.",
        "ICMI formula 1, Asterisk's SL2, Cisco 'positive impact', Amazon Connect",
        (),
    ),
    (
        ignore,
        "early abandons left out",
        "A<=T / (A + B - B<=T)",
        "As if those who gave up within T had not called.",
        "Cisco 'ignore', XCALLY",
        (),
    ),
    (
        short,
        "short abandons left out",
        "A<=T / (A + B - B<=S)",
        "As if those who gave up within S had not called.",
        "Genesys with abandons and without short abandons, RingCentral, Talkdesk",
        ("short_abandon_s",),
    ),
    (
        configurable,
        "as configured",
        "A<=T / (A [+ B] [- B<=S] [+ X])",
        "Of those answered and whatever else the site counts, the share answered within T.",
        "Genesys Cloud, 'Configure the service level calculation'",
        ("short_abandon_s", *_SWITCHES),
    ),
)

MEASURES = tuple(
    Measure(
        key=f"service_level_{ratio.__name__}",
        title=f"Service level, {title}",
        unit=Unit.SHARE,
        formula=formula,
        words=words,
        source=source,
        compute=value_of(ratio),
        ratio=ratio,
        reads=("stays", "answered_waits", "abandoned_waits"),
        cuts=True,
        parameters=("answer_within_s", *more),
        not_by=OF_CALLERS,
    )
    for ratio, title, formula, words, source, more in _VARIANTS
)
