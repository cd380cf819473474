"""One PBX: its condition in words, and a log-in on trial."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from cti.errors import OffhookError
from cti.model import (
    AgentChange,
    AgentChanged,
    AgentState,
    CallEvent,
    CallReleased,
    Origin,
    PbxBack,
    PbxLost,
)
from cti.pbx.settings import PbxSettings
from cti.signals import MemberAdded
from cti.snapshot import SnapshotTaken
from offhook.pbx_line import PbxLine, make_dialect, try_log_in
from tests.cti.link_contract import until
from tests.cti.playbook import ami_bytes
from tests.cti.scripted_pbx import ScriptedPbx
from tests.offhook.house import pbx_settings
from tests.pbx.lab.processes import free_port


@asynccontextmanager
async def running(line: PbxLine) -> AsyncIterator[None]:
    task = asyncio.create_task(line.run())
    yield
    await line.close()
    await asyncio.wait_for(task, 10)


async def test_the_condition_of_a_line() -> None:
    async with ScriptedPbx() as pbx:
        line = PbxLine(pbx_settings(pbx), lambda _: None)
        assert (line.condition().ok, line.condition().state) == (False, "connecting")
        async with running(line):
            await until(lambda: line.condition().ok)
            assert line.condition().state == "up"
            await pbx.stop()
            await until(lambda: line.condition().state == "down")
            assert "[link-" in line.condition().reason


async def test_a_refusal_ends_the_line_and_is_kept() -> None:
    async with ScriptedPbx() as pbx:
        line = PbxLine(pbx_settings(pbx, secret="wrong"), lambda _: None)
        await asyncio.wait_for(line.run(), 10)
        assert line.condition().state == "refused"
        assert "Authentication failed" in line.condition().reason


async def test_losing_the_pbx_is_published() -> None:
    told: list[CallEvent] = []
    async with ScriptedPbx() as pbx:
        line = PbxLine(pbx_settings(pbx), told.append)
        async with running(line):
            await until(lambda: line.link.connected)
        assert [type(event) for event in told if isinstance(event, PbxBack | PbxLost)] == [PbxBack, PbxLost]


async def test_a_wrap_up_ends_though_the_pbx_says_nothing() -> None:
    told: list[CallEvent] = []
    caller, phone = {"Uniqueid": "1.1", "Linkedid": "1.1"}, {"Uniqueid": "1.2", "Linkedid": "1.1"}
    story = [
        ami_bytes("QueueMemberAdded", Queue="sales", Interface="PJSIP/101", MemberName="Anna", Wrapuptime=1),
        ami_bytes("Newchannel", **caller, Channel="PJSIP/trunk-1", CallerIDNum="+39333", Exten="100"),
        ami_bytes("QueueCallerJoin", **caller, Queue="sales", Position=1),
        ami_bytes("Newchannel", **phone, Channel="PJSIP/101-2", ChannelState=0),
        ami_bytes("DialBegin", **caller, DestUniqueid="1.2", DestLinkedid="1.1", DialString="101"),
        ami_bytes("Newstate", **phone, ChannelState=5),
        ami_bytes("Newstate", **phone, ChannelState=6),
        *(ami_bytes("BridgeEnter", **leg, BridgeUniqueid="b") for leg in (phone, caller)),
        ami_bytes("BridgeLeave", **phone, BridgeUniqueid="b"),
        ami_bytes("Hangup", **phone, Cause=16),
    ]
    async with ScriptedPbx() as pbx:
        line = PbxLine(pbx_settings(pbx), told.append)
        async with running(line):
            await until(lambda: line.link.connected)
            await pbx.send(b"".join(story))
            states = [AgentState.RINGING, AgentState.TALKING, AgentState.WRAP_UP, AgentState.IDLE]
            await until(lambda: [one for one in states_of(told) if one in states][-4:] == states)
    (released,) = [event for event in told if isinstance(event, CallReleased)]
    assert [event for event in told if isinstance(event, AgentChanged)][-1].at - released.at == timedelta(seconds=1)


def states_of(told: list[CallEvent]) -> list[AgentState]:
    return [event.agent.state for event in told if isinstance(event, AgentChanged) and event.change == "state"]


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(OffhookError, match="did you mean asterisk") as caught:
        make_dialect(PbxSettings(name="x", username="u", kind="asterix"))
    assert caught.value.ref == "pbx-unknown-kind"


async def test_a_log_in_on_trial() -> None:
    async with ScriptedPbx() as pbx:
        assert await try_log_in(pbx_settings(pbx)) is None
        refused = await try_log_in(pbx_settings(pbx, secret="wrong"))
        assert refused is not None
        assert refused.ref == "link-login-refused"
        assert len(pbx.asked("Login")) == 2
    closed = await try_log_in(PbxSettings(name="x", username="u", secret="s", port=free_port()))
    assert closed is not None
    assert closed.ref == "link-port-closed"


def test_members_are_known_by_name_and_interface_as_far_as_one_has_them() -> None:
    line = PbxLine(PbxSettings(name="main", username="u", secret="s"), lambda _: None)
    at, origin = datetime(2026, 3, 2, tzinfo=UTC), Origin("main", "s1", 0, "x")
    for agent, name in (("101", "Anna"), ("102", "Support"), ("103", "Support"), ("104", None)):
        line.board.tracker.apply(MemberAdded(at, origin, "sales", agent, name, f"Local/{agent}@agents/n"))
    interfaces = {f"Local/{agent}@agents/n": agent for agent in ("101", "102", "103", "104")}
    assert line.member_names() == {"Anna": "101", **interfaces}


def test_whoever_is_not_where_the_store_has_him_has_logged_out() -> None:
    told: list[CallEvent] = []
    line = PbxLine(PbxSettings(name="main", username="u", secret="s"), told.append)
    line.expect([(datetime(2026, 3, 2, tzinfo=UTC), "199", "nowhere", True, "lunch")])
    late: list[CallEvent] = []
    line.announce(late.append)
    assert [event.agent.queues for event in late if isinstance(event, AgentChanged)] == [("nowhere",)]
    assert told == []
    at = datetime(2026, 3, 3, tzinfo=UTC)
    present = SnapshotTaken(
        at=at, origin=Origin("main", "s1", 0, "x"), legs_at=at, legs=(), queues_at=at, waits=(), members=()
    )  # fmt: skip
    [out] = [event for event in line.board.tracker.apply(present) if isinstance(event, AgentChanged)]
    assert (out.agent.agent, out.change, out.queue) == ("199", AgentChange.LOGOUT, "nowhere")
