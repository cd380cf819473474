"""Is all well: links to the PBXs, trunks, what was not seen, the journal, the store, pops, look-ups, CRMs told."""

from __future__ import annotations

from kpi.grafana.frame import OF_PBX, PBX, Page
from kpi.grafana.promql import per_second, risen, summed
from kpi.grafana.told import of_metric
from kpi.grafana.view import MUST_BE_0, MUST_BE_1, Query, Shape, View, bars, lines, number, stack

_LINKS = (
    number(
        "PBX read",
        of_metric("offhook_link_up"),
        f"offhook_link_up{{{OF_PBX}}}",
        "{{pbx}}",
        steps=MUST_BE_1,
        words=(("0", "DOWN", "red"), ("1", "up", "green")),
        width=5,
        height=5,
        none="no PBX",
    ),
    number(
        "Known of today",
        of_metric("offhook_coverage_today"),
        f"min(offhook_coverage_today{{{OF_PBX}}})",
        unit="percentunit",
        decimals=2,
        steps=((None, "red"), (0.99, "orange"), (0.999, "green")),
        width=5,
        height=5,
    ),
    number(
        "Calls filled in, in the time shown",
        of_metric("offhook_calls_filled_total"),
        f"{risen('offhook_calls_filled_total', OF_PBX)} or vector(0)",
        width=5,
        height=5,
    ),
    number(
        "Not seen, in the time shown",
        of_metric("offhook_gap_seconds_total"),
        summed("offhook_gap_seconds_total", OF_PBX),
        unit="s",
        decimals=0,
        steps=((None, "green"), (1, "orange"), (60, "red")),
        width=5,
        height=5,
    ),
    number(
        "Connected anew, in the time shown",
        of_metric("offhook_link_reconnects_total"),
        f"sum(increase(offhook_link_reconnects_total{{{OF_PBX}}}[$__range]))",
        decimals=0,
        steps=((None, "green"), (1, "orange"), (10, "red")),
        width=4,
        height=5,
    ),
    lines(
        "Events read",
        of_metric("offhook_events_read_total"),
        per_second("offhook_events_read_total", OF_PBX, "pbx"),
        "{{pbx}}",
        unit="eps",
    ),
    lines(
        "Time to answer a keepalive",
        of_metric("offhook_link_keepalive_seconds"),
        f"offhook_link_keepalive_seconds{{{OF_PBX}}}",
        "{{pbx}}",
        unit="s",
        steps=((None, "green"), (1, "orange"), (5, "red")),
    ),
)

_TRUNKS = (
    stack(
        "Channels in use, by trunk",
        of_metric("offhook_trunk_calls"),
        f"sum by (pbx, trunk) (offhook_trunk_calls{{{OF_PBX}}})",
        "{{pbx}} {{trunk}}",
    ),
    stack(
        "Calls in progress",
        of_metric("offhook_calls_in_progress"),
        f"sum by (direction) (offhook_calls_in_progress{{{OF_PBX}}})",
        "{{direction}}",
    ),
    stack(
        "Calls that found nobody or failed, in each quarter of an hour",
        "Busy, not answered, failed: the PBX or the trunk could not place the call. "
        + of_metric("offhook_calls_total"),
        summed("offhook_calls_total", f'{OF_PBX}, outcome=~"busy|no_answer|failed"', "15m", "outcome"),
        "{{outcome}}",
        width=24,
        height=7,
    ),
)

_ODD = (
    bars(
        "Not expected, by kind",
        of_metric("offhook_oddities_total", "All there ever were, where Prometheus began later than the time shown."),
        risen("offhook_oddities_total", OF_PBX, by="kind"),
        "{{kind}}",
        none="nothing odd",
    ),
    lines(
        "Numbers that do not add up",
        of_metric("offhook_stay_difference"),
        f"sum by (pbx, queue) (offhook_stay_difference{{{OF_PBX}}})",
        "{{pbx}} {{queue}}",
        steps=MUST_BE_0,
        least=None,
    ),
)

