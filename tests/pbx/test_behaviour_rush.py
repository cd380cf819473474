"""A busy hour in half a minute: callers and agents do as they like, and each call is told as the phones saw it."""

from __future__ import annotations

from cti.model import Call
from tests.pbx.lab.crowd import Crowd, is_close_call, meant_for, talked
from tests.pbx.lab.line import Line
from tests.pbx.lab.scene import Scene

AGENTS = ("101", "102", "103", "104")
DIDS = ("+390221000100", "+390221000200", "+390221000101", "+390221000110", "+390221000140", "+390221000260")
CALLS, SEED = 24, 20261122


def differences(scene: Scene, caller: Line, call: Call) -> list[str]:
    """Where the call is told otherwise than the phones saw it."""
    lines = meant_for(scene, caller, AGENTS)
    spoke = talked(lines)
    wrong = []
    rung = {line.number for line in lines if line.rung_at}
    if rung != set(call.agents_rung):
        wrong.append(f"rung: want {rung}, got {call.agents_rung}")
    if [line.number for line in spoke] != [talk.agent for talk in call.talks]:
        wrong.append(f"talks: want {[line.number for line in spoke]}, got {[talk.agent for talk in call.talks]}")
    for line, talk in zip(spoke, call.talks, strict=False):
        if not scene.near(talk.started_at, line.answered_at):
            wrong.append(f"{talk.agent} began: want {scene.at(line.answered_at)}, got {talk.started_at}")
        if not scene.near(talk.ended_at, line.referred_at or line.ended_at):
            wrong.append(f"{talk.agent} ended: want {scene.at(line.referred_at or line.ended_at)}, got {talk.ended_at}")
    if not scene.near(call.ended_at, caller.ended_at):
        wrong.append(f"ended: want {scene.at(caller.ended_at)}, got {call.ended_at}")
    if bool(spoke) != (call.outcome == "answered"):
        wrong.append(f"outcome: {call.outcome} though {len(spoke)} spoke")
    if caller.ended_here and call.ended_by != "customer":
        wrong.append(f"ended by: want customer, got {call.ended_by}")
    if not caller.ended_here and call.ended_by == "customer":
        wrong.append("ended by: the customer did not hang up")
    transfers = [line.number for line in spoke if line.referred_at]
    if transfers != [transfer.by for transfer in call.transfers]:
        wrong.append(f"transfers: want by {transfers}, got {call.transfers}")
    if any(stay.left_at is None or stay.outcome is None for stay in call.stays):
        wrong.append(f"a wait that never ended: {call.stays}")
    return [f"{caller.shown} -> {caller.dialled}: {one}" for one in wrong]


def test_a_busy_hour(scene: Scene) -> None:
    scene.centre.log_in("sales", "101", "102")
    scene.centre.log_in("support", "103", "104", local=True)
    scene.centre.log_in("chain-first", "101")
    scene.centre.log_in("chain-second", "104", local=True)
    scene.centre.log_in("strategy-0", "102", "103")
    crowd = Crowd(scene, SEED)
    crowd.come(CALLS, DIDS, AGENTS, ["101", "102", "103", "200"])

    told = {call.caller.number: call for call in scene.calls}
    assert len(told) == len(scene.calls) == CALLS, "each caller has one call"
    clear = [caller for caller in crowd.callers if not is_close_call(caller, meant_for(scene, caller, AGENTS))]
    assert len(clear) > CALLS / 4
    wrong = [one for caller in clear for one in differences(scene, caller, told[caller.shown])]
    wrong += [str(event) for event in scene.events if type(event).__name__ == "OddityFound"]
    assert wrong == [], "\n".join(wrong) + f"\n{scene.folder}"
