"""Log-ins, log-outs and pauses in queue_log."""

from __future__ import annotations

from cti.model import AgentChange, AgentChanged
from cti.pbx.asterisk_members import MemberLines
from cti.pbx.asterisk_people import AsteriskPeople
from kpi.importers.lines import QueueLine
from tests.cti.pbx.written import line


def changes(*lines: QueueLine) -> list[tuple[str, AgentChange, str | None, str | None]]:
    members = MemberLines("milan", {"Anna Rossi": "101"}, AsteriskPeople())
    told: list[AgentChanged] = [event for one in lines for event in members.apply(one)]
    return [
        (event.agent.agent, event.change, event.queue, event.reason)
        for event in told
        if event.change is not AgentChange.STATE
    ]


def test_a_day_of_a_member() -> None:
    assert changes(
        line(0, "ADDMEMBER", agent="PJSIP/101", callid="MANAGER"),
        line(1, "PAUSE", "lunch", agent="Anna Rossi", callid="NONE"),
        line(2, "UNPAUSE", agent="Anna Rossi", callid="NONE"),
        line(3, "REMOVEMEMBER", agent="PJSIP/101", callid="REALTIME"),
    ) == [
        ("101", AgentChange.LOGIN, "sales", None),
        ("101", AgentChange.PAUSE, "sales", "lunch"),
        ("101", AgentChange.UNPAUSE, "sales", None),
        ("101", AgentChange.LOGOUT, "sales", None),
    ]


def test_a_pause_in_all_queues_is_told_by_the_lines_of_each() -> None:
    assert changes(
        line(1, "PAUSEALL", "lunch", agent="Anna Rossi", queue="NONE"),
        line(1, "PAUSE", "lunch", agent="Anna Rossi"),
        line(1, "PAUSE", "lunch", agent="Anna Rossi", queue="support"),
    ) == [("101", AgentChange.PAUSE, "sales", "lunch"), ("101", AgentChange.PAUSE, "support", "lunch")]


def test_a_member_may_be_added_paused() -> None:
    told = changes(line(0, "ADDMEMBER", "PAUSED", agent="SIP/102"))
    assert [change for _, change, _, _ in told] == [AgentChange.LOGIN, AgentChange.PAUSE]


def test_chan_agents_log_in_to_no_queue() -> None:
    assert changes(
        line(0, "AGENTLOGIN", "SIP/7-1", agent="Agent/7001", queue="NONE"),
        line(9, "AGENTLOGOFF", "SIP/7-1", "9", agent="Agent/7001", queue="NONE"),
    ) == [("7001", AgentChange.LOGIN, "", None), ("7001", AgentChange.LOGOUT, "", None)]
