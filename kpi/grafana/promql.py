"""The questions in PromQL that dashboards and rules have in common.

Offhook's counters survive restarts and never fall, so what happened in a time is the difference of two instants: exact,
where ``increase()`` extrapolates. ``moved`` asks for it.
"""

from __future__ import annotations

ANSWERED_OR_ABANDONED = 'outcome=~"answered|abandoned"'


def moved(metric: str, selector: str, window: str = "$__range") -> str:
    """By how much each series of a counter rose, exactly.

    >>> moved("offhook_stays_total", 'queue="sales"', "1h")
    '(max_over_time(offhook_stays_total{queue="sales"}[1h]) - min_over_time(offhook_stays_total{queue="sales"}[1h]))'
    """
    return f"(max_over_time({metric}{{{selector}}}[{window}]) - min_over_time({metric}{{{selector}}}[{window}]))"


def summed(metric: str, selector: str, window: str = "$__range", by: str = "") -> str:
    """The sum of what a counter rose, as a whole or by some labels."""
    return f"{total_by(by)}({moved(metric, selector, window)})"


def risen(metric: str, selector: str = "", window: str = "$__range", by: str = "") -> str:
    """The same for a counter whose series begin with their first event, not with 0: of oddities, of calls filled in.

    >>> risen("a_total", "", "30m", "kind")
    'sum by (kind) (a_total{}) - (sum by (kind) (a_total{} offset 30m) or sum by (kind) (a_total{}) * 0)'
    """
    now = f"{total_by(by)}({metric}{{{selector}}})"
    return f"{now} - ({total_by(by)}({metric}{{{selector}}} offset {window}) or {now} * 0)"


def total_by(by: str) -> str:
    """``sum``, or ``sum by (...)``."""
    return f"sum by ({by}) " if by else "sum"


def per_second(metric: str, selector: str, by: str = "") -> str:
    """How fast a counter rises, for lines over time."""
    return f"{total_by(by)}(rate({metric}{{{selector}}}[$__rate_interval]))"


def service_level(selector: str, within_s: int = 20, window: str = "$__range", by: str = "") -> str:
    """A<=T / (A + B): the share answered within the time, of all who were answered or gave up. Nothing of nobody."""
    in_time = summed("offhook_wait_seconds_bucket", f'{selector}, outcome="answered", le="{within_s}.0"', window, by)
    all_of_them = summed("offhook_stays_total", f"{selector}, {ANSWERED_OR_ABANDONED}", window, by)
    return f"{in_time} / ({all_of_them} > 0)"


def mean(histogram: str, selector: str, window: str = "$__range", by: str = "") -> str:
    """The mean of a histogram's values, exactly."""
    seconds = summed(f"{histogram}_sum", selector, window, by)
    return f"{seconds} / ({summed(f'{histogram}_count', selector, window, by)} > 0)"


def share(metric: str, part: str, whole: str, window: str = "$__range", by: str = "") -> str:
    """One selection of a counter as a share of another."""
    return f"{summed(metric, part, window, by)} / ({summed(metric, whole, window, by)} > 0)"


def percentile(histogram: str, selector: str, quantile: float, window: str = "$__range", by: str = "") -> str:
    """A percentile, interpolated within its bucket."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({quantile}, {summed(f'{histogram}_bucket', selector, window, labels)})"
