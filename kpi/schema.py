"""The tables of the store. SQLAlchemy Core, one MetaData, the same on SQLite and PostgreSQL.

A call is known by ``(pbx, call_id)``, its parts by that and their ordinal ``n``; nothing has a number that the database
invents, so a replay writes the same rows. Columns carry the names of ``cti.model``'s fields. In a key, no queue or no
agent is ``''``, because a NULL is not equal to itself.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.schema import SchemaItem

from cti.model import (
    AgentState,
    CallOutcome,
    Direction,
    EndedBy,
    LegRole,
    RingResult,
    StayOutcome,
    TransferKind,
)
from kpi.columns import IndexedHistogram, Instant, Key, OptionalWord, Sent, SparseHistogram, TimesByReason, Whole, Word

ID_CHARS = 128
NAME_CHARS = 100  #: of a PBX, a queue, an agent
NUMBER_CHARS = 128
TEXT_CHARS = 500
E164_CHARS = 32


class SpanKind(StrEnum):
    """What a span of an agent's day tells: his place in a queue, his pause there, or what he does."""

    LOGIN = "login"
    PAUSE = "pause"
    STATE = "state"


class TallySpan(StrEnum):
    """What one tally row sums: ``quarter`` holds all that happened, ``did`` the inbound calls again by number dialled.

    Two hold the same again without the agents, for long periods. The last three are for counters: of two without the
    agent, of one without the queue.
    """

    QUARTER = "quarter"
    DID = "did"  #: a quarter too, with ``did`` and without the agent
    HOUR = "hour"  #: of UTC
    SEVEN_DAYS = "7-days"  #: one hour of UTC on each day of a week; it starts at that hour of the Monday
    EVER = "ever"  #: all that was seen as it happened
    FILLED = "filled"  #: all that was filled in after a gap
    AGENT = "agent"  #: what each agent did in all that was seen as it happened, without histograms


class CallSource(StrEnum):
    """Who told a call, the least trusted first: a version never takes the place of one that is trusted more."""

    IMPORTED = "imported"  #: the PBX's own logs, of the time before Offhook
    FILLED = "filled"  #: the PBX's own logs, for a gap
    LIVE = "live"  #: its events, as it happened
    COMPLETED = "completed"  #: its events, and the logs for the part of it that was in a gap


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _at(name: str, *, known: bool = False, key: bool = False) -> Column[object]:
    return Column(name, Instant(), nullable=not (known or key), primary_key=key, autoincrement=False)


def _origin() -> tuple[Column[object], ...]:
    """Where it was read: ``cti.model.Origin`` without its PBX."""
    return (
        Column("session", Key(ID_CHARS), nullable=False),
        Column("byte_offset", BigInteger, nullable=False),
        Column("event", Sent(NAME_CHARS), nullable=False),
    )


calls = Table(
    "calls",
    metadata,
    Column("pbx", Key(NAME_CHARS), primary_key=True),
    Column("call_id", Key(ID_CHARS), primary_key=True),
    Column("direction", Word(Direction), nullable=False),
    Column("caller_number", Sent(NUMBER_CHARS)),
    Column("caller_name", Sent(TEXT_CHARS)),
    Column("dialled", Sent(NUMBER_CHARS)),
    Column("customer_e164", Key(E164_CHARS)),
    Column("queue", Key(NAME_CHARS)),
    _at("offered_at", known=True),
    _at("queued_at"),
    _at("answered_at"),
    _at("ended_at"),
    Column("outcome", Word(CallOutcome)),
    Column("ended_by", Word(EndedBy)),
    Column("click_to_dial", Boolean(create_constraint=False), nullable=False),
    Column("source", Word(CallSource), nullable=False, server_default=CallSource.LIVE.value),
    *_origin(),
    Index(None, "offered_at"),
    Index("brin_calls_offered_at", "offered_at", postgresql_using="brin").ddl_if(dialect="postgresql"),
    Index(None, "customer_e164", "offered_at"),
    Index(None, "queue", "offered_at"),
)


