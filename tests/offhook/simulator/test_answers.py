"""The manager's answers, held against the late connection of the recordings."""

from __future__ import annotations

import pytest

from cti.wire.ami import AmiFrame, AmiWire
from offhook.simulator.answers import Answers
from offhook.simulator.plant import Plant
from offhook.simulator.stories import HangUp, Hold, Park, Talk
from tests.offhook.simulator import twins

LATE = twins.RECORDINGS / "X01" / "late" / "events.ami"
TALK = Talk(seconds=300.0)


def frames(text: bytes) -> list[AmiFrame]:
    wire = AmiWire()
    return wire.feed(text if text.startswith(b"Asterisk") else b"Asterisk Call Manager/11.0.0\r\n" + text)


def form(frame: AmiFrame) -> tuple[str, tuple[str, ...]]:
    return frame.name, tuple(key for key, _ in frame.items())


@pytest.fixture(scope="module")
def made() -> Plant:
    """As in X01: one talks, one is on hold, two wait, 104 is paused; besides one is parked."""
    plant = twins.plant()
    plant.pause("104", True, "break")
    plant.tell(twins.queue(twins.SALES, TALK, HangUp(), answers={"101": 1.0}))
    plant.tell(twins.queue(twins.SALES, Talk(seconds=2.0), Hold(seconds=300.0), HangUp(), answers={"102": 1.0}))
    plant.tell(twins.queue(twins.SALES, answers=twins.LATE))
    plant.tell(twins.queue(twins.SUPPORT, answers=twins.LATE))
    plant.timeline.after(5.0, lambda: plant.tell(twins.queue(twins.SALES)))
    twins.frames_of(plant, 9.0)
    return plant


def ask(plant: Plant, action: str, **fields: str) -> list[AmiFrame]:
    answer = Answers(plant).answer({"action": action, "actionid": "a1", **fields})
    return frames(answer.encode())


LISTS = (
    ("QueueStatus", "snap-1"),
    ("CoreShowChannels", "snap-2"),
    ("Status", "snap-3"),
    ("BridgeList", "snap-4"),
    ("DeviceStateList", "snap-6"),
    ("QueueSummary", "snap-7"),
    ("CoreStatus", "snap-8"),
    ("CoreSettings", "snap-9"),
)


@pytest.mark.parametrize(("action", "action_id"), LISTS)
def test_an_answer_has_the_form_of_the_recorded_one(made: Plant, action: str, action_id: str) -> None:
    recorded = [frame for frame in frames(LATE.read_bytes()) if frame.get(b"ActionID") == action_id]
    told = ask(made, action)
    assert {form(frame) for frame in told} == {form(frame) for frame in recorded}
    assert (told[0].get(b"Message"), told[0].get(b"EventList")) == (
        recorded[0].get(b"Message"),
        recorded[0].get(b"EventList"),
    )
    if told[0].get(b"EventList"):
        assert told[-1].get(b"ListItems") == str(len(told) - 2)
    assert {frame.get(b"ActionID") for frame in told} == {"a1"}


def test_the_snapshot_shows_who_waits_who_rings_and_who_is_away(made: Plant) -> None:
    told = ask(made, "QueueStatus")
    waiting = [(frame.get(b"Queue"), frame.get(b"Wait")) for frame in told if frame.name == "QueueEntry"]
    assert waiting == [("sales", "8"), ("sales", "3"), ("support", "8")]
    members = {frame.get(b"Name"): frame for frame in told if frame.name == "QueueMember"}
    assert members["Dana O'Neill"].get(b"PausedReason") == "break"
    assert members["Elio"].get(b"Status") == "6"
    assert (members["Anna Rossi"].get(b"Status"), members["Anna Rossi"].get(b"InCall")) == ("2", "1")
    assert [frame.get(b"ConnectedLineNum") for frame in told if frame.name == "QueueEntry"] == ["unknown"] * 3


def test_a_queue_or_a_channel_may_be_asked_for_alone(made: Plant) -> None:
    told = ask(made, "QueueStatus", queue="support")
    assert {frame.get(b"Queue") for frame in told[1:-1]} == {"support"}
    channel = next(iter(made.switch.channels))
    (status,) = ask(made, "Status", channel=channel)[1:-1]
    assert (status.get(b"Channel"), status.get(b"DNID")) == (channel, twins.SALES)


