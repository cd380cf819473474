"""Is all well: links to the PBXs, trunks, what was not seen, the journal, the store, pops, look-ups, CRMs told."""

from __future__ import annotations

from kpi.grafana.frame import OF_PBX, PBX, Page
from kpi.grafana.promql import per_second, risen, summed
from kpi.grafana.told import of_metric
from kpi.grafana.view import MUST_BE_0, MUST_BE_1, Query, Shape, View

_LINKS = (
    View(
        title="PBX read",
        text=of_metric("offhook_link_up"),
        queries=(Query(f"offhook_link_up{{{OF_PBX}}}", "{{pbx}}"),),
        shape=Shape.STAT,
        steps=MUST_BE_1,
        words=(("0", "DOWN", "red"), ("1", "up", "green")),
        width=5,
        height=5,
        none="no PBX",
    ),
    View(
        title="Known of today",
        text=of_metric("offhook_coverage_today"),
        queries=(Query(f"min(offhook_coverage_today{{{OF_PBX}}})"),),
        shape=Shape.STAT,
        unit="percentunit",
        decimals=2,
        steps=((None, "red"), (0.99, "orange"), (0.999, "green")),
        width=5,
        height=5,
    ),
    View(
        title="Calls filled in, in the time shown",
        text=of_metric("offhook_calls_filled_total"),
        queries=(Query(f"{risen('offhook_calls_filled_total', OF_PBX)} or vector(0)"),),
        shape=Shape.STAT,
        width=5,
        height=5,
    ),
    View(
        title="Not seen, in the time shown",
        text=of_metric("offhook_gap_seconds_total"),
        queries=(Query(summed("offhook_gap_seconds_total", OF_PBX)),),
        shape=Shape.STAT,
        unit="s",
        decimals=0,
        steps=((None, "green"), (1, "orange"), (60, "red")),
        width=5,
        height=5,
    ),
    View(
        title="Connected anew, in the time shown",
        text=of_metric("offhook_link_reconnects_total"),
        queries=(Query(f"sum(increase(offhook_link_reconnects_total{{{OF_PBX}}}[$__range]))"),),
        shape=Shape.STAT,
        decimals=0,
        steps=((None, "green"), (1, "orange"), (10, "red")),
        width=4,
        height=5,
    ),
    View(
        title="Events read",
        text=of_metric("offhook_events_read_total"),
        queries=(Query(per_second("offhook_events_read_total", OF_PBX, "pbx"), "{{pbx}}"),),
        unit="eps",
    ),
    View(
        title="Time to answer a keepalive",
        text=of_metric("offhook_link_keepalive_seconds"),
        queries=(Query(f"offhook_link_keepalive_seconds{{{OF_PBX}}}", "{{pbx}}"),),
        unit="s",
        steps=((None, "green"), (1, "orange"), (5, "red")),
    ),
)

_TRUNKS = (
    View(
        title="Channels in use, by trunk",
        text=of_metric("offhook_trunk_calls"),
        queries=(Query(f"sum by (pbx, trunk) (offhook_trunk_calls{{{OF_PBX}}})", "{{pbx}} {{trunk}}"),),
        shape=Shape.STACK,
    ),
    View(
        title="Calls in progress",
        text=of_metric("offhook_calls_in_progress"),
        queries=(Query(f"sum by (direction) (offhook_calls_in_progress{{{OF_PBX}}})", "{{direction}}"),),
        shape=Shape.STACK,
    ),
    View(
        title="Calls that found nobody or failed, in each quarter of an hour",
        text="Busy, not answered, failed: the PBX or the trunk could not place the call. "
        + of_metric("offhook_calls_total"),
        queries=(
            Query(
                summed("offhook_calls_total", f'{OF_PBX}, outcome=~"busy|no_answer|failed"', "15m", "outcome"),
                "{{outcome}}",
            ),
        ),
        shape=Shape.STACK,
        width=24,
        height=7,
    ),
)

_ODD = (
    View(
        title="Not expected, by kind",
        text=of_metric(
            "offhook_oddities_total", "All there ever were, where Prometheus began later than the time shown."
        ),
        queries=(Query(risen("offhook_oddities_total", OF_PBX, by="kind"), "{{kind}}"),),
        shape=Shape.BARS,
        none="nothing odd",
    ),
    View(
        title="Numbers that do not add up",
        text=of_metric("offhook_stay_difference"),
        queries=(Query(f"sum by (pbx, queue) (offhook_stay_difference{{{OF_PBX}}})", "{{pbx}} {{queue}}"),),
        steps=MUST_BE_0,
        least=None,
    ),
)

