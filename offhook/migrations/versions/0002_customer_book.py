"""The customer book.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in TABLES:
        globals()[f"_make_{table}"]()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _make_customer_imports() -> None:
    op.create_table(
        "customer_imports",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows_read", sa.Integer, nullable=False),
        sa.Column("added", sa.Integer, nullable=False),
        sa.Column("changed", sa.Integer, nullable=False),
        sa.Column("unchanged", sa.Integer, nullable=False),
        sa.Column("skipped", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customer_imports"),
    )


def _make_customers() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("identity_key", sa.String(300), nullable=False),
        sa.Column("external_id", sa.String(255)),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("company", sa.Text),
        sa.Column("email", sa.Text),
        sa.Column("language", sa.String(35)),
        sa.Column("account_state", sa.String(20), nullable=False, server_default="unknown"),
        sa.Column("account_note", sa.Text),
        sa.Column("balance_cents", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("notes", sa.Text),
        sa.Column("search_text", sa.Text, nullable=False, server_default=""),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_into", sa.Integer),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["customers.id"], name="fk_customers_merged_into_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
        sa.UniqueConstraint("identity_key", name="uq_customers_identity_key"),
    )
    op.create_index("ix_customers_external_id", "customers", ["external_id"])
    op.create_index("ix_customers_merged_into", "customers", ["merged_into"])


def _make_customer_choices() -> None:
    op.create_table(
        "customer_choices",
        sa.Column("match_key", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.Integer),
        sa.Column("source", sa.String(100)),
        sa.Column("contact_id", sa.String(255)),
        sa.Column("chosen_by", sa.String(64), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_customer_choices_customer_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("match_key", name="pk_customer_choices"),
    )
    op.create_index("ix_customer_choices_customer_id", "customer_choices", ["customer_id"])


def _make_customer_consents() -> None:
    op.create_table(
        "customer_consents",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("customer_id", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("purpose", sa.String(100), nullable=False, server_default=""),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("decided_on", sa.Date),
        sa.Column("counts_from", sa.Date, nullable=False),
        sa.Column("recorded_by", sa.String(64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_customer_consents_customer_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customer_consents"),
    )
    op.create_index("ix_customer_consents_customer_id", "customer_consents", ["customer_id"])


def _make_customer_merges() -> None:
    op.create_table(
        "customer_merges",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kept_id", sa.Integer, nullable=False),
        sa.Column("gone_id", sa.Integer, nullable=False),
        sa.Column("merged_by", sa.String(64), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by", sa.String(64)),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["gone_id"], ["customers.id"], name="fk_customer_merges_gone_id_customers", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["kept_id"], ["customers.id"], name="fk_customer_merges_kept_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customer_merges"),
    )
    op.create_index("ix_customer_merges_gone_id", "customer_merges", ["gone_id"])
    op.create_index("ix_customer_merges_kept_id", "customer_merges", ["kept_id"])


def _make_customer_fields() -> None:
    op.create_table(
        "customer_fields",
        sa.Column("customer_id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_customer_fields_customer_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer_id", "name", name="pk_customer_fields"),
    )


def _make_customer_incidents() -> None:
    op.create_table(
        "customer_incidents",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("customer_id", sa.Integer, nullable=False),
        sa.Column("reference", sa.String(100), nullable=False),
        sa.Column("title", sa.Text, nullable=False, server_default=""),
        sa.Column("state", sa.String(60), nullable=False, server_default=""),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("severity", sa.String(40), nullable=False, server_default=""),
        sa.Column("owner", sa.Text),
        sa.Column("opened_on", sa.Date),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_customer_incidents_customer_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customer_incidents"),
        sa.UniqueConstraint("reference", name="uq_customer_incidents_reference"),
    )
    op.create_index("ix_customer_incidents_customer_id", "customer_incidents", ["customer_id"])
    op.create_index("ix_customer_incidents_open", "customer_incidents", ["customer_id", "is_open"])


def _make_customer_numbers() -> None:
    op.create_table(
        "customer_numbers",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("customer_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("label", sa.String(40), nullable=False, server_default=""),
        sa.Column("written", sa.Text, nullable=False),
        sa.Column("match_key", sa.String(64), nullable=False),
        sa.Column("tail", sa.String(8)),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_customer_numbers_customer_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customer_numbers"),
        sa.UniqueConstraint("customer_id", "match_key", name="uq_customer_numbers_customer_id_match_key"),
    )
    op.create_index("ix_customer_numbers_customer_id", "customer_numbers", ["customer_id"])
    op.create_index("ix_customer_numbers_match_key", "customer_numbers", ["match_key"])
    op.create_index("ix_customer_numbers_tail", "customer_numbers", ["tail"])


def _make_customer_orders() -> None:
    op.create_table(
        "customer_orders",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("customer_id", sa.Integer, nullable=False),
        sa.Column("reference", sa.String(100), nullable=False),
        sa.Column("title", sa.Text, nullable=False, server_default=""),
        sa.Column("state", sa.String(60), nullable=False, server_default=""),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("placed_on", sa.Date),
        sa.Column("due_on", sa.Date),
        sa.Column("total_cents", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_customer_orders_customer_id_customers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customer_orders"),
        sa.UniqueConstraint("reference", name="uq_customer_orders_reference"),
    )
    op.create_index("ix_customer_orders_customer_id", "customer_orders", ["customer_id"])
    op.create_index("ix_customer_orders_open", "customer_orders", ["customer_id", "is_open"])


def _make_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("target", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("match_key", sa.String(64)),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("told_version", sa.Integer, nullable=False, server_default="0"),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_error", sa.String(500)),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("noted_at", sa.DateTime(timezone=True)),
        sa.Column("remote_id", sa.String(255)),
        sa.Column("claim", sa.String(32)),
        sa.Column("claimed_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("target", "key", name="uq_outbox_target_key"),
    )
    op.create_index("ix_outbox_match_key", "outbox", ["match_key"])
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"])
    op.create_index("ix_outbox_target_state_due_at", "outbox", ["target", "state", "due_at"])
    op.create_index("ix_outbox_key", "outbox", ["key"])


def _make_call_notes() -> None:
    op.create_table(
        "call_notes",
        sa.Column("pbx", sa.String(100), nullable=False),
        sa.Column("call_id", sa.String(128), nullable=False),
        sa.Column("agent", sa.String(100), nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("disposition", sa.String(60), nullable=False, server_default=""),
        sa.Column("source", sa.String(100)),
        sa.Column("contact_id", sa.String(255)),
        sa.Column("contact_name", sa.Text),
        sa.Column("on_behalf", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("match_key", sa.String(64)),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "call_id", "agent", name="pk_call_notes"),
    )
    op.create_index("ix_call_notes_match_key", "call_notes", ["match_key"])
    op.create_index("ix_call_notes_updated_at", "call_notes", ["updated_at"])


TABLES = (
    *("customer_imports", "customers", "customer_choices", "customer_fields"),
    *("customer_consents", "customer_merges"),
    *("customer_incidents", "customer_numbers", "customer_orders"),
    *("outbox", "call_notes"),
)
