"""The calls that agents make: out by the trunk, to each other, by click-to-dial, and to the PBX's own codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cti.model import Party
from offhook.simulator.calls import CallRun, Steps
from offhook.simulator.channels import DOWN, NOBODY, RING, RINGING, UP, Channel, escape_name
from offhook.simulator.clockwork import Process, Wait
from offhook.simulator.dialling import INTERNAL, answers, dial, refuses, rings
from offhook.simulator.stories import Story
from offhook.simulator.switch import TRUNK

if TYPE_CHECKING:
    from offhook.simulator.plant import Plant

GIVES_UP_S = 20.0
CLICK_NAME = "Click to dial"
CODE_SPEAKS_S = 1.76


def outbound(plant: Plant, story: Story) -> Process:
    """An agent dials 9 and a public number."""
    switch, agent = plant.switch, str(story.agent)
    exten = _outside(story.to)
    own = switch.new_channel(f"PJSIP/{agent}", RING, plant.person(agent), INTERNAL, exten)
    run = plant.begin(story, own, "outbound", Party(agent))
    switch.set_caller(own, plant.company)
    if (yield from _dial_out(run, own, exten)):
        yield from plant.talks(run)


def click(plant: Plant, story: Story, action_id: str = "") -> Process:
    """Click-to-dial: the agent's own phone rings first, then the PBX dials for him."""
    switch, agent = plant.switch, str(story.agent)
    exten = _outside(story.to)
    own = switch.new_channel(f"PJSIP/{agent}", DOWN, plant.person(agent), INTERNAL, "s")
    run = plant.begin(story, own, "outbound", Party(agent))
    run.truth.click_to_dial = True
    asked = Party(exten, CLICK_NAME)
    switch.set_caller(own, asked)
    switch.set_connected(own, asked)
    switch.dial_begin(None, own.block("Dest"), agent)
    yield Wait(seconds=0.003)
    switch.set_state(own, RINGING)
    switch.dial_state(None, own)
    run.truth.ring_began(agent, None, run.now)
    after = run.chain.picks_up(agent)
    yield Wait(run.killed, seconds=GIVES_UP_S if after is None else after)
    picked_up = after is not None and not run.killed.is_set
    run.truth.ring_ended(agent, "answered" if picked_up else "missed", run.now)
    if not picked_up:
        switch.dial_end(None, own, "NOANSWER")
        switch.hangup(own, 0)
        _tell_originate(run, own, asked, action_id, "Failure", 3)
        run.over("pbx", "no_answer")
        return
    switch.set_state(own, UP)
    switch.dial_end(None, own, "ANSWER")
    own.place(INTERNAL, exten)
    switch.set_caller(own, plant.company)
    _tell_originate(run, own, asked, action_id, "Success", 4)
    if (yield from _dial_out(run, own, exten)):
        yield from plant.talks(run)


def _tell_originate(run: CallRun, own: Channel, asked: Party, action_id: str, response: str, reason: int) -> None:
    exten = f"Context: {INTERNAL}\r\nExten: {asked.number}\r\n"
    who = f"CallerIDNum: {asked.number}\r\nCallerIDName: {escape_name(asked.name or '')}\r\n"
    run.plant.switch.emit(
        "OriginateResponse",
        f"ActionID: {action_id}\r\nResponse: {response}\r\nChannel: {own.name}\r\n{exten}"
        f"Reason: {reason}\r\nUniqueid: {own.unique_id}\r\n{who}",
    )


