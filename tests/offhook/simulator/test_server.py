"""The simulated PBX on a socket."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from cti.link import Link, PbxSettings
from cti.model import CallEnded, CallEvent
from cti.pbx.asterisk import AsteriskDialect
from cti.switchboard import Switchboard
from offhook.simulator.server import AmiServer
from offhook.simulator.stories import HangUp, Talk
from tests.cti.link_contract import until
from tests.offhook.simulator import twins

SECRET = "a secret"
DEADLINE_S = 15.0


class Client:
    """Speaks to the server byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def frame(self) -> str:
        async with asyncio.timeout(DEADLINE_S):
            return (await self.reader.readuntil(b"\r\n\r\n")).decode()

    async def ask(self, action: str, **fields: str) -> str:
        lines = [f"Action: {action}", *(f"{key}: {value}" for key, value in fields.items()), "", ""]
        self.writer.write("\r\n".join(lines).encode())
        return await self.frame()

    async def log_in(self, **fields: str) -> str:
        return await self.ask("Login", **{"Username": "monitor", "Secret": SECRET, **fields})

    async def ended(self) -> bool:
        async with asyncio.timeout(DEADLINE_S):
            try:
                while await self.reader.read(1 << 16):
                    pass
            except ConnectionError:
                pass
        return True


@asynccontextmanager
async def connected(server: AmiServer) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    client = Client(reader, writer)
    assert await reader.readline() == b"Asterisk Call Manager/11.0.0\r\n"
    try:
        yield client
    finally:
        writer.transport.abort()


@pytest.fixture
async def server() -> AsyncIterator[AmiServer]:
    async with AmiServer(twins.plant(), "monitor", SECRET, speed=0.0) as made:
        yield made


async def test_log_in_ping_and_log_off(server: AmiServer) -> None:
    async with connected(server) as client:
        assert await client.log_in(ActionID="l1") == (
            "Response: Success\r\nActionID: l1\r\nMessage: Authentication accepted\r\n\r\n"
        )
        assert (await client.frame()).startswith("Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: ")
        assert "Ping: Pong\r\n" in await client.ask("Ping", ActionID="p1")
        assert (await client.ask("Logoff")).startswith("Response: Goodbye\r\n")
        assert await client.ended()
    await until(lambda: server.clients == 0)


@pytest.mark.parametrize("wrong", [{"Secret": "guess"}, {"Username": "root"}, {"Secret": ""}])
async def test_a_wrong_log_in_is_refused_and_the_connection_ends(server: AmiServer, wrong: dict[str, str]) -> None:
    async with connected(server) as client:
        assert "Message: Authentication failed\r\n" in await client.log_in(**wrong)
        assert await client.ended()


async def test_nothing_is_told_before_the_log_in(server: AmiServer) -> None:
    async with connected(server) as client:
        assert "Permission denied" in await client.ask("QueueStatus")
        server.plant.tell(twins.STORIES["S01"][0])
        server.skip(2.0)
        assert "Permission denied" in await client.ask("Ping")


async def test_every_client_gets_all_events_from_its_log_in_on(server: AmiServer) -> None:
    async with connected(server) as early, connected(server) as late:
        await early.log_in(Events="call,agent,dtmf")
        server.plant.tell(twins.STORIES["S01"][0])
        server.skip(0.2)
        await late.log_in(Events="call,agent,dtmf")
        server.skip(60.0)
        first = [await early.frame() for _ in range(3)]
        assert first[0].startswith("Event: Newchannel\r\n")
        assert (await late.frame()).startswith("Event: DeviceStateChange\r\nPrivilege: call,all\r\nDevice: Queue:sales")


async def test_classes_bound_what_is_told(server: AmiServer) -> None:
    async with connected(server) as agents, connected(server) as nobody:
        await agents.log_in(Events="agent")
        await nobody.log_in(Events="off")
        server.plant.tell(twins.STORIES["S01"][0])
        server.skip(60.0)
        assert (await agents.frame()).startswith("Event: QueueCallerJoin\r\nPrivilege: agent,all\r\n")
        assert "Pong" in await nobody.ask("Ping")
        assert "Success" in await nobody.ask("Events", EventMask="on")
        server.plant.tell(twins.STORIES["S01"][0])
        server.skip(1.0)
        assert (await nobody.frame()).startswith("Event: Newchannel\r\n")


