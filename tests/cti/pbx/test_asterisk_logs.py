"""One PBX's logs as a whole; the recordings' are in ``tests/kpi/importers/test_told_from_logs.py``."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings, strategies as st

from cti.pbx.asterisk_logs import AsteriskLogs
from kpi.importers.gathering import Gathering, written_at
from kpi.importers.lines import LoggedCall
from tests.cti.pbx.written import AGENT, CALLER, IDS, answered_by_cel, cdr, line, logged
from tests.kpi.importers.logged import FOLDERS, lines_of


def test_a_members_name_learned_from_cel_is_known_ever_after() -> None:
    logs = AsteriskLogs("milan", ["trunk"])
    lines = line(1, "ENTERQUEUE", "", "+390255501", "1"), line(5, "CONNECT", "4", IDS[AGENT], "3", agent="Anna Rossi")
    later = line(1, "ENTERQUEUE", "", "+390255501", "1"), line(5, "CONNECT", "4", "", "3", agent="Anna Rossi")
    assert logs.tell(logged(*later))[0].answered_by == ("Anna Rossi",)
    logs.tell(logged(*lines, *answered_by_cel({})))
    assert logs.agents == {"Anna Rossi": "101"}
    assert logs.tell(logged(*later))[0].answered_by == ("101",)


def test_names_that_the_events_have_shown_are_known_unless_the_settings_say_otherwise() -> None:
    teller = AsteriskLogs("pbx", (), {"Anna Rossi": "101"})
    teller.learn({"Anna Rossi": "901", "Local/102@agents/n": "102"})
    lines = [line(0, "ADDMEMBER", agent=agent) for agent in ("Anna Rossi", "Local/102@agents/n")]
    assert [change.agent.agent for one in lines for change in teller.member(one)] == ["101", "102"]


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


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(("queue_log", "cdr", "cel")), st.booleans())
def test_whatever_the_logs_lose_or_repeat_nothing_is_raised(random: Random, damaged: str, all_of_it: bool) -> None:
    """A log that was cut, mixed up or made up tells odd calls at worst: the house goes on."""
    calls = logged_calls()
    call = random.choice(calls)
    lines = {name: list(getattr(call, name)) for name in ("queue_log", "cdr", "cel")}
    for name in lines if all_of_it else (damaged,):
        lines[name] = [one for one in lines[name] if random.random() > 0.3] + random.sample(
            lines[name], len(lines[name]) // 4
        )
        random.shuffle(lines[name])
        lines[name] = [garbled(one, random) for one in lines[name]]
    whole = LoggedCall(**{name: tuple(some) for name, some in lines.items()})
    for told in AsteriskLogs("milan").tell(whole):
        assert told.ended_at is not None
        assert told.outcome is not None


@cache
def logged_calls() -> list[LoggedCall]:
    gathering = Gathering(AsteriskLogs("milan").is_phone)
    lines = (one for source in ("queue_log", "cdr", "cel") for one in lines_of(FOLDERS["asterisk-22-mix-1"], source))
    for one in sorted(lines, key=written_at):
        gathering.take(one)
    return list(gathering.rest())


def garbled(line: Any, random: Random) -> Any:
    """One in ten gets a field that nobody expects."""
    if random.random() > 0.1:
        return line
    name = random.choice([one for one in line.__struct_fields__ if isinstance(getattr(line, one), str)])
    return msgspec.structs.replace(line, **{name: random.choice(["", "x", "-1", "\ud800", "Local/1@a-1;2", "9" * 99])})