def _dial_out(run: CallRun, own: Channel, exten: str) -> Steps:
    """By the trunk. True when the public answered."""
    switch, story = run.plant.switch, run.story
    trunk = switch.new_channel(TRUNK, DOWN, NOBODY, "from-trunk", "s", own.linked_id)
    trunk.application, trunk.data = "AppDial", "(Outgoing Line)"
    own.application, own.data = "Dial", f"PJSIP/{exten[1:]}@trunk"
    trunk.place("from-trunk", exten)
    trunk.connected = run.plant.company
    switch.set_caller(trunk, Party(exten, own.connected.name))
    switch.set_connected(trunk, run.plant.company)
    own.place(INTERNAL, exten, 2)
    switch.dial_begin(own, trunk.block("Dest"), f"{exten[1:]}@trunk")
    if not own.connected.number:
        switch.set_connected(own, Party(exten))
    yield Wait(seconds=0.003)
    if story.far_busy:
        refuses(switch, own, trunk)
        _ended_by_pbx(run, own, 5)
        return False
    rings(switch, own, trunk)
    after = story.far_answers_after_s
    yield Wait(run.killed, seconds=GIVES_UP_S if after is None else after)
    if after is None or run.killed.is_set:
        _gives_up(run, own, trunk)
        return False
    run.chain.connected(trunk, answers(switch, own, trunk))
    run.truth.talk_began(str(story.agent), run.now)
    return True


def internal(plant: Plant, story: Story) -> Process:
    """One agent calls another."""
    switch, agent = plant.switch, str(story.agent)
    own = switch.new_channel(f"PJSIP/{agent}", RING, plant.person(agent), INTERNAL, story.to)
    own.application, own.data = "Dial", f"PJSIP/{story.to}"
    run = plant.begin(story, own, "internal", Party(agent))
    free = plant.is_free(story.to)
    phone = dial(switch, own, plant.person(story.to))
    yield Wait(seconds=0.003)
    if not free:
        refuses(switch, own, phone)
        _ended_by_pbx(run, own, 4)
        return
    rings(switch, own, phone)
    run.truth.ring_began(story.to, None, run.now)
    after = run.chain.picks_up(story.to)
    yield Wait(run.killed, seconds=GIVES_UP_S if after is None else after)
    answered = after is not None and not run.killed.is_set
    run.truth.ring_ended(story.to, "answered" if answered else "cancelled", run.now)
    if not answered:
        _gives_up(run, own, phone)
        return
    run.chain.connected(phone, answers(switch, own, phone))
    run.truth.talk_began(story.to, run.now)
    yield from plant.talks(run)


def _ended_by_pbx(run: CallRun, own: Channel, priority: int) -> None:
    own.place(INTERNAL, own.exten, priority)
    run.plant.switch.soft_hangup(own)
    run.plant.switch.hangup(own, 17, 486)
    run.over("pbx", "busy")


def _gives_up(run: CallRun, own: Channel, called: Channel) -> None:
    """The agent who called hangs up while it rings; a caller who was not up yet has SIP codes to show."""
    switch = run.plant.switch
    cause, tech, far_tech = (16, None, None) if own.state == UP else (127, 487, 500)
    if not run.killed.is_set:
        switch.hangup_request(own, cause, tech)
    switch.dial_end(own, called, "CANCEL")
    switch.soft_hangup(own, 16, tech)
    switch.hangup(called, cause, far_tech)
    switch.hangup(own, cause, tech)
    run.over("pbx" if run.killed.is_set else "agent", "no_answer")


def code(plant: Plant, agent: str, exten: str, do: Callable[[], None]) -> Process:
    """An agent dials a code of the PBX (log in, pause); ``do`` is what it does."""
    switch = plant.switch
    own = switch.new_channel(f"PJSIP/{agent}", RING, plant.person(agent), INTERNAL, exten)
    own.application, own.data = "Answer", ""
    switch.set_state(own, UP)
    yield Wait(seconds=0.5)
    do()
    speaks = exten in ("*21", "*22")
    if speaks:
        yield Wait(seconds=CODE_SPEAKS_S)
    own.place(INTERNAL, exten, 4 if speaks else 3)
    switch.soft_hangup(own)
    switch.hangup(own)


def _outside(number: str) -> str:
    """What an agent dials for a public number: 9 and the digits."""
    return "9" + number.lstrip("+")
