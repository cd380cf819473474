"""The simulated FreeSWITCH on a socket, and all that may go wrong with it, with the link that follows it."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cti.model import CallEnded, PbxBack, PbxLost
from offhook.simulator.freeswitch import server as freeswitch_server
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.freeswitch.server import FreeswitchServer
from offhook.simulator.freeswitch.session import GOODBYE, GREETING, TURNED_AWAY
from offhook.simulator.stories import HangUp
from tests.cti.link_contract import until
from tests.cti.simulated_pbx import PASSWORD, Follower, SimulatedPbx, followed
from tests.offhook.simulator.freeswitch import fs_twins
from tests.offhook.simulator.twins import SALES, queue, talk

DEADLINE_S = 15.0
CALL = queue(SALES, talk(6), HangUp(by="agent"), answers={"101": 2.0})


class Client:
    """Speaks to the server byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def head(self) -> str:
        async with asyncio.timeout(DEADLINE_S):
            return (await self.reader.readuntil(b"\n\n")).decode()

    async def ask(self, line: str) -> str:
        self.writer.write(f"{line}\n\n".encode())
        return await self.head()

    async def rest(self) -> bytes:
        async with asyncio.timeout(DEADLINE_S):
            return await self.reader.read()


@asynccontextmanager
async def connected(server: FreeswitchServer) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


@pytest.fixture
async def server() -> AsyncIterator[FreeswitchServer]:
    async with FreeswitchServer(fs_twins.plant(), PASSWORD, speed=0.0) as made:
        yield made


@pytest.fixture
def pbx() -> SimulatedPbx:
    return SimulatedPbx("freeswitch")


def served(pbx: SimulatedPbx) -> tuple[FreeswitchServer, FreeswitchPlant]:
    assert isinstance(pbx.server, FreeswitchServer)
    return pbx.server, pbx.server.plant


async def test_it_greets_logs_in_answers_and_takes_leave(server: FreeswitchServer) -> None:
    async with connected(server) as client:
        assert await client.head() == GREETING.decode()
        assert await client.ask(f"auth {PASSWORD}") == "Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
        assert await client.ask("api echo hello") == "Content-Type: api/response\nContent-Length: 5\n\n"
        assert await client.reader.readexactly(5) == b"hello"
        assert "+OK event listener enabled plain" in await client.ask("event plain HEARTBEAT")
        assert server.clients == 1
        server.skip(25.0)
        assert "Content-Type: text/event-plain" in await client.head()
        assert "Event-Name: HEARTBEAT" in await client.head()
        assert "+OK bye" in await client.ask("exit")
        assert await client.rest() == GOODBYE
    await until(lambda: server.clients == 0)


async def test_commands_may_come_in_any_pieces(server: FreeswitchServer) -> None:
    async with connected(server) as client:
        await client.head()
        for byte in f"auth {PASSWORD}\n\n".encode():
            client.writer.write(bytes([byte]))
            await client.writer.drain()
        assert "+OK accepted" in await client.head()


async def test_who_is_kept_out_by_the_list_is_turned_away(server: FreeswitchServer) -> None:
    server.turning_away = True
    async with connected(server) as client:
        assert await client.rest() == TURNED_AWAY


async def test_time_passes_by_itself(server: FreeswitchServer) -> None:
    server.speed = 100.0
    await until(lambda: server.plant.timeline.now > 1.0)


async def test_the_clock_goes_on_while_nothing_happens(server: FreeswitchServer) -> None:
    before = server.plant.core.now_us()
    await until(lambda: server.plant.core.now_us() > before)
    assert server.plant.timeline.now == 0.0


async def test_a_listener_that_does_not_read_loses_events_and_is_killed(
    server: FreeswitchServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freeswitch_server, "MAX_BEHIND_BYTES", 50_000)
    async with connected(server) as client:
        await client.head()
        await client.ask(f"auth {PASSWORD}")
        await client.ask("event plain ALL")
        client.reader._transport.pause_reading()  # type: ignore[attr-defined]
        while not server.killed:
            server.plant.tell(CALL)
            server.skip(30.0)
            await asyncio.sleep(0)
    await until(lambda: server.clients == 0)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for the loopback address, and its key."""
    names = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-keyout", key, "-out", cert)
    subprocess.run([*made, *names], check=True, capture_output=True)
    return cert, key


async def test_it_speaks_tls(pbx: SimulatedPbx, certificate: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    pbx.server = FreeswitchServer(served(pbx)[1], PASSWORD, speed=0.0, tls=context)
    async with followed(pbx, tls=True, tls_ca_file=str(certificate[0])) as follower:
        await follower.back()


# faults, seen by the link


async def until_told(follower: Follower) -> None:
    """A call comes, and is told to its end."""
    known = len(follower.ended)
    follower.pbx.plant.tell(CALL)
    await follower.after(30.0, lambda: len(follower.ended) == known + 1)


async def test_killed_listeners_come_back(pbx: SimulatedPbx) -> None:
    server, _ = served(pbx)
    async with followed(pbx) as follower:
        await follower.back()
        server.lose_listeners()
        await follower.back(2)
        assert server.killed == 1
        await until_told(follower)


async def test_lost_events_are_made_good_by_the_next_connection(pbx: SimulatedPbx) -> None:
    server, plant = served(pbx)
    async with followed(pbx) as follower:
        await follower.back()
        server.drop_next(10_000)
        plant.tell(CALL)
        server.skip(4.0)
        server.drop_next(0)
        server.cut()
        await follower.back(2)
        assert [call.answered_by for call in follower.open] == [("101",)]
        await follower.after(30.0, lambda: follower.ended)
        assert [(call.queue, call.ended_by) for call in follower.ended] == [("sales", "agent")]


async def test_a_pbx_that_does_not_answer_is_given_up_and_tried_again(pbx: SimulatedPbx) -> None:
    server, _ = served(pbx)
    async with followed(pbx, keepalive_s=0.2, keepalive_deadline_s=2.0) as follower:
        await follower.back()
        server.stop_reading = True
        await follower.lost()
        server.stop_reading = False
        await follower.back(2)
        await until_told(follower)


@pytest.mark.parametrize("fault", ["refusing", "half_open", "turning_away"])
async def test_as_long_as_nobody_is_let_in_it_is_tried_again(pbx: SimulatedPbx, fault: str) -> None:
    server, _ = served(pbx)
    setattr(server, fault, True)
    async with followed(pbx, connect_timeout_s=0.4) as follower:
        await until(lambda: server.connections > 2)
        assert follower.of(PbxBack) == []
        setattr(server, fault, False)
        await follower.back()
        await until_told(follower)


async def test_a_restart_ends_all_calls_and_new_ones_come(pbx: SimulatedPbx) -> None:
    server, plant = served(pbx)
    async with followed(pbx) as follower:
        await follower.back()
        plant.tell(queue(SALES, talk(600), answers={"101": 2.0}))
        await follower.after(5.0, lambda: follower.open and follower.open[0].answered_by)
        await follower.quiet()
        core = plant.core.uuid
        server.restart()
        await follower.back(2)
        await until(lambda: len(follower.of(CallEnded)) == 1)
        assert follower.open == []
        assert plant.core.uuid != core
        await until_told(follower)
        assert len(follower.of(PbxLost)) == 1


async def test_what_passes_unheard_is_known_afterwards(pbx: SimulatedPbx) -> None:
    server, plant = served(pbx)
    async with followed(pbx) as follower:
        await follower.back()
        server.mute(5.0)
        plant.tell(CALL)
        server.mute(4.0)
        server.cut()
        await follower.back(2)
        assert [call.queue for call in follower.open] == ["sales"]
