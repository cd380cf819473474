"""The kinds of a PBX's own logs, and what they can tell."""

from __future__ import annotations

from collections.abc import Collection

ASTERISK_KINDS = ("queue_log", "cdr", "cel")
LEG_KINDS = ("cdr_csv", "json_cdr", "xml_cdr", "v_xml_cdr")  #: FreeSWITCH's: a record for each leg
ALL_KINDS = (*ASTERISK_KINDS, *LEG_KINDS)
_EXACT = frozenset({"cel", "json_cdr", "xml_cdr", "v_xml_cdr"})


def tells_all(kinds: Collection[str]) -> bool:
    """Whether one of these tells a call as exactly as the live events do.

    >>> tells_all({"queue_log", "cel"}), tells_all(["json_cdr"]), tells_all(("queue_log", "cdr"))
    (True, True, False)
    """
    return not _EXACT.isdisjoint(kinds)


def missing_of(kinds: Collection[str]) -> str | None:
    """What these logs cannot tell, in words; None where they tell all calls."""
    if not kinds:
        return "no logs of this PBX are named in the settings"
    if tells_all(kinds) or "cdr_csv" in kinds or {"queue_log", "cdr"} <= set(kinds):
        return None
    return "queue_log tells no calls but those in queues" if set(kinds) == {"queue_log"} else "cdr tells no waits"
