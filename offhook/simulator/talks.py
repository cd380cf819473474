"""What the agent who answered does with the caller: talk, hold, hand over, park, hang up."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from offhook.simulator.calls import CallRun, in_queue, rung_by_dial
from offhook.simulator.chain import Link
from offhook.simulator.channels import RING, UP, Channel
from offhook.simulator.clockwork import Process, Wait
from offhook.simulator.dialling import INTERNAL, answers, dial, refuses, rings
from offhook.simulator.stories import Attended, Blind, HangUp, Hold, Park, Talk, ToQueue
from offhook.simulator.transfers import Consultation, attended, blind

TRANSFER_RING_S = 20.0
PARKER_HEARS_S = 2.6


def talks(run: CallRun) -> Process:
    """The acts of the story from here on; the last one hangs up, whatever it is."""
    for act in run.acts:
        if isinstance(act, Talk):
            yield Wait(run.killed, seconds=act.seconds)
        elif isinstance(act, Hold):
            yield from _hold(run, act.seconds)
        elif isinstance(act, Blind):
            yield from _blind(run, act)
        elif isinstance(act, ToQueue):
            yield from _to_queue(run, act)
        elif isinstance(act, Attended):
            yield from _attended(run, act)
        elif isinstance(act, Park):
            yield from _park(run, act)
        elif isinstance(act, HangUp):
            _hang_up(run, act.by)
        if run.truth.ended_at is None and run.killed.is_set:
            run.cut()
        if run.truth.ended_at is not None:
            return
    _hang_up(run, "customer")


def _hang_up(run: CallRun, by: str) -> None:
    direction = run.truth.direction
    if by == "pbx":
        run.chain.killed()
    elif by == ("customer" if direction == "inbound" else "agent"):
        run.chain.caller_hangs_up()
    else:
        run.chain.phone_hangs_up()
    run.over("agent" if direction == "internal" and by != "pbx" else by, "answered")


def _agent(run: CallRun) -> str:
    return run.truth.talks[-1].agent


def _hold(run: CallRun, seconds: float) -> Process:
    _begin_hold(run)
    began = run.now
    yield Wait(run.killed, seconds=seconds)
    _end_hold(run)
    run.truth.held(run.now - began)


def _begin_hold(run: CallRun) -> None:
    switch, (phone, held) = run.plant.switch, _ends(run)
    switch.hold(phone)
    switch.music_start(held)
    switch.set_held(held, True)


def _end_hold(run: CallRun) -> None:
    switch, (phone, held) = run.plant.switch, _ends(run)
    switch.unhold(phone)
    switch.music_stop(held)
    switch.set_held(held, False)


def _ends(run: CallRun) -> tuple[Channel, Channel]:
    """The agent's channel and the one that hears the music."""
    link = run.chain.links[-1]
    return (link.near, link.far) if run.truth.direction == "outbound" else (link.far, link.near)


def _handed_over(run: CallRun, kind: str, to: str | None, **more: Any) -> None:
    by = _agent(run)
    run.truth.talk_ended(run.now)
    run.truth.transfers.append({"kind": kind, "by": by, "to": to, "at": run.now, "phone_saw": "SUCCESS", **more})


def _blind(run: CallRun, act: Blind) -> Process:
    to = act.to or run.plant.colleague(_agent(run), busy=act.busy)
    if to is None:
        return
    _handed_over(run, "blind", to)
    blind(run.chain, to)
    yield from rung_by_dial(run, to, TRANSFER_RING_S)


def _to_queue(run: CallRun, act: ToQueue) -> Process:
    line = run.plant.lines[act.queue]
    _handed_over(run, "queue", act.queue)
    blind(run.chain, line.plan.exten)
    yield from in_queue(run, line)


def _attended(run: CallRun, act: Attended) -> Process:
    me = _agent(run)
    to = act.to or run.plant.colleague(me, busy=act.fails == "busy")
    if to is None:
        return
    held_at = run.now
    _begin_hold(run)
    yield Wait(seconds=0.006)
    asked, rang_at, answered_at = yield from _consult(run, me, to, act)
    run.truth.held(run.now - held_at)
    if asked is None:
        _end_hold(run)
        run.truth.transfers_failed.append({"kind": "attended", "by": me, "to": to, "at": run.now})
        return
    run.truth.ring_began(to, None, rang_at)
    run.truth.ring_ended(to, "answered", answered_at)
    _handed_over(run, "attended", to, consulted_at=held_at, consult_answered_at=answered_at)
    attended(run.chain, asked)
    run.truth.talk_began(to, run.now)


