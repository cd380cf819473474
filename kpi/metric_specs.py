"""Every metric of calls, agents and health: its name, type, labels and what it means, said once.

The help that Prometheus shows, the tables of ``docs/metrics.md`` and the descriptions in dashboards are made of it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

WAIT_BUCKETS_S = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
HOLD_BUCKETS_S = (5, 15, 30, 60, 120, 180, 300, 600)
WRAP_UP_BUCKETS_S = HOLD_BUCKETS_S
TALK_BUCKETS_S = (15, 30, 60, 120, 180, 300, 600, 1_200, 1_800, 3_600)


class MetricKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Section(StrEnum):
    CALLS = "Calls and waits"
    AGENTS = "Agents"
    NOW = "What goes on now"
    HEALTH = "Health"


class MetricSpec(msgspec.Struct, frozen=True):
    """One metric. A counter's name ends in ``_total``."""

    name: str
    kind: MetricKind
    labels: tuple[str, ...]
    text: str
    section: Section


def _section(section: Section, *rows: tuple[str, str, str, str]) -> list[MetricSpec]:
    return [
        MetricSpec(name, MetricKind(kind), tuple(labels.split()), text, section) for name, kind, labels, text in rows
    ]


_CALLS = _section(
    Section.CALLS,
    (
        "offhook_calls_total",
        "counter",
        "pbx queue direction outcome",
        "Calls that ended, under the first queue they were in or refused by.",
    ),
    (
        "offhook_stays_total",
        "counter",
        "pbx queue outcome",
        "Waits in a queue that ended. A caller who was in two queues had two.",
    ),
    (
        "offhook_wait_seconds",
        "histogram",
        "pbx queue outcome",
        "The wait, from joining the queue to the answer or to giving up: outcome is answered or abandoned.",
    ),
    (
        "offhook_rings_total",
        "counter",
        "pbx queue result",
        "Agents' phones rung, by what came of it. A call that rings three agents is three.",
    ),
    (
        "offhook_talk_seconds",
        "histogram",
        "pbx queue",
        "An agent's conversation without hold, under the queue that delivered the call to him. A transferred call has "
        "several.",
    ),
    (
        "offhook_hold_seconds",
        "histogram",
        "pbx queue",
        "How long customers were on hold in a conversation that had a hold, under the queue that delivered the call.",
    ),
    (
        "offhook_wrap_up_seconds",
        "histogram",
        "pbx queue",
        "Wrap-up after a conversation, under the queue that delivered the call. It moves when the wrap-up has ended.",
    ),
    (
        "offhook_transfers_total",
        "counter",
        "pbx queue way",
        "Customers handed over or parked, under the queue that delivered the call to the agent who did it.",
    ),
    (
        "offhook_calls_filled_total",
        "counter",
        "pbx queue direction outcome",
        "Calls told by the PBX's own logs after a gap. They are in the reports and in no other counter: "
        "offhook_calls_total plus these is the report.",
    ),
)
_AGENTS = _section(
    Section.AGENTS,
    (
        "offhook_agent_state",
        "gauge",
        "pbx agent state",
        "1 in the state that the agent is in now, 0 in the others.",
    ),
    (
        "offhook_agent_rings_total",
        "counter",
        "pbx agent result",
        "How often the agent's phones rang, in whatever queue, by what came of it.",
    ),
    (
        "offhook_agent_talks_total",
        "counter",
        "pbx agent direction",
        "The agent's conversations.",
    ),
    (
        "offhook_agent_talk_seconds_total",
        "counter",
        "pbx agent",
        "How long the agent talked with customers, hold left out. It moves when a call has ended.",
    ),
    (
        "offhook_agent_hold_seconds_total",
        "counter",
        "pbx agent",
        "How long the agent had customers on hold. It moves when a call has ended.",
    ),
    (
        "offhook_agent_wrap_up_seconds_total",
        "counter",
        "pbx agent",
        "How long the agent was in wrap-up. It moves when the wrap-up has ended.",
    ),
)
_NOW = _section(
    Section.NOW,
    ("offhook_calls_waiting", "gauge", "pbx queue", "Callers who wait in the queue now."),
    ("offhook_longest_wait_seconds", "gauge", "pbx queue", "How long the first of them has waited."),
    (
        "offhook_stay_difference",
        "gauge",
        "pbx queue",
        "Waits entered less answered, abandoned, left otherwise and going on, since the start. Must be 0: anything "
        "else is a fault of Offhook or a gap in the PBX's events.",
    ),
    ("offhook_calls_in_progress", "gauge", "pbx direction", "Calls that go on now."),
    (
        "offhook_trunk_calls",
        "gauge",
        "pbx trunk",
        "Channels in use on each trunk that the settings name; those of no such trunk are other.",
    ),
    ("offhook_agents", "gauge", "pbx state", "Agents by what they do."),
    (
        "offhook_queue_agents",
        "gauge",
        "pbx queue state",
        "Agents logged in to the queue by what they do. Who is in two queues is in both; who talks, talks in both.",
    ),
)
_HEALTH = _section(
    Section.HEALTH,
    ("offhook_link_up", "gauge", "pbx", "1 while the PBX's events are read."),
    ("offhook_link_reconnects_total", "counter", "pbx", "Connections made anew."),
    ("offhook_link_attempts_failed_total", "counter", "pbx", "Connections that did not get as far as the log-in."),
    ("offhook_link_keepalive_seconds", "gauge", "pbx", "How long the PBX took for its last answer to a keepalive."),
    ("offhook_link_silence_seconds", "gauge", "pbx", "Time since the PBX's last event."),
    ("offhook_link_bytes_total", "counter", "pbx", "Bytes read from the PBX."),
    (
        "offhook_events_read_total",
        "counter",
        "pbx",
        "Events read. One that stands still while calls go on means that the PBX sends nothing.",
    ),
    (
        "offhook_oddities_total",
        "counter",
        "pbx kind",
        "Events that the call model did not expect. They are in the store, each with its place in the journal.",
    ),
    (
        "offhook_gap_seconds_total",
        "counter",
        "pbx",
        "Time in which the PBX's events were not read, filled in later or not.",
    ),
    ("offhook_gaps_open", "gauge", "pbx", "1 while such a time lasts."),
    (
        "offhook_coverage_today",
        "gauge",
        "pbx",
        "Share (0 to 1) of today, since midnight of this machine, whose calls are known: seen as they happened or "
        "filled in.",
    ),
    (
        "offhook_journal_waiting_bytes",
        "gauge",
        "pbx",
        "Bytes in memory that wait to be written to the journal.",
    ),
    ("offhook_journal_written_bytes_total", "counter", "pbx", "Bytes of the PBX's stream written to the journal."),
    (
        "offhook_journal_lost_bytes_total",
        "counter",
        "pbx",
        "Bytes that the journal could not keep: the disk was full or too slow for too long. Must be 0.",
    ),
    ("offhook_journal_failing", "gauge", "pbx", "1 while nothing can be written to the journal: a full disk."),
    (
        "offhook_feed_missed_total",
        "counter",
        "follower",
        "Events that a part of Offhook was too slow to take. Must be 0 for recorder.",
    ),
    (
        "offhook_recorder_lag_seconds",
        "gauge",
        "",
        "Age of the oldest entry not yet in the store. More than a second for long: the database is away or too slow.",
    ),
    (
        "offhook_recorder_backlog",
        "gauge",
        "",
        "Entries not yet in the store. They are kept in memory, and in the journal.",
    ),
    ("offhook_recorder_retries_total", "counter", "", "Failed attempts to write."),
    ("offhook_recorder_refused_total", "counter", "", "Rows that the database refused for good. Must be 0."),
    (
        "offhook_series_folded",
        "gauge",
        "label",
        "Names that have no series of their own, because there are too many: they share the name other.",
    ),
)

SPECS = {spec.name: spec for spec in (*_CALLS, *_AGENTS, *_NOW, *_HEALTH)}
