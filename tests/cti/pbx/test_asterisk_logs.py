"""One PBX's logs as a whole; the recordings' are in ``tests/kpi/importers/test_told_from_logs.py``."""

from __future__ import annotations

from cti.pbx.asterisk_logs import AsteriskLogs
from tests.cti.pbx.written import AGENT, CALLER, IDS, answered_by_cel, cdr, line, logged


def test_a_members_name_learned_from_cel_is_known_ever_after() -> None:
    logs = AsteriskLogs("milan", ["trunk"])
    lines = line(1, "ENTERQUEUE", "", "+390255501", "1"), line(5, "CONNECT", "4", IDS[AGENT], "3", agent="Anna Rossi")
    later = line(1, "ENTERQUEUE", "", "+390255501", "1"), line(5, "CONNECT", "4", "", "3", agent="Anna Rossi")
    assert logs.tell(logged(*later))[0].answered_by == ("Anna Rossi",)
    logs.tell(logged(*lines, *answered_by_cel({})))
    assert logs.agents == {"Anna Rossi": "101"}
    assert logs.tell(logged(*later))[0].answered_by == ("101",)


def test_trunks_are_told_from_phones_as_they_are_live() -> None:
    guess, named = AsteriskLogs("milan"), AsteriskLogs("milan", ["101"])
    assert [guess.is_phone(one) for one in (AGENT, CALLER, "Local/1@x-1;2")] == [True, False, False]
    assert [named.is_phone(one) for one in (AGENT, CALLER)] == [False, True]


def test_where_a_call_was_read_is_kept() -> None:
    logs = AsteriskLogs("milan", ["trunk"])
    [call] = logs.tell(logged(cdr(0, 9, CALLER, AGENT, 2)))
    assert (call.origin.pbx, call.origin.session, call.origin.event) == ("milan", "cdr", "cdr")


def test_nothing_tells_nothing() -> None:
    assert AsteriskLogs("milan").tell(logged(line(0, "QUEUESTART", callid="NONE"))) == []
