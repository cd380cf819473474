"""An agent's status and state are two things, and both are told."""

from __future__ import annotations

import random

from offhook.simulator.clockwork import Timeline
from offhook.simulator.freeswitch.agents import AVAILABLE, ON_BREAK, RECEIVING, WAITING, Agent
from offhook.simulator.freeswitch.core import Core


def an_agent() -> tuple[Agent, Core]:
    core = Core(Timeline(), 1_795_000_000.0, random.Random(1))
    return Agent(core, "101"), core


def test_a_status_is_told_with_the_command_that_set_it() -> None:
    agent, core = an_agent()
    agent.set_status(AVAILABLE)
    change, command = core.take_events()
    assert (change.get("CC-Action"), change.get("CC-Agent-Status")) == ("agent-status-change", AVAILABLE)
    assert command.get("API-Command-Argument") == "agent set status 101 'Available'"


def test_only_who_is_available_waiting_and_ready_is_idle() -> None:
    agent, _ = an_agent()
    assert not agent.idle
    agent.set_status(AVAILABLE)
    assert agent.idle
    agent.ready_at = 3.0
    assert not agent.idle
    agent.ready_at = 0.0
    agent.set_state(RECEIVING)
    assert not agent.idle
    agent.set_state(WAITING)
    agent.set_status(ON_BREAK)
    assert agent.here
    assert agent.paused
    assert not agent.idle


def test_who_watches_hears_when_he_may_be_called_again() -> None:
    agent, _ = an_agent()
    heard: list[float] = []
    agent.watchers.append(heard.append)
    agent.set_state(RECEIVING)
    agent.ready_at = 3.0
    agent.set_state(WAITING)
    assert len(heard) == 1
    assert 3.0 < heard[0] < 3.5
