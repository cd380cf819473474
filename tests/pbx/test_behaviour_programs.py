"""Calls that programs make and move: operators' panels over the manager interface, applications over REST."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pbx.lab.journey import Handed, Journey
from tests.pbx.lab.rest import RestApplication
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for


@pytest.fixture
def application(scene: Scene) -> Iterator[RestApplication]:
    """A program that has the channels that the dialplan gives it."""
    asterisk = scene.centre.asterisk
    running = RestApplication(asterisk.ports.http, asterisk.lab_secret)
    yield running
    running.close()


def test_a_panel_transfers_a_call(scene: Scene) -> None:
    caller, anna = scene.talking()
    scene.console.ask("BlindTransfer", Channel=scene.centre.channel_of("PJSIP/101-"), Context="from-internal",
                      Exten="102")  # fmt: skip
    handed_at = scene.now()
    bruno = scene.phone("102").take()
    anna.wait_ended()
    talk_for(SPEECH_S)
    caller.hang_up()
    bruno.wait_ended()

    journey = Journey(caller, "answered", "customer", rung=["101", "102"])
    journey.talks = [anna.spoke(until=handed_at), bruno.spoke()]
    journey.transfers = [Handed("blind", "101", "102", handed_at)]
    scene.agrees(journey, name="panel-transfer", what="AMI BlindTransfer sends 101's caller to 102")


def test_a_panel_parks_a_call_and_gives_it_to_another(scene: Scene) -> None:
    caller, anna = scene.talking()
    scene.console.ask("Redirect", Channel=scene.centre.channel_of("PJSIP/trunk-"), Context="elsewhere", Exten="102",
                      Priority=1)  # fmt: skip
    anna.wait_ended()
    bruno = scene.phone("102").take()
    talk_for(SPEECH_S)
    bruno.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", rung=["101", "102"], talks=[anna.spoke(), bruno.spoke()])
    scene.agrees(journey, name="panel-redirect", what="AMI Redirect takes 101's caller away and sends him to 102")


def test_a_panel_connects_two_calls(scene: Scene) -> None:
    """The caller waits in the dialplan, an agent's phone is made to ring and then connected with him."""
    caller = scene.phone(MARIO).call("+390221000272", "Mario").wait_answered()
    scene.console.ask("Originate", Channel="PJSIP/102", Application="Wait", Data="20", Async="true")
    bruno = scene.phone("102").take()
    talk_for(SPEECH_S)
    scene.console.ask("Bridge", Channel1=scene.centre.channel_of("PJSIP/trunk-"),
                      Channel2=scene.centre.channel_of("PJSIP/102-"))  # fmt: skip
    since = scene.now()
    talk_for(SPEECH_S)
    caller.hang_up()
    talk_for(SPEECH_S)
    bruno.hang_up()

    journey = Journey(caller, "answered", "customer", rung=["102"], answered_at=bruno.answered_at)
    journey.talks = [bruno.spoke(since=since, until=caller.ended_at)]
    scene.agrees(journey, name="panel-bridge", what="AMI Originate rings 102, AMI Bridge connects him with a caller")


def test_an_application_takes_the_caller_and_calls_an_agent_for_him(scene: Scene, application: RestApplication) -> None:
    caller = scene.phone(MARIO).call("+390221000273", "Mario").wait_answered()
    waiting = application.wait_entered(1)
    application.post("channels", endpoint="PJSIP/102", app="lab", callerId=MARIO, originator=waiting)
    bruno = scene.phone("102").take()
    called = application.wait_entered(2)
    bridge = application.post("bridges", type="mixing")["id"]
    for channel in (waiting, called):
        application.post(f"bridges/{bridge}/addChannel", channel=channel)
    since = scene.now()
    talk_for(SPEECH_S)
    caller.hang_up()
    talk_for(SPEECH_S)
    bruno.hang_up()

    journey = Journey(caller, "answered", "customer", rung=["102"], answered_at=bruno.answered_at)
    journey.talks = [bruno.spoke(since=since, until=caller.ended_at)]
    scene.agrees(journey, name="rest-application", what="a Stasis application calls 102 for its caller")


def test_an_application_calls_an_agent_and_then_a_customer(scene: Scene, application: RestApplication) -> None:
    application.post("channels", endpoint="PJSIP/101", app="lab", callerId="click")
    anna = scene.phone("101").take()
    agent = application.wait_entered(1)
    application.post("channels", endpoint=f"PJSIP/{MARIO.lstrip('+')}@trunk", app="lab", originator=agent)
    mario = scene.phone(MARIO).take()
    customer = application.wait_entered(2)
    bridge = application.post("bridges", type="mixing")["id"]
    for channel in (agent, customer):
        application.post(f"bridges/{bridge}/addChannel", channel=channel)
    since = scene.now()
    talk_for(SPEECH_S)
    mario.hang_up()
    talk_for(SPEECH_S)
    anna.hang_up()

    journey = Journey(anna, "answered", "customer", direction="outbound", rung=["101"], caller="101")
    journey.dialled, journey.answered_at, journey.ended_at = MARIO.lstrip("+"), mario.answered_at, anna.ended_at
    journey.talks = [anna.spoke(since=since, until=mario.ended_at)]
    (call,) = scene.agrees(journey, name="rest-click-to-dial", what="a Stasis application calls 101, then a customer")
    assert call.click_to_dial