_STORE = (
    View(
        title="Behind the store",
        text=of_metric("offhook_recorder_lag_seconds"),
        queries=(Query("offhook_recorder_lag_seconds", "lag"),),
        unit="s",
        steps=((None, "green"), (1, "orange"), (30, "red")),
        width=8,
    ),
    View(
        title="Entries that wait for the store",
        text=of_metric("offhook_recorder_backlog"),
        queries=(Query("offhook_recorder_backlog", "waiting"),),
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
    View(
        title="Bytes that wait for the journal",
        text=of_metric("offhook_journal_waiting_bytes"),
        queries=(Query(f"offhook_journal_waiting_bytes{{{OF_PBX}}}", "{{pbx}}"),),
        unit="bytes",
        width=8,
        none="no journal",
    ),
    View(
        title="Written to the journal",
        text=of_metric("offhook_journal_written_bytes_total"),
        queries=(Query(per_second("offhook_journal_written_bytes_total", OF_PBX, "pbx"), "{{pbx}}"),),
        unit="Bps",
        width=8,
        none="no journal",
    ),
    View(
        title="Journal: lost, in the time shown",
        text=of_metric("offhook_journal_lost_bytes_total"),
        queries=(Query(f"sum(increase(offhook_journal_lost_bytes_total{{{OF_PBX}}}[$__range]))"),),
        shape=Shape.STAT,
        unit="bytes",
        decimals=0,
        steps=((None, "green"), (1, "red")),
        width=8,
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
    View(
        title="Time a source took for a look-up, 95th percentile",
        text="95 % of the look-ups of the last hour took no longer.",
        queries=(
            Query(
                "histogram_quantile(0.95, sum by (le, source) (rate(offhook_lookup_seconds_bucket[1h])))", "{{source}}"
            ),
        ),
        unit="s",
        steps=((None, "green"), (0.8, "orange")),
        width=8,
        none="no look-ups",
    ),
    View(
        title="Look-ups, by what became of them",
        text="hits and misses answered; errors failed; given_up did not answer in time; late came after the deadline.",
        queries=(Query("sum by (result) (increase(offhook_lookup_results_total[$__range]))", "{{result}}"),),
        shape=Shape.BARS,
        decimals=0,
        width=8,
        none="no look-ups",
    ),
)

_TOLD = (
    View(
        title="Dead letters",
        text="Calls that a CRM or webhook refused, or that could not be delivered for a week: somebody has to look.",
        queries=(Query("offhook_outbox_dead", "{{target}}"),),
        shape=Shape.STAT,
        decimals=0,
        steps=((None, "green"), (1, "red")),
        width=8,
        none="nobody is told",
    ),
    View(
        title="Calls that wait to be told",
        text="Tried again with growing pauses until they have arrived. They are counted every ten seconds.",
        queries=(Query("offhook_outbox_waiting", "{{target}}"),),
        width=8,
        none="nobody is told",
    ),
    View(
        title="How long the oldest has waited",
        text="Half an hour without any that arrives is an alert.",
        queries=(Query("offhook_outbox_oldest_seconds", "{{target}}"),),
        unit="s",
        steps=((None, "green"), (1800, "orange")),
        width=8,
        none="nobody is told",
    ),
    View(
        title="Attempts to tell of ended calls, in the time shown",
        text="delivered arrived; failed did not, and are tried again or given up; buried are those given up.",
        queries=(
            Query(
                "sum by (target, result) (increase(offhook_outbox_deliveries_total[$__range]))",
                "{{target}} {{result}}",
            ),
        ),
        shape=Shape.BARS,
        decimals=0,
        none="nobody is told",
    ),
    View(
        title="Told while it happens, in the time shown",
        text="Webhooks' live events, and messages to a help desk's log of callers: what is late is not told any more.",
        queries=(
            Query(
                "sum by (target, result) (increase(offhook_webhook_live_total[$__range]))", "{{target}} {{result}}"
            ),
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
