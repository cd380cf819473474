"""The tables of the embedded customer book, apart from the calls' own: nothing here points to a table of another part.

Money is kept in hundredths of its currency as a whole number, so that SQLite and PostgreSQL add it alike. Texts are
kept as they were given; ``match_key``, ``tail`` and ``search_text`` are made from them to be found by.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC, on SQLite too, which keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """In UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """With its zone."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

customers = Table(
    "customers",
    metadata,
    Column("id", Integer, primary_key=True),
    # "id:<external id>", or "nn:<digest of name and numbers>" where the source has no id: makes an import idempotent.
    Column("identity_key", String(300), nullable=False, unique=True),
    Column("external_id", String(255), index=True),
    Column("name", Text, nullable=False),
    Column("company", Text),
    Column("email", Text),
    Column("language", String(35)),
    Column("account_state", String(20), nullable=False, server_default="unknown"),
    Column("account_note", Text),
    Column("balance_cents", BigInteger),
    Column("currency", String(3)),
    Column("notes", Text),
    Column("search_text", Text, nullable=False, server_default=""),
    Column("updated_at", Instant(), nullable=False),
    # The customer of whom this one is now a part, None where he stands by himself; never one that is a part himself.
    Column("merged_into", Integer, ForeignKey("customers.id", ondelete="CASCADE"), index=True),
)

customer_numbers = Table(
    "customer_numbers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("label", String(40), nullable=False, server_default=""),
    Column("written", Text, nullable=False),
    # E.164 with its plus for a public number, "ext:101" for an extension, "short:118" for a short code.
    Column("match_key", String(64), nullable=False, index=True),
    # The last eight digits of a public number: finds what may be the same line, never shown as certain.
    Column("tail", String(8), index=True),
    UniqueConstraint("customer_id", "match_key"),
)

customer_fields = Table(
    "customer_fields",
    metadata,
    Column("customer_id", Integer, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
    Column("position", Integer, nullable=False, server_default="0"),
)

customer_orders = Table(
    "customer_orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("reference", String(100), nullable=False, unique=True),
    Column("title", Text, nullable=False, server_default=""),
    Column("state", String(60), nullable=False, server_default=""),
    Column("is_open", Boolean, nullable=False),
    Column("placed_on", Date),
    Column("due_on", Date),
    Column("total_cents", BigInteger),
    Column("currency", String(3)),
)

customer_incidents = Table(
    "customer_incidents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("reference", String(100), nullable=False, unique=True),
    Column("title", Text, nullable=False, server_default=""),
    Column("state", String(60), nullable=False, server_default=""),
    Column("is_open", Boolean, nullable=False),
    Column("severity", String(40), nullable=False, server_default=""),
    Column("owner", Text),
    Column("opened_on", Date),
)

# Which customer an agent said a number belongs to; the last word holds. A customer of the book by ``customer_id``, one
# of another source by ``contact_id``.
customer_choices = Table(
    "customer_choices",
    metadata,
    Column("match_key", String(64), primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id", ondelete="CASCADE"), index=True),
    Column("source", String(100)),
    Column("contact_id", String(255)),
    Column("chosen_by", String(64), nullable=False),
    Column("chosen_at", Instant(), nullable=False),
)

# What a customer wants: every word of his is kept, the newest of each channel and purpose holds.
customer_consents = Table(
    "customer_consents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("channel", String(10), nullable=False),
    Column("purpose", String(100), nullable=False, server_default=""),
    Column("decision", String(10), nullable=False),
    Column("source", String(300), nullable=False),
    # The day the customer said so, None where that is not known; ``counts_from`` is then the day we were told.
    Column("decided_on", Date),
    Column("counts_from", Date, nullable=False),
    Column("recorded_by", String(64), nullable=False),
    Column("recorded_at", Instant(), nullable=False),
)

# Which customers were made one, by whom; undone ones stay as history. One that was not undone is in force.
customer_merges = Table(
    "customer_merges",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kept_id", Integer, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("gone_id", Integer, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("merged_by", String(64), nullable=False),
    Column("merged_at", Instant(), nullable=False),
    Column("undone_by", String(64)),
    Column("undone_at", Instant()),
)

customer_imports = Table(
    "customer_imports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("source", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("finished_at", Instant(), nullable=False),
    Column("rows_read", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
)

#: What has yet to be told to a CRM or a webhook, or was. ``key`` is Offhook's own name of the matter: told twice under
#: one key it is one row. ``match_key`` is the customer's number as ``customer_numbers`` has it: by it a person's rows
#: are found and erased. ``version`` grows with each change of what is to be told; ``told_version`` is the last one that
#: arrived. ``noted_at`` is the latest note that was in it. ``claimed_until`` keeps others off while one delivers.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("target", String(120), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("key", String(250), nullable=False),
    Column("payload", Text, nullable=False),
    Column("match_key", String(64), index=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("told_version", Integer, nullable=False, server_default="0"),
    Column("state", String(12), nullable=False),
    Column("created_at", Instant(), nullable=False, index=True),
    Column("waiting_since", Instant(), nullable=False),
    Column("due_at", Instant(), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_error", String(500)),
    Column("done_at", Instant()),
    Column("noted_at", Instant()),
    Column("remote_id", String(255)),
    Column("claim", String(32)),
    Column("claimed_until", Instant()),
    UniqueConstraint("target", "key"),
    Index(None, "target", "state", "due_at"),
    Index(None, "key"),
)

# What an agent wrote about a call while and after he had it, and which customer it was about; one row for each agent.
# Points to no customer: he may be of any source.
call_notes = Table(
    "call_notes",
    metadata,
    Column("pbx", String(100), primary_key=True),
    Column("call_id", String(128), primary_key=True),
    Column("agent", String(100), primary_key=True),
    Column("note", Text, nullable=False, server_default=""),
    Column("disposition", String(60), nullable=False, server_default=""),
    Column("source", String(100)),
    Column("contact_id", String(255)),
    Column("contact_name", Text),
    Column("on_behalf", Boolean, nullable=False, server_default=false()),
    Column("match_key", String(64), index=True),
    Column("updated_at", Instant(), nullable=False, index=True),
)

Index("ix_customer_orders_open", customer_orders.c.customer_id, customer_orders.c.is_open)
Index("ix_customer_incidents_open", customer_incidents.c.customer_id, customer_incidents.c.is_open)
