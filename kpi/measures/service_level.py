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

from kpi.measure import Measure, Parameters, Unit, share
from kpi.tally import Tally, within


def answered(tally: Tally, parameters: Parameters) -> float | None:
    """A<=T / A."""
    return share(_in_time(tally, parameters), tally.answered)


def offered(tally: Tally, parameters: Parameters) -> float | None:
    """A<=T / (A + B)."""
    return share(_in_time(tally, parameters), tally.answered + tally.abandoned)


def positive(tally: Tally, parameters: Parameters) -> float | None:
    """(A<=T + B<=T) / (A + B)."""
    early = within(tally.abandoned_waits, parameters.answer_within_s)
    return share(_in_time(tally, parameters) + early, tally.answered + tally.abandoned)


def ignore(tally: Tally, parameters: Parameters) -> float | None:
    """A<=T / (A + B - B<=T)."""
    early = within(tally.abandoned_waits, parameters.answer_within_s)
    return share(_in_time(tally, parameters), tally.answered + tally.abandoned - early)


def short(tally: Tally, parameters: Parameters) -> float | None:
    """A<=T / (A + B - B<=S)."""
    return share(_in_time(tally, parameters), tally.answered + tally.abandoned - _short(tally, parameters))


def configurable(tally: Tally, parameters: Parameters) -> float | None:
    """A<=T / (A [+ B] [- B<=S] [+ X]), as the three switches say."""
    counted = tally.answered
    if parameters.count_abandoned:
        counted += tally.abandoned
        if not parameters.count_short_abandoned:
            counted -= _short(tally, parameters)
    if parameters.count_left_otherwise:
        counted += tally.left_otherwise
    return share(_in_time(tally, parameters), counted)


def _in_time(tally: Tally, parameters: Parameters) -> int:
    return within(tally.answered_waits, parameters.answer_within_s)


def _short(tally: Tally, parameters: Parameters) -> int:
    return within(tally.abandoned_waits, parameters.short_abandon_s)


MEASURES = (
    Measure(
        key="service_level_answered",
        title="Service level, of answered",
        unit=Unit.SHARE,
        formula="A<=T / A",
        source="Asterisk's SL (app_queue.c), Wazo, NethCTI; abandoned callers do not count at all",
        compute=answered,
        parameters=("answer_within_s",),
    ),
    Measure(
        key="service_level_offered",
        title="Service level, abandons count against",
        unit=Unit.SHARE,
        formula="A<=T / (A + B)",
        source="Cisco 'negative impact'",
        compute=offered,
        parameters=("answer_within_s",),
    ),
    Measure(
        key="service_level_positive",
        title="Service level, early abandons count as success",
        unit=Unit.SHARE,
        formula="(A<=T + B<=T) / (A + B)",
        source="ICMI formula 1, Asterisk's SL2, Cisco 'positive impact', Amazon Connect",
        compute=positive,
        parameters=("answer_within_s",),
    ),
    Measure(
        key="service_level_ignore",
        title="Service level, early abandons left out",
        unit=Unit.SHARE,
        formula="A<=T / (A + B - B<=T)",
        source="Cisco 'ignore', XCALLY",
        compute=ignore,
        parameters=("answer_within_s",),
    ),
    Measure(
        key="service_level_short",
        title="Service level, short abandons left out",
        unit=Unit.SHARE,
        formula="A<=T / (A + B - B<=S)",
        source="Genesys with abandons and without short abandons, RingCentral, Talkdesk",
        compute=short,
        parameters=("answer_within_s", "short_abandon_s"),
    ),
    Measure(
        key="service_level_configurable",
        title="Service level, as configured",
        unit=Unit.SHARE,
        formula="A<=T / (A [+ B] [- B<=S] [+ X])",
        source="Genesys Cloud, 'Configure the service level calculation'",
        compute=configurable,
        parameters=(
            "answer_within_s",
            "short_abandon_s",
            "count_abandoned",
            "count_short_abandoned",
            "count_left_otherwise",
        ),
    ),
)
