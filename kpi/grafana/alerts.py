"""What somebody should be told of: each alert with its question, its limit and its words.

An alert's ``vectors`` are the questions without their limits: a test asks them of a running Offhook, so that no alert
waits for a metric that there is not.

**Service level at risk** is by burn rate, in two windows at once (Google's SRE workbook, chapter 5). The aim, 80 %
within 20 s, allows one caller in five to be missed. When all are missed, the allowance is used five times as fast as it
may be: so 3 is fast, 1.5 is slow. The long window keeps a short burst quiet, the short one ends the alert soon after
the matter has ended; a window with few callers says nothing.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from kpi.grafana.promql import risen
from kpi.grafana.recordings import AIM, WITHIN_S, callers_in, missed_in

ALLOWED = 1 - AIM
FEW_CALLERS = 10
_ARRIVED = 'sum by (target) (increase(offhook_outbox_deliveries_total{result="delivered"}[30m]))'


class Severity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """``expr`` has a row where something is wrong, for at least ``lasting``."""

    name: str
    expr: str
    vectors: tuple[str, ...]
    lasting: str = ""
    severity: Severity = Severity.WARNING
    summary: str
    description: str


def _over(name: str, vector: str, limit: str, summary: str, description: str, **more: object) -> Alert:
    """An alert on one vector that passes a limit: ``> 180``."""
    fields = {"lasting": "", "severity": Severity.WARNING} | more
    return msgspec.convert(
        {
            "name": name,
            "expr": f"{vector} {limit}",
            "vectors": (vector,),
            "summary": summary,
            "description": description,
        }
        | fields,
        Alert,
    )


def _burning(name: str, pace: float, long: str, short: str, severity: Severity, what: str) -> Alert:
    limit = round(pace * ALLOWED, 4)
    vectors = missed_in(long), missed_in(short), callers_in(long)
    return Alert(
        name=name,
        expr=f"{vectors[0]} > {limit} and {vectors[1]} > {limit} and {vectors[2]} >= {FEW_CALLERS}",
        vectors=vectors,
        severity=severity,
        summary=f"Queue {{{{ $labels.queue }}}}: the service level falls {what}",
        description=f"{{{{ $value | humanizePercentage }}}} of the callers of the last {long} were not answered within "
        f"{WITHIN_S} s; {ALLOWED:.0%} are allowed. It is so in the last {short} too.",
    )


_CALLERS = (
    _over(
        "OffhookCallerWaitsLong",
        "offhook_longest_wait_seconds",
        "> 180",
        "Queue {{ $labels.queue }}: a caller waits {{ $value | humanizeDuration }}",
        "The first caller in queue {{ $labels.queue }} of PBX {{ $labels.pbx }} has waited for over three minutes.",
        lasting="30s",
    ),
    Alert(
        name="OffhookNobodyLoggedIn",
        expr="offhook_calls_waiting > 0 and on (pbx, queue) offhook:agents_logged_in == 0",
        vectors=("offhook_calls_waiting", "offhook:agents_logged_in"),
        lasting="1m",
        severity=Severity.CRITICAL,
        summary="Queue {{ $labels.queue }}: callers wait and nobody is logged in",
        description="{{ $value }} callers wait in queue {{ $labels.queue }} of PBX {{ $labels.pbx }}. It has no agent.",
    ),
    _burning("OffhookServiceLevelFallsFast", 3, "15m", "5m", Severity.CRITICAL, "fast"),
    _burning("OffhookServiceLevelAtRisk", 1.5, "2h", "30m", Severity.WARNING, "slowly"),
)
_LINKS = (
    _over(
        "OffhookDown",
        'up{job="offhook"}',
        "== 0",
        "Offhook does not answer",
        "Prometheus cannot read the metrics of {{ $labels.instance }}: Offhook is down, or not reachable from here.",
        lasting="1m",
        severity=Severity.CRITICAL,
    ),
    _over(
        "OffhookLinkDown",
        "offhook_link_up",
        "== 0",
        "PBX {{ $labels.pbx }} is not read",
        "Offhook has no connection to the events of PBX {{ $labels.pbx }}: no screen pops, and what happens is missed.",
        lasting="1m",
        severity=Severity.CRITICAL,
    ),
    _over(
        "OffhookLinkUnsteady",
        "increase(offhook_link_reconnects_total[1h])",
        "> 3",
        "PBX {{ $labels.pbx }}: the link breaks again and again",
        "The link was made anew {{ $value | humanize }} times within an hour.",
    ),
    Alert(
        name="OffhookPbxSilent",
        expr="offhook_link_silence_seconds > 300 and on (pbx) sum by (pbx) (offhook_calls_in_progress) > 0",
        vectors=("offhook_link_silence_seconds", "sum by (pbx) (offhook_calls_in_progress)"),
        lasting="1m",
        summary="PBX {{ $labels.pbx }} says nothing while calls go on",
        description="No event for {{ $value | humanizeDuration }} although calls are in progress.",
    ),
)
_TRUTH = (
    _over(
        "OffhookOddities",
        f"({risen('offhook_oddities_total', '', '30m', 'pbx, kind')})",
        "> 10 and on (pbx) (offhook_link_up offset 30m)",
        "PBX {{ $labels.pbx }} sends what the call model does not expect",
        "{{ $value | humanize }} events of the kind {{ $labels.kind }} within half an hour.",
    ),
    _over(
        "OffhookCoverageLow",
        "offhook_coverage_today",
        "< 0.99",
        "PBX {{ $labels.pbx }}: a part of today is not known",
        "Only {{ $value | humanizePercentage }} of today was seen or filled in: the reports of today lack calls.",
        lasting="10m",
    ),
    _over(
        "OffhookNumbersDoNotAddUp",
        "offhook_stay_difference",
        "!= 0",
        "Queue {{ $labels.queue }}: entered is not answered + abandoned + left otherwise + waiting",
        "The difference is {{ $value }} for five minutes: events were lost, or Offhook has a fault.",
        lasting="5m",
        severity=Severity.CRITICAL,
    ),
)
_STORE = (
    _over(
        "OffhookStoreBehind",
        "offhook_recorder_lag_seconds",
        "> 30",
        "Calls wait for the database",
        "The oldest entry has waited for {{ $value | humanizeDuration }}: the database is away, full or too slow.",
        lasting="1m",
    ),
    _over(
        "OffhookRowsRefused",
        "increase(offhook_recorder_refused_total[1h])",
        "> 0",
        "The database refused calls",
        "{{ $value | humanize }} rows within an hour; each left an oddity with its place in the journal.",
    ),
    _over(
        "OffhookEventsMissed",
        'increase(offhook_feed_missed_total{follower="recorder"}[1h])',
        "> 0",
        "The recorder was too slow for the events",
        "{{ $value | humanize }} events were dropped before they were stored; the journal has them.",
        severity=Severity.CRITICAL,
    ),
    _over(
        "OffhookJournalFull",
        "offhook_journal_failing",
        "== 1",
        "PBX {{ $labels.pbx }}: the journal cannot be written",
        "The disk is full or failing. Memory takes what comes until it is full too; then it is lost.",
        lasting="1m",
        severity=Severity.CRITICAL,
    ),
    _over(
        "OffhookJournalLost",
        "increase(offhook_journal_lost_bytes_total[1h])",
        "> 0",
        "PBX {{ $labels.pbx }}: the journal has a gap",
        "{{ $value | humanize }} bytes could not be kept within an hour. Calls are stored all the same; after a crash "
        "they could not be read again.",
    ),
)
_POPS = (
    _over(
        "OffhookPopsSlow",
        "histogram_quantile(0.95, sum by (le) (rate(offhook_pop_delay_seconds_bucket[30m])))",
        "> 1",
        "Screen pops are late",
        "One pop in twenty took {{ $value | humanizeDuration }} or more from the ring to the screen.",
        lasting="10m",
    ),
    _over(
        "OffhookLookupsFail",
        'sum by (source) (increase(offhook_lookup_results_total{result=~"errors|given_up"}[15m])) '
        "/ (sum by (source) (increase(offhook_lookups_total[15m])) > 5)",
        "> 0.5",
        "Source {{ $labels.source }} does not answer look-ups",
        "{{ $value | humanizePercentage }} of the look-ups failed or were given up: cards lack what it knows.",
        lasting="5m",
    ),
    _over(
        "OffhookSeriesFolded",
        "offhook_series_folded",
        "> 0",
        "More {{ $labels.label }} names than there are series for",
        "{{ $value }} names share the name other. If they are real, raise the limit in [metrics]; else the PBX makes "
        "names up.",
        lasting="15m",
    ),
)
_OUTBOX = (
    _over(
        "OffhookDeadLetters",
        "offhook_outbox_dead",
        "> 0",
        "{{ $labels.target }} was not told of {{ $value }} calls, and will not be",
        "It refused them, or could not be reached for a week. /outbox says why, and tells them again or drops them.",
        lasting="5m",
    ),
    Alert(
        name="OffhookOutboxStuck",
        expr=f"offhook_outbox_oldest_seconds > 1800 and on (target) {_ARRIVED} == 0",
        vectors=("offhook_outbox_oldest_seconds", _ARRIVED),
        lasting="5m",
        summary="{{ $labels.target }} is told of no calls",
        description="The oldest call has waited for {{ $value | humanizeDuration }}, and none has arrived for half an "
        "hour. They are tried again for a week; nothing is lost yet.",
    ),
    _over(
        "OffhookOutboxLeftOver",
        "min(offhook_outbox_left_over)",
        "> 0",
        "{{ $value }} calls are for a CRM or webhook that is not in the settings",
        "It was renamed or taken out while they waited, so nobody tells them. /outbox has them.",
        lasting="15m",
    ),
)

ALERTS = (*_CALLERS, *_LINKS, *_TRUTH, *_STORE, *_POPS, *_OUTBOX)