async def test_the_snapshot_and_the_stream_fit_together(server: AmiServer) -> None:
    async with connected(server) as client:
        await client.log_in(Events="call,agent,dtmf")
        server.plant.tell(twins.queue(twins.SALES, Talk(seconds=60.0), HangUp(), answers={"101": 1.0}))
        server.skip(5.0)
        answer = await client.ask("Status", ActionID="s")
        while "StatusComplete" not in answer:
            answer = await client.frame()
        assert "ListItems: 2\r\n" in answer


async def test_a_client_that_does_not_read_is_dropped(server: AmiServer) -> None:
    server.plant.timeline.after(0.0, lambda: None)
    async with connected(server) as slow, connected(server) as quick:
        slow.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await slow_log_in(slow)
        await quick.log_in(Events="on")
        reading = asyncio.create_task(quick.ended())
        await until(lambda: server.clients == 2)

        def more() -> bool:
            for _ in range(20):
                server.plant.tell(twins.STORIES["S05"][0])
                server.skip(60.0)
            return server.dropped > 0

        await until(more)
        assert (server.dropped, server.clients) == (1, 1)
        reading.cancel()


async def slow_log_in(client: Client) -> None:
    client.writer.write(f"Action: Login\r\nUsername: monitor\r\nSecret: {SECRET}\r\nEvents: on\r\n\r\n".encode())
    await client.writer.drain()


async def test_time_passes_as_fast_as_asked() -> None:
    plant = twins.plant()
    async with AmiServer(plant, "monitor", SECRET, speed=50.0):
        began = time.monotonic()
        await until(lambda: plant.timeline.now > 25.0)
        assert time.monotonic() - began > 0.4


async def test_an_action_without_an_end_does_not_fill_the_memory(server: AmiServer) -> None:
    async with connected(server) as client:
        client.writer.write(b"Action: " + b"x" * (1 << 20))
        assert await client.ended()


async def test_the_ordinary_link_tells_the_calls(server: AmiServer) -> None:
    events: list[CallEvent] = []
    settings = PbxSettings(name="sim", port=server.port, username="monitor", secret=SECRET)
    dialect = AsteriskDialect(settings)
    board = Switchboard("sim", dialect, events.append)
    link = Link(settings, dialect, board.take, snapshot=True)
    running = asyncio.create_task(link.run())
    await until(lambda: server.clients == 1)
    server.plant.tell(twins.STORIES["S09"][0])
    for _ in range(120):
        server.skip(0.5)
        await asyncio.sleep(0)
    await until(lambda: any(isinstance(event, CallEnded) for event in events))
    await link.close()
    await running
    (call,) = [event.call for event in events if isinstance(event, CallEnded)]
    assert (call.answered_by, call.outcome) == (("103", "102"), "answered")
    assert isinstance(call.offered_at, datetime)


async def test_a_cut_connection_is_found_and_made_again(server: AmiServer) -> None:
    settings = PbxSettings(name="sim", port=server.port, username="monitor", secret=SECRET, backoff_first_s=0.01)
    dialect = AsteriskDialect(settings)
    link = Link(settings, dialect, lambda frames, _at, _session: list(frames).clear())
    running = asyncio.create_task(link.run())
    await until(lambda: link.health().connected)
    server.cut()
    await until(lambda: link.health().reconnects == 1 and server.clients == 1)
    await link.close()
    await running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*request, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
    return folder


async def test_over_tls(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    async with AmiServer(twins.plant(), "monitor", SECRET, tls=context) as made:
        trust = ssl.create_default_context(cafile=str(certificate / "certificate.pem"))
        trust.check_hostname = False
        reader, writer = await asyncio.open_connection(made.host, made.port, ssl=trust)
        client = Client(reader, writer)
        assert (await reader.readline()).startswith(b"Asterisk Call Manager")
        assert "accepted" in await client.log_in()
        writer.transport.abort()
