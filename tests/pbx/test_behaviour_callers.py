"""Who calls, and which way: names of all kinds, other trunks, members behind pairs that vanish, a queue in a queue."""

from __future__ import annotations

import pytest

from cti.model import LegRole, RingResult
from tests.pbx.lab.journey import Handed, Journey
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for

NAMES = {
    "long": "Società per Azioni di Bonifica e Trasformazione Fondiaria " * 3,
    "other letters": "Žofia Müller 北京 Ελένη 🙂",
    "marks": 'O\'Neill, "Tom" <b>&amp; \\ =1+1;',
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_of_all_kinds(scene: Scene, name: str) -> None:
    scene.centre.log_in("support", "103", local=True)
    caller = scene.phone(MARIO).call("+390221000200", name.strip())
    zofia = scene.phone("103").take()
    talk_for(SPEECH_S)
    caller.hang_up()
    zofia.wait_ended()

    journey = Journey(caller, "answered", "customer", queue="support", rung=["103"], talks=[zofia.spoke()])
    journey.stays = [("support", "answered")]
    (call,) = scene.agrees(journey)
    shown = call.caller.name or ""
    assert name.strip().startswith(shown)
    assert len(shown) >= min(len(name.strip()), 70)


def test_a_caller_who_withholds_his_number(scene: Scene) -> None:
    caller = scene.phone("anonymous").call("+390221000101", "Anonymous")
    anna = scene.phone("101").take()
    caller.wait_answered()
    talk_for(SPEECH_S)
    caller.hang_up()
    anna.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101"], talks=[anna.spoke()])
    (call,) = scene.agrees(journey)
    assert (call.caller.number, call.caller.name) == (None, None)


@pytest.mark.parametrize("did", ["+390221000275", "+390221000276"], ids=["busy", "congestion"])
def test_the_pbx_itself_refuses(scene: Scene, did: str) -> None:
    """Once the caller's phone has taken the refusal Asterisk sends a ``HangupRequest``, as if he had hung up."""
    caller = scene.phone(MARIO).call(did, "Mario").wait_ended()
    assert caller.status in (486, 503)
    scene.agrees(Journey(caller, "refused", "pbx"), name=f"refused-{caller.status}", what="the dialplan refuses")


def test_a_trunk_with_dashes_in_its_name(scene: Scene) -> None:
    anna = scene.phone("101").call("6" + MARIO.lstrip("+"))
    mario = scene.phone(MARIO).take()
    anna.wait_answered()
    talk_for(SPEECH_S)
    mario.hang_up()
    anna.wait_ended()

    journey = Journey(anna, "answered", "customer", direction="outbound", dialled=MARIO.lstrip("+"))
    journey.answered_at, journey.talks = mario.answered_at, [anna.spoke()]
    (call,) = scene.agrees(journey)
    assert [leg.role for leg in call.legs if leg.channel.startswith("PJSIP/trunk-berlin-01-")] == [LegRole.CUSTOMER]


def test_a_member_behind_a_pair_that_goes_away(scene: Scene) -> None:
    """Without ``/n`` the Local channel is taken out of the conversation as soon as it has begun."""
    for agent in ("103", "104"):
        scene.console.ask("QueueAdd", Queue="support", Interface=f"Local/{agent}@agents", MemberName=agent,
                          StateInterface=f"PJSIP/{agent}")  # fmt: skip
    caller = scene.phone(MARIO).call("+390221000200", "Mario")
    zofia, dana = scene.phone("103").wait_line(), scene.phone("104").take()
    talk_for(SPEECH_S)
    dana.hold()
    talk_for(SPEECH_S)
    dana.resume()
    dana.transfer("102")
    bruno = scene.phone("102").take()
    dana.wait_ended()
    talk_for(SPEECH_S)
    caller.hang_up()
    for line in (zofia, bruno):
        line.wait_ended()

    journey = Journey(caller, "answered", "customer", queue="support", rung=["103", "104", "102"], hold_s=dana.hold_s)
    journey.talks, journey.stays = [dana.spoke(until=dana.referred_at), bruno.spoke()], [("support", "answered")]
    journey.transfers = [Handed("blind", "104", "102", dana.referred_at)]
    what = "members of support are Local channels that are optimised away; 104 answers, holds, transfers to 102"
    (call,) = scene.agrees(journey, name="members-optimised", what=what)
    assert [(ring.agent, ring.result) for ring in call.rings if ring.agent == "103"] == [("103", RingResult.ELSEWHERE)]


def test_a_queue_that_is_another_queues_member(scene: Scene) -> None:
    scene.centre.log_in("support", "103", local=True)
    caller = scene.phone(MARIO).call("+390221000274", "Mario")
    zofia = scene.phone("103").take()
    talk_for(SPEECH_S)
    zofia.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", queue="nested", rung=["103"], talks=[zofia.spoke()])
    journey.stays = [("nested", "answered"), ("support", "answered")]
    scene.agrees(journey, name="nested-queues", what="the member of nested is a Local channel into support")
