"""Which parameters were in use since when: an old report can be made again, and says by which it was made."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kpi.local_time import ReportError
from kpi.parameters import SiteParameters, encode_parameters, parse_parameters
from kpi.schema import parameter_sets


class ParametersInUse(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of the site's mind."""

    valid_since: datetime
    version: str
    site: SiteParameters


async def store_parameters(connection: AsyncConnection, site: SiteParameters, at: datetime) -> bool:
    """Keep what is in use from now on; False if it is what was in use already."""
    last = await fetch_history(connection, 1)
    if last and (last[0].version == site.version or last[0].valid_since >= at):
        return False
    values = {"valid_since": at, "version": site.version, "content": encode_parameters(site).decode()}
    await connection.execute(insert(parameter_sets), values)
    return True


async def fetch_history(connection: AsyncConnection, limit: int = 100) -> list[ParametersInUse]:
    """The latest first."""
    wanted = select(parameter_sets).order_by(parameter_sets.c.valid_since.desc()).limit(limit)
    return [
        ParametersInUse(valid_since=row.valid_since, version=row.version, site=parse_parameters(row.content))
        for row in await connection.execute(wanted)
    ]


async def fetch_parameters(
    connection: AsyncConnection, version: str | None = None, given: SiteParameters | None = None
) -> SiteParameters:
    """Those with this version, or a version that begins so; without one those in use, else the defaults.

    ``given`` are found too, though they may not be stored.

    Raises:
        ReportError: there is no such version, or more than one.
    """
    if version is None:
        latest = await fetch_history(connection, 1)
        return latest[0].site if latest else SiteParameters()
    begins_so = parameter_sets.c.version.startswith(version, autoescape=True)
    stored = await connection.execute(select(parameter_sets.c.version, parameter_sets.c.content).where(begins_so))
    found = {row.version: parse_parameters(row.content) for row in stored}
    if given is not None and given.version.startswith(version):
        found[given.version] = given
    if len(found) != 1:
        raise ReportError(
            "report-no-version",
            f"there {'are several versions' if found else 'is no version'} {version[:40]!r} of the parameters",
            f"they begin alike: {', '.join(sorted(found)[:5])}" if found else "none is stored with this name",
            "each report names the version it was made with",
        )
    return found.popitem()[1]