def test_bridged_channels_name_their_bridge(made: Plant) -> None:
    bridges = [frame.get(b"BridgeUniqueid") for frame in ask(made, "BridgeList")[1:-1]]
    named = [frame.get(b"BridgeId") for frame in ask(made, "CoreShowChannels")[1:-1]]
    assert sorted(bridge for bridge in named if bridge) == sorted(2 * bridges)  # type: ignore[type-var,arg-type]


def test_parked_callers_are_listed() -> None:
    plant = twins.plant()
    plant.tell(twins.queue(twins.SALES, Talk(seconds=2.0), Park(by="103", seconds=30.0), answers={"101": 1.0}))
    twins.frames_of(plant, 10.0)
    begin, parked, end = ask(plant, "ParkedCalls")
    assert (begin.get(b"EventList"), parked.get(b"ParkingSpace"), end.get(b"Total")) == ("start", "701", "1")


def test_a_ping_is_answered_with_the_plant_s_time(made: Plant) -> None:
    (pong,) = ask(made, "Ping")
    assert pong.get(b"Ping") == "Pong"
    assert float(str(pong.get(b"Timestamp"))) == pytest.approx(twins.STARTED_AT.timestamp() + 9.0)


def test_an_unknown_action_is_refused_by_name(made: Plant) -> None:
    (refusal,) = ask(made, "Frobnicate")
    assert refusal.get(b"Response") == "Error"
    assert "Frobnicate" in str(refusal.get(b"Message"))


def told_of(plant: Plant, until: float) -> list[str]:
    return [frame.name for _, frame in twins.frames_of(plant, until)]


def test_an_originate_rings_the_agent_then_the_public() -> None:
    plant = twins.plant()
    (answer,) = ask(
        plant, "Originate", channel="PJSIP/101", exten="9393331234551", context="from-internal", priority="1"
    )
    assert answer.get(b"Response") == "Success"
    told = twins.frames_of(plant, 400.0)
    (response,) = [frame for _, frame in told if frame.name == "OriginateResponse"]
    assert (response.get(b"ActionID"), response.get(b"Exten")) == ("a1", "9393331234551")
    (call,) = plant.truth.calls
    assert (call.click_to_dial, call.dialled, call.caller) == (True, "+393331234551", "101")


@pytest.mark.parametrize(
    "fields",
    [
        {"channel": "PJSIP/999", "exten": "93933"},
        {"channel": "PJSIP/101", "exten": "102"},
        {"channel": "PJSIP/101", "exten": "9x"},
        {},
    ],
)
def test_an_originate_that_makes_no_sense_is_refused(fields: dict[str, str]) -> None:
    plant = twins.plant()
    (answer,) = ask(plant, "Originate", **fields)
    assert answer.get(b"Response") == "Error"
    assert plant.truth.calls == []


def test_a_hangup_ends_the_call_of_that_channel() -> None:
    plant = twins.plant()
    plant.tell(twins.queue(twins.SALES, TALK, HangUp(), answers={"101": 1.0}))
    twins.frames_of(plant, 5.0)
    assert ask(plant, "Hangup", channel="PJSIP/none-1")[0].get(b"Response") == "Error"
    assert ask(plant, "Hangup", channel=next(iter(plant.switch.channels)))[0].get(b"Response") == "Success"
    assert told_of(plant, 6.0).count("Hangup") == 2


def test_agents_are_paused_added_and_removed() -> None:
    plant = twins.plant()
    orders = (
        ("QueuePause", {"interface": "Local/103@agents/n", "paused": "true", "reason": "lunch"}, "QueueMemberPause"),
        ("QueueAdd", {"interface": "PJSIP/103", "queue": "sales"}, "QueueMemberAdded"),
        ("QueueRemove", {"interface": "PJSIP/103", "queue": "sales"}, "QueueMemberRemoved"),
    )
    for action, fields, event in orders:
        assert ask(plant, action, **fields)[0].get(b"Response") == "Success"
        assert event in told_of(plant, plant.timeline.now)


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("QueuePause", {"interface": "PJSIP/999", "paused": "1"}),
        ("QueueAdd", {"interface": "PJSIP/101", "queue": "sales"}),
        ("QueueAdd", {"interface": "PJSIP/101", "queue": "none"}),
        ("QueueRemove", {"interface": "PJSIP/101", "queue": "support"}),
        ("QueueRemove", {}),
    ],
)
def test_what_cannot_be_is_refused(action: str, fields: dict[str, str]) -> None:
    assert ask(twins.plant(), action, **fields)[0].get(b"Response") == "Error"
