"""Alembic's way in: runs on the connection that ``offhook.database`` hands over, for the tables of every part."""

from __future__ import annotations

from alembic import context

from crm_bridge.schema import metadata as crm_metadata
from kpi.schema import metadata as kpi_metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[kpi_metadata, crm_metadata],
    compare_type=True,
    compare_server_default=True,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
