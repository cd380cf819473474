"""What any simulated PBX does on its socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from offhook.simulator.clockwork import Timeline
from offhook.simulator.serving import Client, PlantServer
from tests.crm_bridge.scene import until


class Clockwork:
    """A plant that has nothing but a time."""

    def __init__(self) -> None:
        self.timeline = Timeline()


class Echo(PlantServer[Clockwork, Client]):
    """Says its line back to whom it likes."""

    likes = True
    ticks = 0

    def __init__(self, speed: float) -> None:
        super().__init__(Clockwork(), host="127.0.0.1", port=0, speed=speed, tls=None)

    def _advance(self, until: float) -> None:
        while self.plant.timeline.step(until):
            pass

    def _tick(self, passed_s: float) -> None:
        self.ticks += passed_s >= 0

    def _welcome(self, writer: asyncio.StreamWriter) -> Client | None:
        if not self.likes:
            writer.transport.abort()
            return None
        return Client(writer)

    async def _converse(self, client: Client, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            client.write(line)


@pytest.fixture
async def server() -> AsyncIterator[Echo]:
    async with Echo(speed=0.0) as made:
        yield made


async def test_each_client_is_answered_and_counted(server: Echo) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"Ping\n")
    assert await reader.readline() == b"Ping\n"
    assert server.bytes_sent == 5
    writer.close()
    await until(lambda: server.bytes_sent == 0)


async def test_a_cut_ends_all_and_one_who_is_turned_away_is_no_client(server: Echo) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"Ping\n")
    await reader.readline()
    server.cut()
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
    server.likes = False
    reader, writer = await asyncio.open_connection(server.host, server.port)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
    assert server.bytes_sent == 0


async def test_time_stands_still_unless_it_is_skipped_or_has_a_speed(server: Echo) -> None:
    await until(lambda: server.ticks > 2)
    assert server.plant.timeline.now == 0.0
    server.skip(7.5)
    assert server.plant.timeline.now == 7.5
    async with Echo(speed=100.0) as fast:
        await until(lambda: fast.plant.timeline.now > 1.0)
