"""What the agent who answered does with the caller: talk, hold, hand over, park, hang up."""

from __future__ import annotations

from offhook.simulator.clockwork import Process, Wait
from offhook.simulator.freeswitch import handovers
from offhook.simulator.freeswitch.calls import CallRun
from offhook.simulator.freeswitch.legs import Leg
from offhook.simulator.stories import Act, Attended, Blind, HangUp, Hold, Park, Talk, ToQueue


def talks(run: CallRun) -> Process:
    """The acts of the story from here on; the last one hangs up, whatever it is."""
    for act in run.acts:
        yield from _does(run, act)
        if run.truth.ended_at is None and run.killed.is_set:
            hang_up(run, "pbx")
        if run.truth.ended_at is not None:
            return
    hang_up(run, "customer")


def _does(run: CallRun, act: Act) -> Process:
    if isinstance(act, Talk):
        yield Wait(run.killed, seconds=act.seconds)
    elif isinstance(act, Hold):
        yield from _hold(run, act.seconds)
    elif isinstance(act, Blind):
        yield from handovers.blind(run, act)
    elif isinstance(act, ToQueue):
        yield from handovers.to_queue(run, act)
    elif isinstance(act, Attended):
        yield from handovers.attended(run, act)
    elif isinstance(act, Park):
        yield from handovers.park(run, act)
    elif isinstance(act, HangUp):
        hang_up(run, act.by)


def _hold(run: CallRun, seconds: float) -> Process:
    phone = run.near if run.truth.direction == "outbound" else run.far
    if phone is None:
        return
    began = run.now
    run.core.hold(phone)
    yield Wait(run.killed, seconds=seconds)
    run.core.unhold(phone)
    run.truth.held(run.now - began)


def hang_up(run: CallRun, by: str) -> None:
    """The conversation and the call end. ``by``: ``customer``, ``agent``, or ``pbx`` for a ``uuid_kill``."""
    far, direction = run.far, run.truth.direction
    if far is None:
        return
    if by == "pbx":
        _near_first(run, far, "send_bye")
    elif by == ("customer" if direction == "inbound" else "agent"):
        _near_first(run, far, "recv_bye")
    else:
        _far_first(run, far)
    _buries(run)
    run.over("agent" if direction == "internal" and by != "pbx" else by, "answered")


def _near_first(run: CallRun, far: Leg, how: str) -> None:
    """Two threads end the two legs: the order of what they say is not fixed."""
    core, near = run.core, run.near
    core.hangup(near)
    if core.rng.random() < 0.6:
        core.hangup(far)
        core.complete(far, "send_bye")
        core.unbridge(near)
        core.complete(near, how)
    else:
        core.unbridge(near)
        core.hangup(far)
        core.complete(near, how)
        core.complete(far, "send_bye")


def _far_first(run: CallRun, far: Leg) -> None:
    core, near = run.core, run.near
    core.hangup(far)
    if core.rng.random() < 0.5:
        core.complete(far, "recv_bye")
        core.unbridge(near)
        core.hangup(near)
        core.complete(near, "send_bye")
    else:
        core.unbridge(near)
        core.complete(far, "recv_bye")
        core.hangup(near)
        core.complete(near, "send_bye")


def _buries(run: CallRun) -> None:
    """Both legs are destroyed; a queue that had delivered the call says its part before."""
    core, near, served = run.core, run.near, run.served
    handovers.release(run)
    if served is None:
        core.destroy(near)
    else:
        run.plant.timeline.after(0.09, lambda: core.destroy(near))
