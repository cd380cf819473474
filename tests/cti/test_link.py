"""The link held to its contract by a scripted PBX, and what only such a one can make it do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cti import conversation, link as link_module
from cti.link import Link, LinkError, backoff_s
from cti.pbx.asterisk import AsteriskDialect
from cti.pbx.dialect import Frame
from cti.pbx.settings import PbxSettings
from tests.cti.link_contract import LinkContract, until, watching
from tests.cti.scripted_pbx import BANNER, SECRET, ScriptedPbx, message, pause_event
from tests.cti.scripted_peer import ScriptedPeer, settings_for


class TestScripted(LinkContract):
    @pytest.fixture
    async def peer(self) -> AsyncIterator[ScriptedPeer]:
        async with ScriptedPbx() as pbx:
            yield ScriptedPeer(pbx)


async def test_names_are_whole_however_the_bytes_are_cut(pbx: ScriptedPbx, driver: str) -> None:
    async with watching(settings_for(pbx.port, driver)) as watch:
        await watch.up()
        for piece in range(1, 8):
            await pbx.send(pause_event(f"Müller 北京 {piece}"), piece)
        await until(lambda: len(watch.reasons()) == 7)

    assert watch.reasons() == [f"Müller 北京 {piece}" for piece in range(1, 8)]
    assert {headers["MemberName"] for _, headers in watch.events} == {"Žofia Kováčová"}


async def test_a_chunk_goes_on_after_the_frame_that_made_a_callback_raise(pbx: ScriptedPbx, driver: str) -> None:
    taken: list[str | None] = []

    def raise_at_odd_ones(frames: Iterable[Frame], received_at: datetime, session: str) -> None:
        for frame in frames:
            taken.append(frame.get(b"PausedReason"))
            if len(taken) % 2:
                raise ValueError("odd")

    async with watching(settings_for(pbx.port, driver), frames=raise_at_odd_ones) as watch:
        link = await watch.up()
        await pbx.send(b"".join(pause_event(str(number)) for number in range(20)))
        await until(lambda: len(taken) == 20)
        assert link.health().failures == {"frames": 10}
        assert link.connected
    assert taken == [str(number) for number in range(20)]


async def test_a_callback_that_takes_nothing_is_not_called_for_ever(pbx: ScriptedPbx) -> None:
    def refuse(frames: Iterable[Frame], received_at: datetime, session: str) -> None:
        raise ValueError("not even looked at")

    async with watching(settings_for(pbx.port), frames=refuse) as watch:
        link = await watch.up()
        await pbx.send(pause_event("a") + pause_event("b"))
        await until(lambda: link.health().events_read == 2)
        assert link.health().failures == {"frames": 1}


async def test_tap_and_hooks_may_raise_too(pbx: ScriptedPbx) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    settings = settings_for(pbx.port)
    taken: list[str] = []
    link = Link(
        settings,
        AsteriskDialect(settings),
        lambda frames, at, session: taken.extend(frame.name for frame in frames),
        back=fail,
        lost=fail,
        tap=fail,
    )
    run = asyncio.create_task(link.run())
    await until(lambda: link.connected)
    await pbx.send(pause_event("x"))
    await until(lambda: taken)
    await link.close()
    await run
    failures = link.health().failures
    assert (failures["back"], failures["lost"]) == (1, 1)
    assert failures["tap"] >= 2
    assert taken == ["QueueMemberPause"]


async def test_events_in_the_packet_of_the_log_in_come_after_back(pbx: ScriptedPbx, driver: str) -> None:
    pbx.after_login = message("Event: FullyBooted", "Status: Fully Booted") + pause_event("early")
    async with watching(settings_for(pbx.port, driver)) as watch:
        await watch.up()
        await until(lambda: watch.reasons())
    assert watch.story[:2] == ["back", "QueueMemberPause"]


async def test_the_pbx_is_told_goodbye(pbx: ScriptedPbx, driver: str) -> None:
    async with watching(settings_for(pbx.port, driver)) as watch:
        await watch.up()
    assert len(pbx.asked("Logoff")) == 1
    async with watching(settings_for(pbx.port, driver)) as watch:
        await watch.up()
        assert watch.run is not None
        watch.run.cancel()
        await watch.ended()
    assert len(pbx.asked("Logoff")) == 2


async def test_a_link_that_was_closed_does_not_begin(pbx: ScriptedPbx) -> None:
    settings = settings_for(pbx.port)
    link = Link(settings, AsteriskDialect(settings), lambda *_: None)
    await link.close()
    await link.run()
    assert pbx.actions == []


async def test_a_pbx_that_does_not_say_goodbye_is_left_all_the_same(
    pbx: ScriptedPbx, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "LOG_OFF_S", 0.05)
    pbx.silent.add("Logoff")
    async with watching(settings_for(pbx.port, driver)) as watch:
        await watch.up()
    assert watch.story == ["back", "lost"]


async def test_each_failure_makes_the_next_pause_longer_until_a_connection_lasts(
    pbx: ScriptedPbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[int] = []

    def no_pause(settings: PbxSettings, count: int, share: float) -> float:
        assert 0 <= share < 1
        failures.append(count)
        return 0

    monkeypatch.setattr(link_module, "backoff_s", no_pause)
    pbx.greeting = b"another program\r\n"
    async with watching(settings_for(pbx.port, backoff_max_s=0.2)) as watch:
        await until(lambda: len(failures) >= 3)
        pbx.greeting = BANNER
        await watch.up()
        began = asyncio.get_running_loop().time()
        await until(lambda: asyncio.get_running_loop().time() - began > 0.2)
        pbx.cut()
        await until(lambda: watch.story.count("back") == 2)
    assert failures[:3] == [1, 2, 3]
    assert failures[-1] == 0


async def test_a_wrong_secret_is_tried_once(pbx: ScriptedPbx, driver: str) -> None:
    settings = settings_for(pbx.port, driver, secret="not it")
    async with watching(settings) as watch:
        run = await watch.ended()
        assert watch.link.health().attempts_failed == 1
        with pytest.raises(LinkError, match="permit and deny"):
            await run
    assert len(pbx.asked("Login")) == 1


async def test_a_link_closed_before_it_was_let_in_says_nothing(pbx: ScriptedPbx, driver: str) -> None:
    pbx.greeting = b""
    async with watching(settings_for(pbx.port, driver)):
        await until(lambda: pbx.talkers == 1)
    await until(lambda: pbx.talkers == 0)
    assert pbx.raw == b""


async def test_an_action_without_an_answer(pbx: ScriptedPbx, driver: str) -> None:
    pbx.silent.add("Originate")
    async with watching(settings_for(pbx.port, driver)) as watch:
        link = await watch.up()
        with pytest.raises(LinkError, match=r"waited 0\.05 s.*look before you send it again"):
            await link.send("Originate", timeout_s=0.05)
        assert link.connected
    assert len(pbx.asked("Originate")) == 1


async def test_a_lost_action_fails_and_is_never_sent_again(pbx: ScriptedPbx, driver: str) -> None:
    pbx.silent.add("Originate")
    async with watching(settings_for(pbx.port, driver)) as watch:
        link = await watch.up()
        originate = asyncio.create_task(link.send("Originate", [("Channel", "PJSIP/101")]))
        await until(lambda: pbx.asked("Originate"))
        pbx.cut()
        with pytest.raises(LinkError, match="closed the connection"):
            await originate
        await until(lambda: watch.story.count("back") == 2)
        await link.send("Ping")
    assert len(pbx.asked("Originate")) == 1


async def test_no_action_without_a_connection(pbx: ScriptedPbx, driver: str) -> None:
    settings = settings_for(pbx.port, driver)
    link = Link(settings, AsteriskDialect(settings), lambda *_: None)
    with pytest.raises(LinkError, match="link-not-connected"):
        await link.send("Ping")


async def test_a_refused_snapshot_is_told_and_asked_for_again(
    pbx: ScriptedPbx, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "SNAPSHOT_AGAIN_S", 0.01)
    async with watching(settings_for(pbx.port, driver), snapshot=True) as watch:
        link = await watch.up()
        await until(lambda: len(pbx.asked("Status")) >= 3)
        assert link.last_error is not None
        assert link.last_error.ref == "link-action-refused"
        assert link.connected
        ScriptedPeer(pbx)  # now it knows the lists
        await until(lambda: "QueueStatusComplete" in watch.story)
        await until(lambda: link.last_error is None)
        asked = len(pbx.asked("QueueStatus"))
        await link.send("Ping")
        assert len(pbx.asked("QueueStatus")) == asked


async def test_a_present_that_is_never_told_does_not_keep_the_link_from_ending(pbx: ScriptedPbx, driver: str) -> None:
    pbx.silent.add("Status")
    async with watching(settings_for(pbx.port, driver), snapshot=True) as watch:
        await watch.up()
        await until(lambda: pbx.asked("Status"))
        pbx.cut()
        await until(lambda: watch.story.count("back") == 2)


async def test_a_fault_of_our_own_is_survived(pbx: ScriptedPbx) -> None:
    settings = settings_for(pbx.port)

    class Faulty(AsteriskDialect):
        def login_action(self, username: str, secret: str) -> Any:
            raise ZeroDivisionError

    link = Link(settings, Faulty(settings), lambda *_: None)
    run = asyncio.create_task(link.run())
    await until(lambda: link.health().attempts_failed >= 2)
    await link.close()
    await run
    assert isinstance(link.last_error, LinkError)
    assert (link.last_error.ref, link.last_error.why) == ("link-fault", "ZeroDivisionError")
    assert link.health().failures["link"] >= 2


async def test_a_secret_file_is_read_at_each_log_in(pbx: ScriptedPbx, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    async with watching(settings_for(pbx.port, secret=None, secret_file=str(path))) as watch:
        await until(lambda: watch.link.health().attempts_failed >= 2)
        assert watch.link.last_error is not None
        assert watch.link.last_error.ref == "link-secret-file"
        path.write_text(f"{SECRET}\n")
        await watch.up()
    assert len(pbx.asked("Login")) == 1


def test_the_pause_doubles_up_to_its_bound_and_any_share_of_it_is_possible() -> None:
    settings = PbxSettings(name="hq", username="x", backoff_first_s=1, backoff_max_s=60)
    bounds = [backoff_s(settings, failures, 1.0) for failures in range(1, 12)]
    assert bounds == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    assert backoff_s(settings, 6, 0.0) == 0
    assert backoff_s(settings, 6, 0.5) == 16
