"""The first tables: calls and their parts, agents' days, oddities, journal marks, tallies.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Microseconds since 1970 on SQLite: they sort and subtract.
INSTANT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")
_COUNTS = """
    started entered rung talks held calls_answered calls_abandoned calls_timeout calls_exit_key calls_exit_empty
    calls_full calls_refused calls_no_answer calls_busy calls_ivr_hangup calls_failed stays_answered
    stays_abandoned stays_timeout stays_exit_key stays_exit_empty stays_full stays_refused stays_transferred_out
    rings_ringing rings_answered rings_missed rings_elsewhere rings_cancelled rings_busy rings_failed
    handed_on wrap_ups transfers_blind transfers_attended transfers_queue transfers_park
"""
_SUMS_MS = """
    answered_wait_ms abandoned_wait_ms other_wait_ms ring_ms talk_ms hold_ms wrap_up_ms idle_ms ringing_ms talking_ms
    wrapping_ms
"""
_HISTOGRAMS = """
    answered_waits abandoned_waits other_waits ring_times talk_times hold_times wrap_up_times handle_times
"""


def upgrade() -> None:
    for table in TABLES:
        globals()[f"_make_{table}"]()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _make_part(name: str, *columns: SchemaItem) -> None:
    """A table of a call's parts, deleted with the call."""
    op.create_table(
        name,
        sa.Column("pbx", sa.String(100), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("n", sa.Integer, nullable=False, autoincrement=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["pbx", "call_id"], ["calls.pbx", "calls.call_id"], name=f"fk_{name}_calls", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pbx", "call_id", "n", name=f"pk_{name}"),
        sqlite_with_rowid=False,
    )


def _make_default_partition(table: str) -> None:
    """For what is of no month that has one yet; the program makes those of the months."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")


def _make_agent_spans() -> None:
    op.create_table(
        "agent_spans",
        sa.Column("pbx", sa.String(100), nullable=False),
        sa.Column("agent", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("queue", sa.String(100), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("state", sa.String(24)),
        sa.Column("reason", sa.String(500)),
        sa.Column("talk_queue", sa.String(100)),
        sa.Column("talk_direction", sa.String(24)),
        sa.Column("talk_at", INSTANT),
        sa.Column("talk_s", sa.Float(53)),
        sa.Column("cut", sa.Boolean, nullable=False),
        sa.Column("source", sa.String(24), nullable=False, server_default="live"),
        sa.Column("heard_at", INSTANT),
        sa.PrimaryKeyConstraint("pbx", "agent", "kind", "queue", "started_at", name="pk_agent_spans"),
        postgresql_partition_by="RANGE (started_at)",
    )
    _make_default_partition("agent_spans")
    op.create_index("ix_agent_spans_ended_at", "agent_spans", ["ended_at"])
    name, few = "ix_agent_spans_heard_at", sa.text("heard_at IS NOT NULL")
    op.create_index(name, "agent_spans", ["heard_at"], postgresql_where=few, sqlite_where=few)
    op.create_index("ix_agent_spans_started_at", "agent_spans", ["started_at"])


def _make_calls() -> None:
    op.create_table(
        "calls",
        sa.Column("pbx", sa.String(100), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("direction", sa.String(24), nullable=False),
        sa.Column("caller_number", sa.String(128)),
        sa.Column("caller_name", sa.String(500)),
        sa.Column("dialled", sa.String(128)),
        sa.Column("customer_e164", sa.String(32)),
        sa.Column("queue", sa.String(100)),
        sa.Column("offered_at", INSTANT, nullable=False),
        sa.Column("queued_at", INSTANT),
        sa.Column("answered_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("outcome", sa.String(24)),
        sa.Column("ended_by", sa.String(24)),
        sa.Column("click_to_dial", sa.Boolean, nullable=False),
        sa.Column("source", sa.String(24), nullable=False, server_default="live"),
        sa.Column("session", sa.String(128), nullable=False),
        sa.Column("byte_offset", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "call_id", name="pk_calls"),
    )
    op.create_index("ix_calls_customer_e164_offered_at", "calls", ["customer_e164", "offered_at"])
    op.create_index("ix_calls_offered_at", "calls", ["offered_at"])
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("brin_calls_offered_at", "calls", ["offered_at"], postgresql_using="brin")
    op.create_index("ix_calls_queue_offered_at", "calls", ["queue", "offered_at"])


def _make_gaps() -> None:
    op.create_table(
        "gaps",
        sa.Column("pbx", sa.String(100), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("cause", sa.String(500), nullable=False),
        sa.Column("filled_from", sa.String(500)),
        sa.Column("filled_at", INSTANT),
        sa.Column("calls_filled", sa.Integer, nullable=False),
        sa.Column("still_missing", sa.String(500)),
        sa.PrimaryKeyConstraint("pbx", "began_at", name="pk_gaps"),
    )


def _make_imports() -> None:
    op.create_table(
        "imports",
        sa.Column("pbx", sa.String(100), nullable=False),
        sa.Column("source", sa.String(128), nullable=False),
        sa.Column("position", sa.String(500), nullable=False),
        sa.Column("covers_from", INSTANT),
        sa.Column("covers_to", INSTANT),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("bad_lines", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("pbx", "source", name="pk_imports"),
    )


def _make_journal_marks() -> None:
    op.create_table(
        "journal_marks",
        sa.Column("pbx", sa.String(100), nullable=False),
        sa.Column("session", sa.String(128)),
        sa.Column("byte_offset", sa.BigInteger),
        sa.Column("seen_at", INSTANT),
        sa.PrimaryKeyConstraint("pbx", name="pk_journal_marks"),
    )


def _make_mailed_reports() -> None:
    op.create_table(
        "mailed_reports",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mailed_reports"),
    )


def _make_oddities() -> None:
    op.create_table(
        "oddities",
        sa.Column("pbx", sa.String(100), nullable=False),
        sa.Column("session", sa.String(128), nullable=False),
        sa.Column("byte_offset", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("n", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("event", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("detail", sa.String(500), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("pbx", "session", "byte_offset", "n", name="pk_oddities"),
    )
    op.create_index("ix_oddities_at", "oddities", ["at"])
    op.create_index("ix_oddities_pbx_kind", "oddities", ["pbx", "kind"])


def _make_parameter_sets() -> None:
    op.create_table(
        "parameter_sets",
        sa.Column("valid_since", INSTANT, nullable=False, autoincrement=False),
        sa.Column("version", sa.String(100), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("valid_since", name="pk_parameter_sets"),
    )
    op.create_index("ix_parameter_sets_version", "parameter_sets", ["version"])


def _make_tallies(name: str = "tallies") -> None:
    op.create_table(
        name,
        sa.Column("span", sa.String(24), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("pbx", sa.String(100), nullable=False),
        sa.Column("queue", sa.String(100), nullable=False),
        sa.Column("agent", sa.String(100), nullable=False),
        sa.Column("direction", sa.String(24), nullable=False),
        sa.Column("did", sa.String(128), nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in _COUNTS.split()),
        *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in _SUMS_MS.split()),
        sa.Column("pauses", sa.LargeBinary),
        *(sa.Column(name, sa.LargeBinary) for name in _HISTOGRAMS.split()),
        sa.PrimaryKeyConstraint("span", "starts_at", "pbx", "queue", "agent", "direction", "did", name=f"pk_{name}"),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (starts_at)",
    )
    _make_default_partition(name)


def _make_removed_tallies() -> None:
    _make_tallies("removed_tallies")


def _make_removed_calls() -> None:
    op.create_table(
        "removed_calls",
        sa.Column("digest", sa.BigInteger, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("digest", name="pk_removed_calls"),
        sqlite_with_rowid=False,
    )


def _make_retained() -> None:
    op.create_table(
        "retained",
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_retained"),
    )


def _make_legs() -> None:
    _make_part(
        "legs",
        sa.Column("leg_id", sa.String(128), nullable=False),
        sa.Column("channel", sa.String(500), nullable=False),
        sa.Column("role", sa.String(24), nullable=False),
        sa.Column("number", sa.String(128)),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("rang_at", INSTANT),
        sa.Column("answered_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("cause", sa.Integer),
        sa.Column("hung_up", sa.Boolean, nullable=False),
    )


def _make_rings() -> None:
    _make_part(
        "rings",
        sa.Column("agent", sa.String(100), nullable=False),
        sa.Column("queue", sa.String(100)),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("result", sa.String(24), nullable=False),
        sa.Column("consult", sa.Boolean, nullable=False),
    )
    op.create_index("ix_rings_agent_started_at", "rings", ["agent", "started_at"])


def _make_stays() -> None:
    _make_part(
        "stays",
        sa.Column("queue", sa.String(100), nullable=False),
        sa.Column("joined_at", INSTANT, nullable=False),
        sa.Column("left_at", INSTANT),
        sa.Column("outcome", sa.String(24)),
        sa.Column("agent", sa.String(100)),
        sa.Column("position", sa.Integer),
        sa.Column("key", sa.String(16)),
    )
    op.create_index("ix_stays_queue_joined_at", "stays", ["queue", "joined_at"])


def _make_talks() -> None:
    _make_part(
        "talks",
        sa.Column("agent", sa.String(100), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("hold_s", sa.Float(53), nullable=False),
        sa.Column("holds", sa.Integer, nullable=False),
        sa.Column("queue", sa.String(100)),
        sa.Column("queue_talk_s", sa.Integer),
    )
    op.create_index("ix_talks_agent_started_at", "talks", ["agent", "started_at"])


def _make_transfers() -> None:
    _make_part(
        "transfers",
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("to", sa.String(128)),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("slot", sa.String(128)),
        sa.Column("consulted_at", INSTANT),
        sa.Column("consult_answered_at", INSTANT),
    )


TABLES = (
    *("agent_spans", "calls", "gaps", "imports", "journal_marks", "mailed_reports", "oddities", "parameter_sets"),
    *("tallies", "removed_tallies", "removed_calls", "retained"),
    *("legs", "rings", "stays", "talks", "transfers"),
)
