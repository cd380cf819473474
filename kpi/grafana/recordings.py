"""What Prometheus works out beforehand: agents logged in, and the callers that the service level missed."""

from __future__ import annotations

from kpi.grafana.promql import ANSWERED_OR_ABANDONED

WITHIN_S = 20  #: T of the service level
AIM = 0.8  #: the share of callers to be answered within T
WINDOWS = ("5m", "15m", "30m", "2h")


def missed_in(window: str) -> str:
    """The name of the recorded share of callers who were not answered within T."""
    return f"offhook:service_level_missed:ratio_{window}"


def callers_in(window: str) -> str:
    """The name of the recorded number of callers answered or abandoned."""
    return f"offhook:callers:increase_{window}"


def _callers(window: str) -> str:
    return f'sum by (pbx, queue) (increase(offhook_stays_total{{queue!="", {ANSWERED_OR_ABANDONED}}}[{window}]))'


def _missed(window: str) -> str:
    in_time = f'queue!="", outcome="answered", le="{WITHIN_S}.0"'
    answered = f"sum by (pbx, queue) (increase(offhook_wait_seconds_bucket{{{in_time}}}[{window}]))"
    return f"1 - {answered} / ({_callers(window)} > 0)"


RECORDINGS = {
    "offhook:agents_logged_in": "sum by (pbx, queue) (offhook_queue_agents)",
    **{callers_in(window): _callers(window) for window in WINDOWS},
    **{missed_in(window): _missed(window) for window in WINDOWS},
}
