"""What queues do: overflow, limits, announcements, callers taken out, members gone, and calling back."""

from __future__ import annotations

from cti.model import AgentChange, AgentChanged, RingResult, StayOutcome
from tests.pbx.lab.journey import Journey
from tests.pbx.lab.scene import MARIO, SPEECH_S, Scene
from tests.pbx.lab.speech import talk_for


def test_overflow_from_one_queue_to_another_is_two_stays(scene: Scene) -> None:
    scene.centre.log_in("chain-first", "101")
    scene.centre.log_in("chain-second", "103", local=True)
    caller = scene.phone(MARIO).call("+390221000140", "Mario")
    scene.phone("101").wait_line()
    zofia = scene.phone("103").take()
    talk_for(SPEECH_S)
    caller.hang_up()
    zofia.wait_ended()

    journey = Journey(caller, "answered", "customer", queue="chain-first", rung=["101", "103"])
    journey.talks = [zofia.spoke()]
    journey.stays = [("chain-first", "timeout"), ("chain-second", "answered")]
    scene.agrees(journey, name="chained-queues", what="chain-first gives up after 2 s, chain-second answers")


def test_the_queue_lets_go_when_its_last_member_leaves(scene: Scene) -> None:
    scene.centre.log_in("leaves", "103", local=True)
    caller = scene.phone(MARIO).call("+390221000220", "Mario")
    scene.phone("103").wait_line()
    scene.console.ask("QueuePause", Interface="Local/103@agents/n", Paused="true", Reason="gone")
    caller.wait_ended()

    journey = Journey(caller, "exit_empty", "pbx", queue="leaves", rung=["103"], stays=[("leaves", "exit_empty")])
    what = "the only member of leaves pauses while a caller waits: leavewhenempty"
    scene.agrees(journey, name="leave-when-empty", what=what)


def test_a_full_queue_is_told_as_far_as_the_read_classes_say(scene: Scene) -> None:
    scene.centre.log_in("short", "103", local=True)
    first = scene.phone(MARIO).call("+390221000230", "Mario")
    scene.phone("103").wait_line()
    second = scene.phone("+393331234777").call("+390221000230", "Luca").wait_ended()
    first.hang_up()

    waited = Journey(first, "abandoned", "customer", queue="short", rung=["103"], stays=[("short", "abandoned")])
    scene.agrees(waited, Journey(second, "refused", "pbx"), name="full", what="short takes one caller, a second comes")


def test_a_caller_killed_while_a_phone_rings_for_him(scene: Scene) -> None:
    scene.centre.log_in("sales", "101")
    caller = scene.phone(MARIO).call("+390221000100", "Mario")
    scene.phone("101").wait_line().wait_ringing()
    scene.console.ask("Hangup", Channel=scene.centre.channel_of("PJSIP/trunk-"))
    caller.wait_ended()

    journey = Journey(caller, "abandoned", "pbx", queue="sales", rung=["101"], stays=[("sales", "abandoned")])
    scene.agrees(journey, name="killed-while-waiting", what="AMI Hangup on the caller while 101 rings")


def test_a_caller_redirected_out_of_the_queue(scene: Scene) -> None:
    scene.centre.log_in("sales", "101")
    caller = scene.phone(MARIO).call("+390221000100", "Mario")
    scene.phone("101").wait_line().wait_ringing()
    scene.console.ask("Redirect", Channel=scene.centre.channel_of("PJSIP/trunk-"), Context="elsewhere", Exten="102",
                      Priority=1)  # fmt: skip
    bruno = scene.phone("102").take()
    talk_for(SPEECH_S)
    bruno.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", queue="sales", rung=["101", "102"], talks=[bruno.spoke()])
    # Asterisk 16 does not say yet where he was sent: to its reader he is gone, as one who was ended from outside
    journey.stays = [("sales", "transferred_out" if scene.centre.version != "16" else "abandoned")]
    (call,) = scene.agrees(journey, name="redirected", what="AMI Redirect takes a waiting caller to 102")
    assert [ring.result for ring in call.rings] == [RingResult.CANCELLED, RingResult.ANSWERED]


