"""What ``api`` commands answer, in the forms of the recordings."""

from __future__ import annotations

import json

import pytest

from cti.pbx.freeswitch_snapshot import parse_table
from offhook.simulator.freeswitch.answers import Answers
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from tests.offhook.simulator.freeswitch import fs_twins
from tests.offhook.simulator.twins import LATE, SALES, SUPPORT, queue, talk


def busy_plant(second: float = 5.0) -> FreeswitchPlant:
    """One talks with 101, one waits in support."""
    plant = fs_twins.plant()
    plant.tell(queue(SALES, talk(60), answers={"101": 1.0}))
    plant.tell(queue(SUPPORT, answers=LATE))
    fs_twins.frames_of(plant, second)
    return plant


def columns_recorded(command: str) -> str:
    """The first line of the answer to ``command`` in a recording."""
    text = (fs_twins.RECORDINGS / "S01" / "snapshot.txt").read_text()
    return text.partition(f"# api {command}\n")[2].partition("\n")[0]


@pytest.mark.parametrize("what", ["queue", "agent", "tier"])
def test_tables_have_the_recordings_columns(what: str) -> None:
    command = f"callcenter_config {what} list"
    answer = Answers(busy_plant()).answer(*command.split(" ", 1))  # type: ignore[arg-type]
    head = answer.partition("\n")[0]
    assert columns_recorded(command).startswith(head)
    assert answer.endswith("+OK\n")


def test_channels_and_bridges_are_those_of_now() -> None:
    plant = busy_plant()
    answers = Answers(plant)
    channels = json.loads(answers.answer("show", "channels as json"))
    assert channels["row_count"] == len(plant.core.legs) == 6
    assert {row["callstate"] for row in channels["rows"]} == {"ACTIVE", "RINGING"}
    bridged = json.loads(answers.answer("show", "bridged_calls as json"))["rows"]
    assert [(row["initial_dest"], row["b_dest"]) for row in bridged] == [(SALES, "101")]
    assert answers.answer("show", "channels").endswith("\n6 total.\n")
    assert json.loads(Answers(fs_twins.plant()).answer("show", "channels as json")) == {"row_count": 0}
    assert answers.answer("show", "moon").startswith("-USAGE")


def test_members_are_waiting_trying_or_answered() -> None:
    answers = Answers(busy_plant())
    rows = {
        name: parse_table(answers.answer("callcenter_config", f"queue list members {name}"), "cid_name")
        for name in ("sales", "support")
    }
    assert [row["state"] for row in rows["sales"]] == ["Answered"]
    assert [row["state"] for row in rows["support"]] == ["Trying"]
    assert answers.answer("callcenter_config", "queue list members moon") == "-ERR Invalid!\n"


def test_a_leg_is_dumped_as_json_or_as_headers() -> None:
    plant = busy_plant()
    answers, (leg, *_) = Answers(plant), plant.core.legs
    dumped = json.loads(answers.answer("uuid_dump", f"{leg} json"))
    assert (dumped["Event-Name"], dumped["Unique-ID"]) == ("CHANNEL_DATA", leg)
    assert f"Unique-ID: {leg}\n" in answers.answer("uuid_dump", leg)
    assert answers.answer("uuid_dump", "nobody") == "-ERR No such channel!\n"
    assert (answers.answer("uuid_exists", leg), answers.answer("uuid_exists", "nobody")) == ("true", "false")


def test_a_status_is_set_and_got() -> None:
    plant = fs_twins.plant()
    answers = Answers(plant)
    assert answers.answer("callcenter_config", "agent set status 101 'On Break'") == "+OK\n"
    assert answers.answer("callcenter_config", "agent get status 101") == "On Break\n"
    assert answers.answer("callcenter_config", "agent set status 101 'Gone Fishing'").startswith("-ERR")
    assert answers.answer("callcenter_config", "agent set status 999 Available").startswith("-ERR")
    assert answers.answer("callcenter_config", "agent set status 101 'unclosed").startswith("-ERR")
    assert answers.answer("callcenter_config", "queue count agents sales 'On Break'") == "1\n"


def test_a_call_is_originated_and_killed() -> None:
    plant = fs_twins.plant()
    answers = Answers(plant)
    assert answers.answer("originate", "{x=y}user/101@pbx.lab 9+39331").startswith("+OK")
    assert answers.answer("originate", "user/101 9+39331") == "-ERR USER_BUSY\n"
    assert answers.answer("originate", "user/999 9+39331") == "-ERR USER_NOT_REGISTERED\n"
    assert answers.answer("originate", "what").startswith("-USAGE")
    (leg,) = plant.core.legs
    assert answers.answer("uuid_kill", leg) == "+OK\n"
    assert answers.answer("uuid_kill", "nobody") == "-ERR No such channel!\n"
    fs_twins.frames_of(plant, 5.0)
    assert plant.core.legs == {}


def test_status_version_echo_and_what_is_unknown() -> None:
    answers = Answers(fs_twins.plant())
    assert answers.answer("status", "").startswith("UP 0 years")
    assert answers.answer("version", "").startswith("FreeSWITCH Version")
    assert answers.answer("echo", "hello there") == "hello there"
    assert answers.answer("moon", "") == "-ERR moon Command not found!\n"


def test_who_asks_is_told_to_all() -> None:
    plant = fs_twins.plant()
    Answers(plant).answer("show", "channels as json")
    (event,) = plant.core.take_events()
    assert (event.get("API-Command"), event.get("API-Command-Argument")) == ("show", "channels as json")