def _part(name: str, *items: SchemaItem) -> Table:
    """A table of a call's parts: deleted with the call; no hidden row id, its key is its order on disk."""
    return Table(
        name,
        metadata,
        Column("pbx", Key(NAME_CHARS), primary_key=True),
        Column("call_id", Key(ID_CHARS), primary_key=True),
        Column("n", Integer, primary_key=True, autoincrement=False),
        *items,
        ForeignKeyConstraint(["pbx", "call_id"], ["calls.pbx", "calls.call_id"], ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )


stays = _part(
    "stays",
    Column("queue", Key(NAME_CHARS), nullable=False),
    _at("joined_at", known=True),
    _at("left_at"),
    Column("outcome", Word(StayOutcome)),
    Column("agent", Key(NAME_CHARS)),
    Column("position", Whole()),
    Column("key", Sent(16)),
    Index(None, "queue", "joined_at"),
)

rings = _part(
    "rings",
    Column("agent", Key(NAME_CHARS), nullable=False),
    Column("queue", Key(NAME_CHARS)),
    _at("started_at", known=True),
    _at("ended_at"),
    Column("result", Word(RingResult), nullable=False),
    Column("consult", Boolean(create_constraint=False), nullable=False),
    Index(None, "agent", "started_at"),
)

talks = _part(
    "talks",
    Column("agent", Key(NAME_CHARS), nullable=False),
    _at("started_at", known=True),
    _at("ended_at"),
    Column("hold_s", Float(53), nullable=False),
    Column("holds", Whole(), nullable=False),
    Column("queue", Key(NAME_CHARS)),
    Column("queue_talk_s", Whole()),
    Index(None, "agent", "started_at"),
)

transfers = _part(
    "transfers",
    Column("kind", Word(TransferKind), nullable=False),
    Column("by", Key(NAME_CHARS), nullable=False),
    Column("to", Sent(NUMBER_CHARS)),
    _at("at", known=True),
    Column("slot", Sent(NUMBER_CHARS)),
    _at("consulted_at"),
    _at("consult_answered_at"),
)

legs = _part(
    "legs",
    Column("leg_id", Key(ID_CHARS), nullable=False),
    Column("channel", Sent(TEXT_CHARS), nullable=False),
    Column("role", Word(LegRole), nullable=False),
    Column("number", Sent(NUMBER_CHARS)),
    _at("started_at", known=True),
    _at("rang_at"),
    _at("answered_at"),
    _at("ended_at"),
    Column("cause", Whole()),
    Column("hung_up", Boolean(create_constraint=False), nullable=False),
)

_OF_COMPLETED = text("heard_at IS NOT NULL")  # few: each batch of spans is looked up among them

#: What an agent did. ``ended_at`` NULL: still so. ``cut``: the end was not seen, ``ended_at`` is the last time known.
#: ``talk_...``: of a wrap-up, the conversation that it follows. ``heard_at``: of one that the logs completed, when it
#: was heard to begin; where they parted it, its first and its last part have the same.
agent_spans = Table(
    "agent_spans",
    metadata,
    Column("pbx", Key(NAME_CHARS), primary_key=True),
    Column("agent", Key(NAME_CHARS), primary_key=True),
    Column("kind", Word(SpanKind), primary_key=True),
    Column("queue", Key(NAME_CHARS), primary_key=True),
    _at("started_at", key=True),
    _at("ended_at"),
    Column("state", Word(AgentState)),
    Column("reason", Sent(TEXT_CHARS)),
    Column("talk_queue", Key(NAME_CHARS)),
    Column("talk_direction", Word(Direction)),
    _at("talk_at"),
    Column("talk_s", Float(53)),
    Column("cut", Boolean(create_constraint=False), nullable=False),
    Column("source", Word(CallSource), nullable=False, server_default=CallSource.LIVE.value),
    _at("heard_at"),
    Index(None, "started_at"),
    Index(None, "ended_at"),
    Index(None, "heard_at", postgresql_where=_OF_COMPLETED, sqlite_where=_OF_COMPLETED),
    postgresql_partition_by="RANGE (started_at)",
)

#: ``n`` counts the oddities of one event.
oddities = Table(
    "oddities",
    metadata,
    Column("pbx", Key(NAME_CHARS), primary_key=True),
    Column("session", Key(ID_CHARS), primary_key=True),
    Column("byte_offset", BigInteger, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("event", Sent(NAME_CHARS), nullable=False),
    Column("kind", Key(NAME_CHARS), nullable=False),
    Column("detail", Sent(TEXT_CHARS), nullable=False),
    _at("at", known=True),
    Index(None, "at"),
    Index(None, "pbx", "kind"),
)

#: What was not seen of a PBX. ``ended_at`` NULL: it is not seen now. ``still_missing`` NULL and ``filled_at`` not: all
#: of it is known from the PBX's own logs.
gaps = Table(
    "gaps",
    metadata,
    Column("pbx", Key(NAME_CHARS), primary_key=True),
    _at("began_at", key=True),
    _at("ended_at"),
    Column("cause", Sent(TEXT_CHARS), nullable=False),
    Column("filled_from", Sent(TEXT_CHARS)),
    _at("filled_at"),
    Column("calls_filled", Whole(), nullable=False),
    Column("still_missing", Sent(TEXT_CHARS)),
)

#: How far a source of history is imported: ``position`` is where to go on.
imports = Table(
    "imports",
    metadata,
    Column("pbx", Key(NAME_CHARS), primary_key=True),
    Column("source", Key(ID_CHARS), primary_key=True),
    Column("position", Sent(TEXT_CHARS), nullable=False),
    _at("covers_from"),
    _at("covers_to"),
    _at("imported_at", known=True),
    Column("calls", Whole(), nullable=False),
    Column("bad_lines", Whole(), nullable=False),
)

#: One row a PBX: everything before this byte is in the store. ``seen_at`` is the last event that was taken in.
journal_marks = Table(
    "journal_marks",
    metadata,
    Column("pbx", Key(NAME_CHARS), primary_key=True),
    Column("session", Key(ID_CHARS)),
    Column("byte_offset", BigInteger),
    _at("seen_at"),
)

#: Up to when each report by mail was dealt with.
mailed_reports = Table(
    "mailed_reports", metadata, Column("name", Key(NAME_CHARS), primary_key=True), _at("due_at", known=True)
)

#: What the site chose for its numbers, and since when; ``content`` is JSON, ``version`` its digest.
parameter_sets = Table(
    "parameter_sets",
    metadata,
    _at("valid_since", key=True),
    Column("version", Key(NAME_CHARS), nullable=False),
    Column("content", Text, nullable=False),
    Index(None, "version"),
)

CALL_COUNTS = {outcome: f"calls_{outcome.value}" for outcome in CallOutcome}
STAY_COUNTS = {outcome: f"stays_{outcome.value}" for outcome in StayOutcome}
RING_COUNTS = {result: f"rings_{result.value}" for result in RingResult}
TRANSFER_COUNTS = {kind: f"transfers_{kind.value}" for kind in TransferKind}
COUNTS = ("started", "entered", "rung", "talks", "held", "handed_on", "wrap_ups")
SUMS_MS = (
    *("answered_wait_ms", "abandoned_wait_ms", "other_wait_ms", "ring_ms", "talk_ms", "hold_ms", "wrap_up_ms"),
    *("idle_ms", "ringing_ms", "talking_ms", "wrapping_ms"),
)
WAITS = ("answered_waits", "abandoned_waits", "other_waits")
TIMES = ("ring_times", "talk_times", "hold_times", "wrap_up_times", "handle_times")
HISTOGRAMS = (*WAITS, *TIMES)


def _count(name: str) -> Column[object]:
    return Column(name, Integer, nullable=False, server_default="0")


def _sums(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("span", Word(TallySpan), primary_key=True),
        _at("starts_at", key=True),
        Column("pbx", Key(NAME_CHARS), primary_key=True),
        Column("queue", Key(NAME_CHARS), primary_key=True),
        Column("agent", Key(NAME_CHARS), primary_key=True),
        Column("direction", OptionalWord(Direction), primary_key=True),
        Column("did", Key(NUMBER_CHARS), primary_key=True),
        *map(_count, COUNTS),
        *map(_count, CALL_COUNTS.values()),
        *map(_count, STAY_COUNTS.values()),
        *map(_count, RING_COUNTS.values()),
        *map(_count, TRANSFER_COUNTS.values()),
        *(Column(name, BigInteger, nullable=False, server_default="0") for name in SUMS_MS),
        Column("pauses", TimesByReason()),
        *(Column(name, IndexedHistogram()) for name in WAITS),
        *(Column(name, SparseHistogram()) for name in TIMES),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (starts_at)",
    )


tallies = _sums("tallies")

#: What the calls that were removed because of their age have added to the tallies: there are no calls to add up again.
removed_tallies = _sums("removed_tallies")

#: Which calls were removed, by a digest of their key: told again, they must not be counted again.
removed_calls = Table(
    "removed_calls",
    metadata,
    Column("digest", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

#: Up to when (by the call's beginning) calls were removed, and numbers taken out of them.
retained = Table("retained", metadata, Column("kind", Key(NAME_CHARS), primary_key=True), _at("since", known=True))

#: By month on PostgreSQL: ``kpi.partitions``.
PARTITIONED = {tallies.name: "starts_at", removed_tallies.name: "starts_at", agent_spans.name: "started_at"}
for _name in PARTITIONED:
    _made = f"CREATE TABLE {_name}_default PARTITION OF {_name} DEFAULT"
    _default = DDL(_made)  # type: ignore[no-untyped-call]
    event.listen(metadata.tables[_name], "after_create", _default.execute_if(dialect="postgresql"))