def test_a_refusing_phone_gives_the_next_his_full_time(scene: Scene) -> None:
    scene.centre.log_in("restart", "101", "102")
    scene.phone("101").refuses_with = 486
    caller = scene.phone(MARIO).call("+390221000240", "Mario")
    bruno = scene.phone("102").take()
    talk_for(SPEECH_S)
    bruno.hang_up()
    caller.wait_ended()

    journey = Journey(caller, "answered", "agent", queue="restart", rung=["102"], talks=[bruno.spoke()])
    journey.stays = [("restart", "answered")]
    scene.agrees(journey, name="timeout-restart", what="101 refuses at once, timeoutrestart, 102 answers")


def test_a_members_phone_goes_away_while_it_rings(scene: Scene) -> None:
    scene.centre.telephones.register("106")
    scene.centre.log_in("sales", "106")
    caller = scene.phone(MARIO).call("+390221000100", "Mario")
    fiona = scene.phone("106").wait_line()
    scene.centre.telephones.register("106", for_s=0)
    fiona.wait_ended()
    caller.hang_up()

    journey = Journey(caller, "abandoned", "customer", queue="sales", rung=["106"], stays=[("sales", "abandoned")])
    (call,) = scene.agrees(
        journey, name="unregistered-in-queue", what="106 unregisters while it rings, and is not rung again"
    )
    assert [ring.result for ring in call.rings] == [RingResult.MISSED]


def test_a_pause_its_reason_and_another_reason(scene: Scene) -> None:
    scene.centre.log_in("sales", "101")
    for reason in ("lunch", "training"):
        scene.console.ask("QueuePause", Interface="PJSIP/101", Paused="true", Reason=reason)
    scene.console.ask("QueuePause", Interface="PJSIP/101", Paused="false")

    told = [event for event in scene.events if isinstance(event, AgentChanged)]
    assert [(event.change, event.reason) for event in told] == [
        (AgentChange.LOGIN, None),
        (AgentChange.PAUSE, "lunch"),
        (AgentChange.PAUSE, "training"),
        (AgentChange.UNPAUSE, None),
    ]


def test_the_customer_is_called_back_by_the_queue(scene: Scene) -> None:
    scene.centre.log_in("sales", "101")
    scene.console.ask("Originate", Channel="PJSIP/393331234501@trunk", CallerID="Azienda <+390221000100>",
                      Context="callbacks", Exten="sales", Priority=1, Async="true")  # fmt: skip
    mario = scene.phone(MARIO).take()
    anna = scene.phone("101").take()
    talk_for(SPEECH_S)
    anna.hang_up()
    mario.wait_ended()

    journey = Journey(mario, "answered", "agent", direction="outbound", queue="sales", rung=["101"], caller="anonymous")
    journey.dialled, journey.answered_at, journey.talks = "393331234501", mario.answered_at, [anna.spoke()]
    journey.stays = [("sales", "answered")]
    (call,) = scene.agrees(journey, name="callback", what="Originate calls the customer, who then waits in sales")
    assert call.stays[0].outcome is StayOutcome.ANSWERED
    assert not call.click_to_dial


def test_the_customer_is_called_back_through_a_local_channel(scene: Scene) -> None:
    scene.console.ask("Originate", Channel="Local/393331234501@mobile-agents", CallerID="Azienda <+390221000100>",
                      Context="callbacks", Exten="101", Priority=1, Async="true")  # fmt: skip
    mario = scene.phone(MARIO).take()
    anna = scene.phone("101").take()
    talk_for(SPEECH_S)
    mario.hang_up()
    anna.wait_ended()

    journey = Journey(mario, "answered", "customer", direction="outbound", rung=["101"], caller="anonymous")
    journey.dialled, journey.answered_at, journey.talks = "393331234501", mario.answered_at, [anna.spoke()]
    scene.agrees(journey, name="callback-local", what="the same through a Local channel, to 101 directly")
