"""panoramisk's Manager as the link's driver: what a site's own code may rely on, and what its faults no longer do.

What concerns the link itself is in the contract (``tests/cti/link_contract.py``), which runs with both drivers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from panoramisk.manager import Manager

from cti.drivers.panoramisk import MAX_RUNNING, Driver, LinkedManager
from cti.errors import OffhookError
from cti.link import Link
from tests.cti.link_contract import Watch, until, watching
from tests.cti.scripted_pbx import Fields, ScriptedPbx, message, pause_event
from tests.cti.scripted_peer import settings_for


def manager_of(link: Link) -> LinkedManager:
    assert isinstance(link.driver, Driver)
    return link.driver.manager


@pytest.fixture
async def watch(pbx: ScriptedPbx) -> AsyncIterator[Watch]:
    async with watching(settings_for(pbx.port, "panoramisk")) as watch:
        await watch.up()
        yield watch


@pytest.fixture
def manager(watch: Watch) -> LinkedManager:
    return manager_of(watch.link)


async def test_it_is_panoramisks_own_manager(manager: LinkedManager) -> None:
    assert isinstance(manager, Manager)
    assert manager.authenticated
    assert manager.pinger is None


async def test_with_nothing_registered_nothing_more_is_read(watch: Watch, manager: LinkedManager) -> None:
    talk = watch.link._conversation
    assert talk is not None
    assert (talk.observe, talk.wire.everything) == (None, False)
    manager.register_event("Hangup", lambda *_: None)
    assert (talk.observe is not None, talk.wire.everything) == (True, True)


async def test_callbacks_get_whole_names_of_events_wanted_or_not(
    pbx: ScriptedPbx, watch: Watch, manager: LinkedManager
) -> None:
    told: list[tuple[str, str, str]] = []
    manager.register_event("Queue*", lambda _, event: told.append(("queue", event.event, event.membername)))
    manager.register_event("UserThing", lambda _, event: told.append(("user", event.event, event.name)))
    unwanted = message("Event: UserThing", "Name: Müller 北京")
    await pbx.send(pause_event("x") + unwanted + message("Event: VarSet", "Variable: a"), 1)
    await until(lambda: len(told) == 2 and len(watch.events) == 2)
    assert told == [("queue", "QueueMemberPause", "Žofia Kováčová"), ("user", "UserThing", "Müller 北京")]
    assert [name for name, _ in watch.events] == ["QueueMemberPause", "VarSet"], "the link gets what it wants, only"


async def test_a_callback_that_raises_takes_nothing_along(
    pbx: ScriptedPbx, watch: Watch, manager: LinkedManager
) -> None:
    told: list[str] = []

    def faulty(_: Manager, event: Any) -> None:
        raise ValueError(event.pausedreason)

    manager.register_event("*", faulty)
    manager.register_event("*", lambda _, event: told.append(event.pausedreason))
    await pbx.send(b"".join(pause_event(str(number)) for number in range(20)))
    await until(lambda: len(watch.reasons()) == 20)
    assert told == watch.reasons() == [str(number) for number in range(20)]
    assert manager.guard.failures == {"faulty": 20}
    assert len(pbx.asked("Login")) == 1
    assert watch.link.connected


async def test_callbacks_stay_registered_after_a_loss(pbx: ScriptedPbx, watch: Watch, manager: LinkedManager) -> None:
    told: list[str] = []
    logins: list[bool] = []
    manager.on_login = lambda manager: logins.append(manager.authenticated)
    manager.register_event("UserThing", lambda _, event: told.append(event.number))
    await pbx.send(message("Event: UserThing", "Number: 1"))
    await until(lambda: told == ["1"])
    pbx.cut()
    await until(lambda: watch.story.count("back") == 2)
    await pbx.send(message("Event: UserThing", "Number: 2"))
    await until(lambda: told == ["1", "2"])
    assert logins == [True]
    assert len(pbx.asked("Login")) == 2, "the link's own, and none by the manager"


async def test_disconnections_are_told_as_ever(pbx: ScriptedPbx, watch: Watch, manager: LinkedManager) -> None:
    told: list[bool] = []

    def on_disconnect(manager: Manager, _: Exception | None) -> None:
        told.append(manager.authenticated)
        raise RuntimeError("in the site's code")

    manager.on_disconnect = on_disconnect
    pbx.cut()
    await until(lambda: told)
    assert told == [False]
    await until(lambda: watch.link.connected)
    assert manager.guard.failures == {"on_disconnect": 1}


async def test_slow_coroutines_do_not_pile_up_without_bound(pbx: ScriptedPbx, manager: LinkedManager) -> None:
    gate, done = asyncio.Event(), list[str]()

    async def slow(_: Manager, event: Any) -> None:
        await gate.wait()
        done.append(event.pausedreason)
        if event.pausedreason == "0":
            raise ValueError("the first of all")

    manager.register_event("QueueMemberPause", slow)
    await pbx.send(b"".join(pause_event(str(number)) for number in range(MAX_RUNNING + 50)))
    await until(lambda: manager.callbacks_dropped == 50)
    gate.set()
    await until(lambda: len(done) == MAX_RUNNING)
    await until(lambda: manager.guard.failures == {"coroutine": 1})


async def test_an_action_gets_panoramisks_answer(pbx: ScriptedPbx, manager: LinkedManager) -> None:
    answer = await manager.send_action({"Action": "Ping"})
    assert (answer.success, answer.ping) == (True, "Pong")
    refused = await manager.send_action({"Action": "NoSuch", "Variable": ["a=1", "b=2"]})
    assert not refused.success
    assert b"Variable: a=1\r\nVariable: b=2\r\n" in pbx.raw


async def test_a_list_is_given_to_who_asked(pbx: ScriptedPbx, watch: Watch, manager: LinkedManager) -> None:
    def peers(fields: Fields) -> bytes:
        mine = f"ActionID: {fields['ActionID']}"
        entry = message("Event: PeerEntry", mine, "ObjectName: Žofia", "ChanVariable: a", "ChanVariable: b")
        end = message("Event: PeerlistComplete", mine, "EventList: Complete")
        return message("Response: Success", mine, "EventList: start", "Message: will follow") + entry + entry + end

    pbx.answers["SIPpeers"] = peers
    ours, theirs = await asyncio.gather(
        watch.link.send("SIPpeers"), manager.send_action({"Action": "SIPpeers"}, as_list=True)
    )
    assert [frame.name for frame in ours] == ["Response", "PeerEntry", "PeerEntry", "PeerlistComplete"]
    assert [one.event for one in theirs] == ["", "PeerEntry", "PeerEntry", "PeerlistComplete"]
    assert theirs[1].objectname == "Žofia"
    assert theirs[1].chanvariable == ["a", "b"]


async def test_a_line_break_is_refused(pbx: ScriptedPbx, manager: LinkedManager) -> None:
    for action in (
        {"Action": "Setvar", "Value": "x\r\n\r\nAction: Originate"},
        {"Action": "Setvar", "Value": ["fine", "x\ny"]},
        {"Action": "Command", "Command": "core show\r\nAction: Originate"},
    ):
        with pytest.raises(OffhookError, match="ami-line-break"):
            manager.send_action(action)
    await manager.send_action({"Action": "Ping"})
    assert b"Originate" not in pbx.raw
    assert len(pbx.actions) == 2


async def test_an_action_without_an_answer_fails_and_is_not_sent_again(
    pbx: ScriptedPbx, watch: Watch, manager: LinkedManager
) -> None:
    pbx.silent.add("Originate")
    future = manager.send_action({"Action": "Originate", "Channel": "PJSIP/101"})
    await until(lambda: pbx.asked("Originate"))
    pbx.cut()
    with pytest.raises(OffhookError, match="closed the connection"):
        await future
    await until(lambda: watch.story.count("back") == 2)
    pbx.after_login = message("Event: FullyBooted")  # what makes a plain Manager send it again
    pbx.cut()
    await until(lambda: watch.story.count("back") == 3)
    await manager.send_action({"Action": "Ping"})
    assert len(pbx.asked("Originate")) == 1


async def test_no_action_before_the_first_connection(pbx: ScriptedPbx) -> None:
    manager = Driver(settings_for(pbx.port, "panoramisk")).manager
    with pytest.raises(OffhookError, match="link-not-connected"):
        manager.send_action({"Action": "Ping"})


async def test_no_action_between_two_connections(pbx: ScriptedPbx, watch: Watch, manager: LinkedManager) -> None:
    await pbx.stop()
    await until(lambda: watch.causes)
    with pytest.raises(OffhookError, match="link-not-connected"):
        manager.send_action({"Action": "Ping"})
    await pbx.listen()


async def test_it_does_not_connect_by_itself(pbx: ScriptedPbx) -> None:
    async with watching(settings_for(pbx.port, "panoramisk")) as watch:
        await watch.up()
        await watch.link.close()
        manager = manager_of(watch.link)
        assert manager.pinger is None
        assert not manager.authenticated
    assert len(pbx.asked("Login")) == 1
