"""The calls that agents make: out by the trunk, to each other, by click-to-dial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cti.model import Party
from offhook.simulator.clockwork import Process, Wait
from offhook.simulator.freeswitch import births
from offhook.simulator.freeswitch.calls import BUSY_S, CallRun, Steps, connect
from offhook.simulator.freeswitch.legs import Leg
from offhook.simulator.stories import Story

if TYPE_CHECKING:
    from offhook.simulator.freeswitch.plant import FreeswitchPlant

GIVES_UP_S = 20.0
CLICK_NAME = "Click-to-dial"


def outbound(plant: FreeswitchPlant, story: Story) -> Process:
    """An agent dials 9 and a public number."""
    agent = str(story.agent)
    own = plant.core.begin(births.from_phone(plant.core, plant.person(agent), f"9{story.to}"))
    run = plant.begin(story, own, "outbound", Party(agent))
    if (yield from _dial_out(run)):
        yield from plant.talks(run)


def click(plant: FreeswitchPlant, story: Story, job: str = "", asked: str = "") -> Process:
    """Click-to-dial by ``bgapi originate``: the agent's own phone rings first, then the PBX dials for him.

    ``job`` is the command's Job-UUID, ``asked`` its argument.
    """
    core, agent = plant.core, str(story.agent)
    asked = asked or f"{{origination_caller_id_number={story.to}}}user/{agent} 9{story.to}"
    own = core.begin(births.to_phone(core, agent, Party(story.to, CLICK_NAME)))
    run = plant.begin(story, own, "outbound", Party(agent))
    run.truth.click_to_dial = True
    core.rings(own)
    run.truth.ring_began(agent, None, run.now)
    after = run.picks_up(agent)
    yield Wait(run.killed, seconds=GIVES_UP_S if after is None else after)
    picked_up = after is not None and not run.killed.is_set
    run.truth.ring_ended(agent, "answered" if picked_up else "missed", run.now)
    if not picked_up:
        core.end(own, "send_cancel", "NORMAL_CLEARING" if run.killed.is_set else "NO_ANSWER")
        core.job_done(job or core.new_uuid(), "originate", asked, f"-ERR {own.cause}\n")
        run.over("pbx", "no_answer")
        return
    core.answer(own)
    yield Wait(seconds=0.02)
    core.job_done(job or core.new_uuid(), "originate", asked, f"+OK {own.uuid}\n")
    core.route(own, f"9{story.to}")
    own.caller = Party(agent, "Outbound Call")
    if (yield from _dial_out(run)):
        yield from plant.talks(run)


def _dial_out(run: CallRun) -> Steps:
    """By the gateway. True when the public answered."""
    core, story = run.core, run.story
    trunk = core.begin(births.to_public(core, story.to, run.plant.company, run.near))
    if story.far_busy:
        yield Wait(seconds=BUSY_S)
        core.end(trunk, "recv_refuse", "USER_BUSY")
        run.end_near("USER_BUSY")
        run.over("pbx", "busy")
        return False
    core.rings(trunk)
    if not run.up:
        core.rings(run.near)
    after = story.far_answers_after_s
    yield Wait(run.killed, seconds=GIVES_UP_S if after is None else after)
    if after is None or run.killed.is_set:
        _gives_up(run, trunk)
        return False
    connect(run, trunk)
    run.talks_with(str(story.agent), trunk)
    return True


def internal(plant: FreeswitchPlant, story: Story) -> Process:
    """One agent calls another."""
    core, agent, to = plant.core, str(story.agent), story.to
    busy = core.phones[to] > 0
    own = core.begin(births.from_phone(core, plant.person(agent), to))
    run = plant.begin(story, own, "internal", Party(agent))
    phone = core.begin(births.to_phone(core, to, own.caller, own))
    if busy:
        yield Wait(seconds=BUSY_S)
        core.end(phone, "recv_refuse", "USER_BUSY")
        run.end_near("USER_BUSY")
        run.over("pbx", "busy")
        return
    core.rings(phone)
    core.rings(own)
    run.truth.ring_began(to, None, run.now)
    after = run.picks_up(to)
    yield Wait(run.killed, seconds=GIVES_UP_S if after is None else after)
    answered = after is not None and not run.killed.is_set
    run.truth.ring_ended(to, "answered" if answered else "cancelled", run.now)
    if not answered:
        _gives_up(run, phone)
        return
    connect(run, phone)
    run.talks_with(to, phone)
    yield from plant.talks(run)


def _gives_up(run: CallRun, called: Leg) -> None:
    """The agent who called hangs up while it rings."""
    run.end_near(by_caller=not run.killed.is_set)
    run.core.end(called, "send_cancel", "ORIGINATOR_CANCEL")
    run.over("pbx" if run.killed.is_set else "agent", "no_answer")
