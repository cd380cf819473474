"""Peers that a link cannot work with: no PBX, silent, deaf, out of step. It says why, gives up and tries again."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from cti.link import Link, LinkError
from cti.pbx.asterisk import AsteriskDialect
from tests.cti.link_contract import until, watching
from tests.cti.scripted_pbx import BANNER, ScriptedPbx, message, pause_event
from tests.cti.scripted_peer import error_of, error_ref, settings_for


async def test_a_silent_peer_is_given_up(pbx: ScriptedPbx, driver: str) -> None:
    pbx.silent.add("Ping")
    settings = settings_for(pbx.port, driver, keepalive_s=0.05, keepalive_deadline_s=0.2)
    async with watching(settings) as watch:
        await until(lambda: watch.causes)
    assert "link-peer-silent" in watch.causes[0]
    assert "0.2 s" in watch.causes[0]
    assert watch.story[:2] == ["back", "lost"]


async def test_a_silent_peer_that_goes_on_sending_is_given_up_too(pbx: ScriptedPbx, driver: str) -> None:
    pbx.silent.add("Ping")
    async with watching(settings_for(pbx.port, driver, keepalive_s=0.05, keepalive_deadline_s=0.3)) as watch:
        await watch.up()
        while not watch.causes:
            with contextlib.suppress(ConnectionError):
                await pbx.send(pause_event("noise"))
            await asyncio.sleep(0)
    assert "link-peer-silent" in watch.causes[0]


async def test_the_secret_is_not_told_to_a_peer_that_is_no_pbx(pbx: ScriptedPbx, driver: str) -> None:
    pbx.greeting = b"220 mail.example.com ESMTP\r\n"
    error = await error_of(settings_for(pbx.port, driver))
    assert error.ref == "ami-no-banner"
    assert "220 mail" in str(error)
    assert pbx.raw == b""


async def test_a_peer_that_says_nothing(pbx: ScriptedPbx, driver: str) -> None:
    pbx.greeting = b""
    assert await error_ref(settings_for(pbx.port, driver, connect_timeout_s=0.05)) == "link-no-greeting"


async def test_a_banner_that_never_ends(pbx: ScriptedPbx, driver: str) -> None:
    pbx.greeting = b"A" * 300_000
    assert await error_ref(settings_for(pbx.port, driver)) == "ami-no-banner"


async def test_a_closed_port(pbx: ScriptedPbx, driver: str) -> None:
    await pbx.stop()
    error = await error_of(settings_for(pbx.port, driver))
    assert error.ref == "link-port-closed"
    assert f"127.0.0.1:{pbx.port}" in str(error)
    assert "manager.conf" in error.hint
    await pbx.listen()


async def test_a_host_without_an_address(driver: str) -> None:
    assert await error_ref(settings_for(5038, driver, host="no-such-pbx.invalid")) == "link-unknown-host"


async def test_a_log_in_that_is_not_answered(pbx: ScriptedPbx, driver: str) -> None:
    pbx.silent.add("Login")
    error = await error_of(settings_for(pbx.port, driver, connect_timeout_s=0.1))
    assert (error.ref, "Login" in str(error)) == ("link-no-answer", True)


async def test_half_a_frame_and_then_the_end(pbx: ScriptedPbx, driver: str) -> None:
    async with watching(settings_for(pbx.port, driver)) as watch:
        link = await watch.up()
        read = link.health().bytes_read
        await pbx.send(pause_event("whole") + b"Event: Hangup\r\nUniq")
        await until(lambda: link.health().bytes_read > read and watch.reasons())
        pbx.cut()
        await until(lambda: watch.causes)
    assert "in the middle of a message, after 19 bytes of it" in watch.causes[0]
    assert watch.reasons() == ["whole"]
    assert "Hangup" not in watch.story


async def test_a_header_of_ten_megabytes(pbx: ScriptedPbx, driver: str) -> None:
    async with watching(settings_for(pbx.port, driver)) as watch:
        await watch.up()
        huge = message("Event: VarSet", "Value: " + "x" * 10_000_000)
        with contextlib.suppress(ConnectionError):
            await pbx.send(pause_event("before") + huge)
        await until(lambda: watch.story.count("back") >= 2)
    assert "ami-frame-too-long" in watch.causes[0]
    assert "1048576 bytes" in watch.causes[0]
    assert watch.reasons() == ["before"]


async def test_a_peer_that_takes_nothing_does_not_fill_the_memory(pbx: ScriptedPbx, driver: str) -> None:
    gate = asyncio.Event()

    async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(BANNER)
        await gate.wait()
        writer.close()

    server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1)
    port = server.sockets[0].getsockname()[1]
    settings = settings_for(port, driver)
    link = Link(settings, AsteriskDialect(settings), lambda *_: None)
    run = asyncio.create_task(link.run())
    await until(lambda: link._conversation is not None and link._conversation.wire.banner)
    talk = link._conversation
    assert talk is not None
    with pytest.raises(LinkError, match="link-congested"):
        for _ in range(1_000):
            talk.write("Filler", b"x" * 100_000)
    gate.set()
    await link.close()
    await asyncio.wait({run})
    server.close()
    await server.wait_closed()
