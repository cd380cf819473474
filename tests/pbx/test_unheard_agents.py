"""Agents who come, go and take breaks on a real Asterisk while ``offhook run`` is down: its queue_log tells of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pbx.lab.ami import AmiConsole
from tests.pbx.lab.pbx import ObservedPbx
from tests.pbx.lab.processes import until
from tests.pbx.lab.program import PBX_NAME, Row, RunningOffhook

QUEUE, REASON = "support", "Pausa caffè"
LASTS_S = 2.5
INTERFACES = {agent: f"Local/{agent}@agents/n" for agent in ("103", "104", "105")}


@pytest.fixture
def console(asterisk: ObservedPbx) -> Iterator[AmiConsole]:
    """It leaves everybody at work, as he was."""
    connection = asterisk.console()
    yield connection
    for interface in INTERFACES.values():
        connection.ask("QueuePause", Queue=QUEUE, Interface=interface, Paused="false")
    connection.close()


def test_what_agents_did_while_nobody_listened(asterisk: ObservedPbx, console: AmiConsole, tmp_path: Path) -> None:
    offhook = RunningOffhook(tmp_path, asterisk)
    name_logs(offhook, asterisk.asterisk.path / "log/queue_log")
    offhook.start()
    until("all are at work", lambda: len(spans(offhook, "login")) >= len(INTERFACES), 30, offhook.log)
    assert offhook.stop() == 0, offhook.log()

    began = now()
    pause(console, "104", REASON)
    pause(console, "103", REASON)
    console.ask("QueueRemove", Queue=QUEUE, Interface=INTERFACES["105"])
    until("it lasts", lambda: now() - began > LASTS_S, 10)
    ended = now()
    pause(console, "104", None)
    console.ask("QueueAdd", Queue=QUEUE, Interface=INTERFACES["105"], MemberName="Elio")
    until("it is over", lambda: now() - ended > 1.1, 10)

    offhook.start()
    filled = "SELECT 1 FROM gaps WHERE filled_at IS NOT NULL AND pbx = ?"
    until("the gap is filled", lambda: offhook.rows(filled, PBX_NAME) != [], 30, offhook.log)
    pause(console, "103", None)
    until("the pause that was on is over", lambda: not open_ones(spans(offhook, "pause")), 30, offhook.log)
    assert offhook.stop() == 0, offhook.log()

    [coffee] = spans(offhook, "pause", "104")
    assert (coffee["reason"], coffee["source"]) == (REASON, "filled")
    assert times(coffee) == pytest.approx((began, ended), abs=1.5)
    [longer] = spans(offhook, "pause", "103")
    assert (longer["reason"], longer["source"]) == (REASON, "completed")
    assert longer["started_at"] == pytest.approx(began, abs=1.5)
    first, second = spans(offhook, "login", "105")
    assert (first["ended_at"], second["started_at"]) == pytest.approx((began, ended), abs=1.5)
    states = spans(offhook, "state", "104")
    assert [one["state"] for one in states] == ["idle", "paused", "idle"]
    assert [one["ended_at"] for one in states[:-1]] == [one["started_at"] for one in states[1:]]


def name_logs(offhook: RunningOffhook, queue_log: Path) -> None:
    text = offhook.settings.read_text()
    logs = f'[pbx.logs]\nqueue_log = "{queue_log}"\nwait_s = 1\n\n[store]'
    offhook.settings.write_text(text.replace("[store]", logs, 1))


def pause(console: AmiConsole, agent: str, reason: str | None) -> None:
    paused, why = "false" if reason is None else "true", reason or ""
    console.ask("QueuePause", Queue=QUEUE, Interface=INTERFACES[agent], Paused=paused, Reason=why)


def spans(offhook: RunningOffhook, kind: str, agent: str | None = None) -> list[Row]:
    """The rows in order, of the agents of the queue; instants are seconds since 1970."""
    wanted = "SELECT * FROM agent_spans WHERE kind = ? AND queue IN (?, '') ORDER BY started_at"
    rows = [row for row in offhook.rows(wanted, kind, QUEUE) if agent in (None, row["agent"])]
    return [row | {name: seconds(row[name]) for name in ("started_at", "ended_at")} for row in rows]


def open_ones(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["ended_at"] is None]


def times(row: Row) -> tuple[float, float]:
    return row["started_at"], row["ended_at"]


def seconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds / 1e6


def now() -> float:
    return time.time()
