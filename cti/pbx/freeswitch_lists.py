"""Who is in FreeSWITCH's fifos and conferences now, read from what ``fifo list`` and ``conference json_list`` answer.

Sources: ``mod_fifo.c`` (``list_node``; values of attributes are percent-encoded), ``conference_api.c``
(``conference_api_sub_json_list``). ``fifo list`` has its instants in the PBX's local time, without a zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape

import msgspec

FIFOS, ROOMS = "<fifo_report", "[{"
_FIFO = re.compile(r'<fifo name="([^"]*)"(.*?)</fifo>', re.DOTALL)
_CALLER = re.compile(r'<caller uuid="([^"]+)" status="[^"]*"[^>]* timestamp="([^"]*)" position="(\d{1,9})"')
_BRIDGE = re.compile(r'<bridge [^>]*>\s*<caller uuid="([^"]+)"')


class InFifo(msgspec.Struct, frozen=True):
    """A caller who waits in a fifo, since ``pushed_local`` by the PBX's wall clock, or whom it gave to an agent."""

    leg: str
    fifo: str
    waits: bool
    pushed_local: str = ""
    position: int | None = None


class _Member(msgspec.Struct, frozen=True):
    uuid: str = ""


class _Room(msgspec.Struct, frozen=True):
    conference_uuid: str = ""
    members: list[_Member] = []


def parse_fifos(text: str) -> Iterator[InFifo]:
    """Everybody in every fifo.

    >>> list(parse_fifos('<fifo name="a"><callers></callers></fifo>'))
    []
    """
    for name, inside in _FIFO.findall(text):
        for leg, pushed, position in _CALLER.findall(inside):
            yield InFifo(leg, unescape(name), waits=True, pushed_local=pushed, position=int(position))
        for leg in _BRIDGE.findall(inside):
            yield InFifo(leg, unescape(name), waits=False)


def parse_rooms(text: str) -> dict[str, str]:
    """The id of the room that each leg is in; empty for what is no such list."""
    try:
        rooms = msgspec.json.decode(text, type=list[_Room])
    except msgspec.DecodeError:
        return {}
    return {member.uuid: room.conference_uuid for room in rooms for member in room.members if member.uuid}


def seconds_between(earlier: str, later: str) -> int | None:
    """Seconds from one instant of a wall clock to another; None if one of them is none.

    >>> seconds_between("2026-11-22 01:32:03", "2026-11-22 01:33:00"), seconds_between("", "x")
    (57, None)
    """
    try:
        begin, end = datetime.fromisoformat(earlier), datetime.fromisoformat(later)
        return int((end - begin).total_seconds())
    except (TypeError, ValueError):
        return None
