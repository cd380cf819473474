"""Where a PBX keeps its own logs: a ``[pbx.logs]`` table of ``offhook.toml``."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

Place = Annotated[str, Meta(min_length=1, max_length=1000)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.]{0,63}$")]
KINDS_OF = {
    "asterisk": ("queue_log", "cdr", "cel"),
    "freeswitch": ("cdr_csv", "json_cdr", "xml_cdr", "v_xml_cdr"),
}
_URL = "`mysql://USER@HOST/DATABASE`, `postgresql://USER@HOST/DATABASE` or `sqlite:///FILE`"


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The PBX's own logs, to fill in what was not seen of it and to check a day. Each is a file or a table."""

    queue_log: Annotated[
        Place | None,
        Meta(description=f"The file (`/var/log/asterisk/queue_log`), or the database with its table: {_URL}."),
    ] = None
    cdr: Annotated[
        Place | None,
        Meta(description=f"Call detail records: the file (Master.csv), or the database with its table: {_URL}."),
    ] = None
    cel: Annotated[
        Place | None,
        Meta(
            description="Channel events, which tell calls as exactly as the live events: the file that cel_custom "
            f"writes, or the database with its table: {_URL}."
        ),
    ] = None
    cdr_csv: Annotated[
        Place | None,
        Meta(
            description="FreeSWITCH's records as mod_cdr_csv writes them: the file (`/var/log/freeswitch/cdr-csv/"
            "Master.csv`). Only with the template of `dialplans/freeswitch/cdr_csv.conf.xml` do they tell whole calls."
        ),
    ] = None
    json_cdr: Annotated[
        Place | None,
        Meta(
            description="FreeSWITCH's records as mod_json_cdr writes them, which tell calls as exactly as the live "
            "events: the folder (`/var/log/freeswitch/json_cdr`)."
        ),
    ] = None
    xml_cdr: Annotated[
        Place | None,
        Meta(
            description="FreeSWITCH's records as mod_xml_cdr writes them, which tell the same: the folder "
            "(`/var/log/freeswitch/xml_cdr`)."
        ),
    ] = None
    v_xml_cdr: Annotated[
        Place | None,
        Meta(description=f"FusionPBX's table of the same records: its database, {_URL}."),
    ] = None
    password: Annotated[
        str | None, Meta(description="The database user's password. Better kept in `password_file`.")
    ] = None
    password_file: Annotated[
        str | None, Meta(description="A file that holds the database user's password and nothing else.")
    ] = None
    queue_log_table: Annotated[Name, Meta(description="The table, where `queue_log` is a database.")] = "queue_log"
    cdr_table: Annotated[Name, Meta(description="The table, where `cdr` is a database.")] = "cdr"
    cel_table: Annotated[Name, Meta(description="The table, where `cel` is a database.")] = "cel"
    v_xml_cdr_table: Annotated[Name, Meta(description="The table in FusionPBX's database.")] = "v_xml_cdr"
    cdr_csv_columns: Annotated[
        tuple[Name, ...],
        Meta(
            description="The columns of `cdr_csv` by the names of the channel variables in your template (any other "
            "name for what is of no use), where it is neither Offhook's nor one of FreeSWITCH's own."
        ),
    ] = ()
    cel_columns: Annotated[
        tuple[Name, ...],
        Meta(
            description="The columns of the CEL file by the names of FreePBX's table (`eventtype`, `eventtime`, "
            "`cid_name`, `cid_num`, `exten`, `channame`, `appname`, `appdata`, `uniqueid`, `linkedid`, `peer`, "
            "`userdeftype`, `extra`; any other name for what is of no use). Empty = as `dialplans/asterisk` or "
            "Asterisk's sample file have them."
        ),
    ] = ()
    time_zone: Annotated[
        str,
        Meta(
            pattern=r"^([A-Za-z][A-Za-z0-9_+/-]{0,63})?$",
            description='Time zone of the times in CDR and in tables, as in "Europe/Rome" or "UTC". '
            "Empty = that of this machine.",
        ),
    ] = ""
    agents: Annotated[
        dict[str, str],
        Meta(
            description="Extensions of queue members by the names that queue_log has, as in "
            '`{"Anna Rossi" = "101"}`. Needed only without CEL, and where the name is not the interface.'
        ),
    ] = {}
    wait_s: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            description="Seconds after the return of a PBX until its logs are read; with `batch=yes` in cdr.conf no "
            "less than its `time`.",
        ),
    ] = 10.0

    def __post_init__(self) -> None:
        if self.time_zone:
            try:
                ZoneInfo(self.time_zone)
            except (ZoneInfoNotFoundError, ValueError):
                raise ValueError(f'there is no time zone "{self.time_zone}"') from None

    def __repr__(self) -> str:
        named = [name for kinds in KINDS_OF.values() for name in kinds if getattr(self, name) is not None]
        return f"LogSettings({', '.join(named)})"
