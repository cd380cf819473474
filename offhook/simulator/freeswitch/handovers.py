"""The caller sent on: to a colleague blindly, to a queue, by way of a consultation, by the parking lot.

A phone's REFER ends its own leg, and the caller's goes through the dialplan again. Who decides it is in ``talks``.
"""

from __future__ import annotations

from collections.abc import Generator

from cti.model import Party
from offhook.simulator.clockwork import Process, Wait
from offhook.simulator.freeswitch import births
from offhook.simulator.freeswitch.calls import BUSY_S, CallRun, in_queue, rung_by_dial
from offhook.simulator.freeswitch.legs import Leg
from offhook.simulator.stories import Attended, Blind, Park, ToQueue

LOT, FIRST_SLOT = "lab_lot", 5901
TRANSFER_RING_S = 20.0
HOLD_FIRST_S, TIED_S, GIVES_UP_S = 0.6, 0.24, 0.5

Asked = tuple[Leg, Leg, float, float]  # his second leg, the one he asks, when that rang, when it was answered


def agent_of(run: CallRun) -> str:
    """Who talks, or talked last."""
    return run.truth.talks[-1].agent


def release(run: CallRun) -> None:
    """The agent's leg is over: a queue that had delivered the call notices it a little later."""
    far, served = run.far, run.served
    run.far = run.served = None
    if served is not None:
        queue, visit, offer = served
        run.plant.timeline.after(run.core.rng.uniform(0.02, 0.08), lambda: queue.finish(visit, offer))
    elif far is not None:
        run.core.destroy(far)


def blind(run: CallRun, act: Blind) -> Process:
    to = act.to or run.plant.colleague(agent_of(run), busy=act.busy)
    if to is not None and run.far is not None:
        _handed_over(run, "blind", to)
        _sends_on(run, run.far, to)
        yield from rung_by_dial(run, to, TRANSFER_RING_S)


def to_queue(run: CallRun, act: ToQueue) -> Process:
    queue = run.plant.lines[act.queue]
    if run.far is not None:
        _handed_over(run, "queue", act.queue)
        _sends_on(run, run.far, queue.plan.exten)
        yield from in_queue(run, queue)


def _handed_over(run: CallRun, kind: str, to: str | None, **more: object) -> None:
    by = agent_of(run)
    run.truth.talk_ended(run.now)
    run.truth.transfers.append({"kind": kind, "by": by, "to": to, "at": run.now, "phone_saw": "SUCCESS", **more})


def _sends_on(run: CallRun, phone: Leg, exten: str) -> None:
    core, near = run.core, run.near
    _refers(phone, f"blind:{near.uuid}", f"blind:{exten}")
    core.hangup(phone)
    core.route(near, exten)
    near.forget_other()
    first = core.rng.random() < 0.5
    if first:
        core.complete(phone, "send_bye")
    core.unbridge(near)
    if not first:
        core.complete(phone, "send_bye")
    release(run)


def _refers(phone: Leg, to: str, destination: str = "") -> None:
    phone.variables |= {"transfer_to": to, "transfer_disposition": "recv_replace"}
    if destination:
        phone.variables["transfer_destination"] = destination


# with a consultation


def attended(run: CallRun, act: Attended) -> Process:
    me, phone = agent_of(run), run.far
    to = act.to or run.plant.colleague(me, busy=act.fails == "busy")
    if to is None or phone is None:
        return
    held_at = run.now
    run.core.hold(phone)
    yield Wait(seconds=HOLD_FIRST_S)
    asked = yield from _consult(run, me, to, act)
    run.core.unhold(phone)
    run.truth.held(run.now - held_at)
    if asked is None:
        run.truth.transfers_failed.append({"kind": "attended", "by": me, "to": to, "at": run.now})
        return
    yield Wait(seconds=TIED_S)
    own, target, rang_at, answered_at = asked
    run.truth.ring_began(to, None, rang_at)
    run.truth.ring_ended(to, "answered", answered_at)
    _handed_over(run, "attended", to, consulted_at=held_at, consult_answered_at=answered_at)
    _ties(run, phone, own, target)
    yield Wait(seconds=run.core.rng.uniform(0.02, 0.1))
    run.core.bridge(run.near, target, soft=True)
    run.talks_with(to, target)