_STORE = (
    lines(
        "Behind the store",
        of_metric("offhook_recorder_lag_seconds"),
        "offhook_recorder_lag_seconds",
        "lag",
        unit="s",
        steps=((None, "green"), (1, "orange"), (30, "red")),
        width=8,
    ),
    lines(
        "Entries that wait for the store",
        of_metric("offhook_recorder_backlog"),
        "offhook_recorder_backlog",
        "waiting",
        width=8,
    ),
    View(
        title="Faults on the way to the store, in the time shown",
        text="Failed attempts to write, rows refused for good, events that the recorder was too slow for.",
        queries=(
            Query("sum(increase(offhook_recorder_retries_total[$__range]))", "attempts failed"),
            Query("sum(increase(offhook_recorder_refused_total[$__range]))", "rows refused"),
            Query('sum(increase(offhook_feed_missed_total{follower="recorder"}[$__range]))', "events missed"),
        ),
        shape=Shape.BARS,
        decimals=0,
        steps=((None, "green"), (1, "red")),
        width=8,
    ),
    lines(
        "Bytes that wait for the journal",
        of_metric("offhook_journal_waiting_bytes"),
        f"offhook_journal_waiting_bytes{{{OF_PBX}}}",
        "{{pbx}}",
        unit="bytes",
        width=8,
        none="no journal",
    ),
    lines(
        "Written to the journal",
        of_metric("offhook_journal_written_bytes_total"),
        per_second("offhook_journal_written_bytes_total", OF_PBX, "pbx"),
        "{{pbx}}",
        unit="Bps",
        width=8,
        none="no journal",
    ),
    number(
        "Journal: lost, in the time shown",
        of_metric("offhook_journal_lost_bytes_total"),
        f"sum(increase(offhook_journal_lost_bytes_total{{{OF_PBX}}}[$__range]))",
        unit="bytes",
        decimals=0,
        steps=((None, "green"), (1, "red")),
        width=8,
        height=8,
        none="no journal",
    ),
)

_POPS = (
    View(
        title="From the ring to the card on the screen",
        text="Half and 95 % of the pops of the last hour were shown within this time.",
        queries=tuple(
            Query(f"histogram_quantile({q / 100}, sum by (le) (rate(offhook_pop_delay_seconds_bucket[1h])))", f"{q}th")
            for q in (50, 95)
        ),
        unit="s",
        steps=((None, "green"), (1, "orange")),
        width=8,
        none="no pops",
    ),
    lines(
        "Time a source took for a look-up, 95th percentile",
        "95 % of the look-ups of the last hour took no longer.",
        "histogram_quantile(0.95, sum by (le, source) (rate(offhook_lookup_seconds_bucket[1h])))",
        "{{source}}",
        unit="s",
        steps=((None, "green"), (0.8, "orange")),
        width=8,
        none="no look-ups",
    ),
    bars(
        "Look-ups, by what became of them",
        "hits and misses answered; errors failed; given_up did not answer in time; late came after the deadline.",
        "sum by (result) (increase(offhook_lookup_results_total[$__range]))",
        "{{result}}",
        decimals=0,
        width=8,
        none="no look-ups",
    ),
)

_TOLD = (
    View(
        title="Dead letters",
        text="Calls that a CRM or webhook refused, or that could not be delivered for a week: somebody has to look. "
        "And those for a CRM or webhook that was renamed or taken out.",
        queries=(
            Query("offhook_outbox_dead", "{{target}}"),
            Query("min(offhook_outbox_left_over)", "not in the settings"),
        ),
        shape=Shape.STAT,
        decimals=0,
        steps=((None, "green"), (1, "red")),
        width=8,
        none="nobody is told",
    ),
    lines(
        "Calls that wait to be told",
        "Tried again with growing pauses until they have arrived. They are counted every ten seconds.",
        "offhook_outbox_waiting",
        "{{target}}",
        width=8,
        none="nobody is told",
    ),
    lines(
        "How long the oldest has waited",
        "Half an hour without any that arrives is an alert.",
        "offhook_outbox_oldest_seconds",
        "{{target}}",
        unit="s",
        steps=((None, "green"), (1800, "orange")),
        width=8,
        none="nobody is told",
    ),
    bars(
        "Attempts to tell of ended calls, in the time shown",
        "delivered arrived; failed did not, and are tried again or given up; buried are those given up.",
        "sum by (target, result) (increase(offhook_outbox_deliveries_total[$__range]))",
        "{{target}} {{result}}",
        decimals=0,
        none="nobody is told",
    ),
    View(
        title="Told while it happens, in the time shown",
        text="Webhooks' live events, and messages to a help desk's log of callers: what is late is not told any more.",
        queries=(
            Query("sum by (target, result) (increase(offhook_webhook_live_total[$__range]))", "{{target}} {{result}}"),
            Query("sum by (source, result) (increase(offhook_cti_push_total[$__range]))", "{{source}} {{result}}"),
        ),
        shape=Shape.BARS,
        decimals=0,
        none="nobody is told",
    ),
)

PBXS = Page(
    uid="offhook-health",
    title="Offhook: PBX, trunks and health",
    text="Is all well: links, trunks, what was not seen, the journal, the store, screen pops, look-ups, CRMs told.",
    variables=(PBX,),
    rows=(
        ("Links", _LINKS),
        ("Trunks", _TRUNKS),
        ("What should not be", _ODD),
        ("Store and journal", _STORE),
        ("Screen pops", _POPS),
        ("Calls told to CRMs and webhooks", _TOLD),
    ),
)
