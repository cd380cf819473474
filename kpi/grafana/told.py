"""What a panel says of itself: the passport of a measure, or the help of a metric."""

from __future__ import annotations

from functools import cache

from kpi.measure import all_measures
from kpi.metric_specs import SPECS

_measures = cache(all_measures)


def of_measure(key: str, more: str = "") -> str:
    """The formula and where it comes from. ``more`` says how it is asked for here."""
    measure = _measures()[key]
    text = f"{measure.title}: {measure.formula}. Source: {measure.source}."
    return f"{text} {more}".rstrip()


def of_metric(name: str, more: str = "") -> str:
    """The metric's own words."""
    return f"{SPECS[name].text} {more}".rstrip()
