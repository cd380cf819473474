"""``offhook run`` killed again and again while it tells a CRM and a webhook of calls, which fail and lie as well.

Each call that is stored arrives at both, and is there once by its id; nothing that was not stored does.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from crm_bridge.outbox import Outbox, State
from kpi.schema import calls
from offhook.database import make_engine
from offhook.simulator.people import Public
from offhook.simulator.traffic import Bustle
from tests.crm_bridge.receiver import SECRET as WEBHOOK_SECRET, Receiver
from tests.faults.stopped_pbx import SPEED, TRAFFIC, program, serve, until, until_all_is_read, write_settings

KILLS = 4
FAILURES = (500, 503, 429)


class StandIn:
    """A CRM: knows nobody, keeps a record for each call id, and fails now and then, before or after it kept it."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.written: Counter[str] = Counter()
        self.up = True
        self._chance = random.Random(7)
        app = web.Application()
        app.router.add_get("/customers", self._find)
        app.router.add_put("/calls/{call_id}", self._write)
        self.server = TestServer(app)

    async def _find(self, _: web.Request) -> web.Response:
        return web.json_response([])

    async def _write(self, request: web.Request) -> web.Response:
        fate = self._chance.random()
        if not self.up or fate < 0.1:
            return web.Response(status=self._chance.choice(FAILURES), headers={"Retry-After": "1"})
        call_id = request.match_info["call_id"]
        self.records[call_id] = await request.json()
        self.written[call_id] += 1
        return web.Response(status=500) if fate < 0.2 else web.json_response({"id": call_id})


def add_settings(path: Path, crm: StandIn, receiver: Receiver) -> None:
    with path.open("a") as file:
        file.write(
            f'[[webhook]]\nname = "site"\nurl = "{receiver.url}"\nsecret = "{WEBHOOK_SECRET}"\n'
            '[[crm.sources]]\nname = "standin"\nkind = "http"\nwrite_calls = true\nwrite_after_s = 0\n'
            f'[crm.sources.options]\nurl = "{str(crm.server.make_url("")).rstrip("/")}"\n'
            'find = "/customers?phone={digits}"\nfields = { id = "id", name = "name" }\n'
            'write = "/calls/{call_id}"\nwrite_body = { id = "{call_id}", outcome = "{outcome}", text = "{text}" }\n'
        )


async def fetch_stored(folder: Path) -> dict[str, str]:
    """Of each call that has ended its id and outcome, as stored."""
    engine = make_engine("sqlite:///offhook.sqlite", beside=folder)
    async with engine.connect() as connection:
        columns = (calls.c.pbx, calls.c.call_id, calls.c.outcome, calls.c.direction)
        rows = (await connection.execute(select(*columns))).all()
    await engine.dispose()
    return {f"{row.pbx}:{row.call_id}": row.outcome.value for row in rows if row.direction.value != "internal"}


async def count_waiting(folder: Path) -> int:
    """How many calls have not arrived; all of those that were read are stored by then, or not."""
    engine = make_engine("sqlite:///offhook.sqlite", beside=folder)
    backlog = await Outbox(engine).fetch_backlog(State.WAITING, State.DEAD)
    await engine.dispose()
    return sum(one.count for one in backlog)


async def test_no_kill_loses_or_doubles_what_is_told(tmp_path: Path) -> None:
    chance = random.Random(3)
    server = serve("asterisk")
    plant, crm = server.plant, StandIn()
    bustle = Bustle(plant, Public(random.Random(3), []), TRAFFIC, seed=3)
    await crm.server.start_server()
    async with server, Receiver() as receiver:
        settings = write_settings(tmp_path, "asterisk", server.port)
        add_settings(settings, crm, receiver)
        bustle.begin()
        for kill in range(KILLS):
            crm.up = kill != 1
            receiver.statuses = [503] * 5
            async with program(settings, server):
                await until_all_is_read(tmp_path, server)
                server.speed = SPEED
                until_then = plant.timeline.now + chance.uniform(30.0, 90.0)
                await until(lambda moment=until_then: plant.timeline.now > moment)
                server.speed = 0.0
                await until_all_is_read(tmp_path, server)
        bustle.stop()
        crm.up, receiver.statuses = True, []
        async with program(settings, server):
            await until_all_is_read(tmp_path, server)
            server.speed = 200.0
            await until(lambda: plant.open_calls == 0)
            server.speed = 0.0
            await until_all_is_read(tmp_path, server)
            told = {f"sim:{call.uniqueid}" for call in plant.truth.calls if call.direction != "internal"}
            async with asyncio.timeout(300):
                await until_arrived(tmp_path, told, crm, receiver)
    await crm.server.close()
    stored = await fetch_stored(tmp_path)
    assert len(stored) > 40
    assert {call_id: record["outcome"] for call_id, record in crm.records.items()} == stored
    messages = {got.message_id: got.body["data"] for got in receiver.got}
    assert {data["call_id"]: data["outcome"] for data in messages.values() if data["direction"] != "internal"} == stored
    assert all(record["text"].endswith(f"Offhook call {call_id}") for call_id, record in crm.records.items())
    assert len(messages) == len({data["call_id"] for data in messages.values()})


async def until_arrived(folder: Path, told: set[str], crm: StandIn, receiver: Receiver) -> None:
    """Every call of the PBX is at both, and nothing waits."""
    while True:
        at_webhook = {got.body["data"]["call_id"] for got in receiver.got}
        if told <= crm.records.keys() and told <= at_webhook and not await count_waiting(folder):
            return
        await asyncio.sleep(0.2)