Asked = tuple[Consultation | None, float, float]  # the call if it stands, when it rang, when it was answered


def _consult(run: CallRun, me: str, to: str, act: Attended) -> Generator[Wait, None, Asked]:
    """The second call, up to the moment at which the caller could be handed over."""
    plant, switch, nothing = run.plant, run.plant.switch, (None, 0.0, 0.0)
    free = plant.is_free(to)
    own = switch.new_channel(f"PJSIP/{me}", RING, plant.person(me), INTERNAL, to)
    own.application, own.data = "Dial", f"PJSIP/{to}"
    target = dial(switch, own, plant.person(to))
    if not free:
        refuses(switch, own, target)
        own.place(INTERNAL, to, 4)
        switch.soft_hangup(own)
        switch.hangup(own, 17, 486)
        yield Wait(seconds=act.seconds)
        return nothing
    rings(switch, own, target)
    rang_at = run.now
    after = None if act.fails == "unanswered" else run.chain.picks_up(to)
    yield Wait(seconds=act.seconds if after is None else min(after, TRANSFER_RING_S))
    if after is None:
        switch.hangup_request(own, 127, 487)
        switch.dial_end(own, target, "CANCEL")
        switch.soft_hangup(own, 16, 487)
        switch.hangup(own, 127, 487)
        switch.hangup(target, 127, 500)
        yield Wait(seconds=0.5)
        return nothing
    asked, answered_at = Consultation(own, target, answers(switch, own, target)), run.now
    yield Wait(seconds=act.seconds)
    if act.fails == "refused":
        _refuse_handover(run, asked)
        yield Wait(seconds=0.5)
        return nothing
    return asked, rang_at, answered_at


def _refuse_handover(run: CallRun, asked: Consultation) -> None:
    """The one who was asked hangs up."""
    switch = run.plant.switch
    switch.hangup_request(asked.target)
    switch.leave(asked.target)
    switch.leave(asked.own)
    switch.destroy(asked.bridge)
    switch.soft_hangup(asked.own)
    switch.hangup(asked.target)
    switch.hangup(asked.own)


def _park(run: CallRun, act: Park) -> Process:
    """Only a caller who is bridged without a Local pair: the recordings show no other."""
    chain, plant = run.chain, run.plant
    link = chain.links[-1]
    if link.near.is_local or len(chain.links) > 1:
        return
    by = _agent(run)
    run.truth.talk_ended(run.now)
    space = plant.parking.park(chain)
    parked_at = run.now
    chain.links.pop()
    yield Wait(seconds=PARKER_HEARS_S)
    plant.parking.release(link.far, link.bridge)
    yield Wait(seconds=max(0.5, act.seconds - PARKER_HEARS_S))
    retriever = act.by or plant.colleague(by)
    waited = 0
    while retriever is None and waited < 30:
        yield Wait(seconds=1.0)
        waited, retriever = waited + 1, plant.colleague("")
    yield from _retrieve(run, space, retriever or by)
    run.truth.transfers.append(
        {"kind": "park", "by": by, "to": retriever or by, "at": parked_at, "phone_saw": "SUCCESS", "slot": str(space)}
    )


def _retrieve(run: CallRun, space: int, agent: str) -> Process:
    plant, switch = run.plant, run.plant.switch
    phone = switch.new_channel(f"PJSIP/{agent}", RING, plant.person(agent), INTERNAL, str(space))
    phone.application, phone.data = "ParkedCall", f"default,{space}"
    dialled_at = run.now
    switch.set_state(phone, UP)
    yield Wait(seconds=0.5)
    bridge = plant.parking.retrieve(space, phone)
    link = Link(run.chain.caller, phone, bridge)
    link.far_runs = True
    run.chain.links.append(link)
    run.truth.retrieved_by = {"agent": agent, "at": dialled_at}
    run.truth.talk_began(agent, run.now)