def _ties(run: CallRun, phone: Leg, own: Leg, target: Leg) -> None:
    """REFER with Replaces: both legs of the one who consulted end."""
    core, near = run.core, run.near
    own.variables["transfer_disposition"] = "replaced"
    own.changed()
    core.unbridge(own)
    core.end(own, "send_bye")
    _refers(phone, f"att:{target.uuid}")
    core.hangup(phone)
    near.know_other(target, "originatee")
    core.unbridge(near)
    core.complete(phone, "send_bye")
    target.variables["transfer_disposition"] = "bridge"
    release(run)


def _consult(run: CallRun, me: str, to: str, act: Attended) -> Generator[Wait, None, Asked | None]:
    """The second call, up to the moment at which the caller could be handed over; None when it came to nothing."""
    core = run.core
    busy = core.phones[to] > 0
    own = core.begin(births.from_phone(core, run.plant.person(me), to))
    target = core.begin(births.to_phone(core, to, Party(me), own))
    if busy:
        yield Wait(seconds=BUSY_S)
        core.end(target, "recv_refuse", "USER_BUSY")
        core.end(own, "send_refuse", "USER_BUSY")
        yield Wait(seconds=act.seconds)
        return None
    core.rings(target)
    core.rings(own)
    rang_at = run.now
    after = None if act.fails == "unanswered" else run.picks_up(to)
    yield Wait(seconds=act.seconds if after is None else min(after, TRANSFER_RING_S))
    if after is None:
        core.end(own, "recv_cancel", "ORIGINATOR_CANCEL")
        core.end(target, "send_cancel", "ORIGINATOR_CANCEL")
        yield Wait(seconds=GIVES_UP_S)
        return None
    core.answer(target)
    core.answer(own)
    core.bridge(own, target)
    answered_at = run.now
    yield Wait(seconds=act.seconds)
    if act.fails == "refused":
        _refuse(run, own, target)
        yield Wait(seconds=GIVES_UP_S)
        return None
    return own, target, rang_at, answered_at


def _refuse(run: CallRun, own: Leg, target: Leg) -> None:
    """The one who was asked hangs up."""
    core = run.core
    core.hangup(target)
    core.complete(target, "recv_bye")
    core.unbridge(own)
    core.end(own, "send_bye")
    core.destroy(target)


# by the parking lot


def park(run: CallRun, act: Park) -> Process:
    by, plant, core = agent_of(run), run.plant, run.core
    if run.far is None:
        return
    slot, parked_at = plant.free_slot(), run.now
    run.truth.talk_ended(run.now)
    _sends_on(run, run.far, slot)
    core.valet("hold", run.near, LOT, slot)
    plant.parked.add(slot)
    yield Wait(run.killed, seconds=max(0.5, act.seconds))
    retriever = act.by or plant.colleague(by)
    for _ in range(30):
        if retriever is not None or run.killed.is_set:
            break
        yield Wait(run.killed, seconds=1.0)
        retriever = plant.colleague("")
    plant.parked.discard(slot)
    handed = {"kind": "park", "by": by, "to": retriever, "at": parked_at, "phone_saw": "SUCCESS", "slot": slot}
    run.truth.transfers.append(handed)
    if retriever is None or run.killed.is_set:
        handed["to"] = None
        run.end_near()
        run.over("pbx", "answered")
        return
    yield from _retrieve(run, slot, retriever)


def _retrieve(run: CallRun, slot: str, agent: str) -> Process:
    core, near, dialled_at = run.core, run.near, run.now
    own = core.begin(births.from_phone(core, run.plant.person(agent), slot))
    core.early(own)
    core.valet("bridge", near, LOT, slot, own.uuid)
    near.know_other(own, "originatee")
    core.valet("exit", near, LOT, slot)
    yield Wait(seconds=0.02)
    core.bridge(near, own, soft=True)
    own.caller = near.caller
    core.answer(own)
    run.truth.retrieved_by = {"agent": agent, "at": dialled_at}
    run.talks_with(agent, own)
