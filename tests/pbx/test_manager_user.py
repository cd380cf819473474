"""The AMI user of ``dialplans/asterisk/manager.conf.sample`` on a real PBX: it may do what is needed, and no more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cti.pbx.asterisk import AsteriskDialect
from cti.pbx.settings import PbxSettings
from tests.pbx.lab.ami import AmiConsole, Message
from tests.pbx.lab.pbx import ObservedPbx
from tests.pbx.lab.processes import until
from tests.pbx.lab.world import World

DIALECT = AsteriskDialect(PbxSettings(name="lab", username="offhook"))


@pytest.fixture
def heard() -> list[Message]:
    return []


@pytest.fixture
def user(asterisk: ObservedPbx, heard: list[Message]) -> Iterator[AmiConsole]:
    console = AmiConsole(asterisk.port, asterisk.username, asterisk.secret, heard.append)
    yield console
    console.close()


def test_it_may_ask_for_the_present_of_the_pbx(user: AmiConsole) -> None:
    for action in (*DIALECT.snapshot_actions(), DIALECT.keepalive_action()):
        user.ask(action.name)


@pytest.mark.parametrize("action", ["Command", "Originate", "GetConfig", "Reload", "DBPut", "Setvar"])
def test_it_may_not_touch_anything(user: AmiConsole, action: str) -> None:
    with pytest.raises(AssertionError, match="Permission denied"):
        user.ask(action)


def test_it_hears_a_call_and_no_variables(user: AmiConsole, heard: list[Message], world: World) -> None:
    world.phone("101", answers_after_s=0.2)
    world.call_in("+393331234598", "Read Classes", "+390221000100", talk_s=0.2).wait_ended()
    until("the queue closes the call", lambda: "AgentComplete" in names(heard), 5)

    assert {"Newchannel", "QueueCallerJoin", "AgentCalled", "DialBegin", "BridgeEnter", "Hangup"} <= names(heard)
    assert not names(heard) & {"VarSet", "Newexten", "RTCPSent", "SuccessfulAuth"}


def names(messages: list[Message]) -> set[str]:
    return {message.get("Event", "") for message in messages}
