"""``offhook demo`` as a visitor meets it: started, looked at, stopped."""

from __future__ import annotations

import asyncio
import html
import os
import random
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import func, select

from cti.errors import OffhookError
from cti.pbx.settings import PbxSettings
from kpi.schema import calls
from offhook.database import make_engine
from offhook.demo import DEFAULT_LISTEN, PBX, free_listen, run_demo
from offhook.run import Offhook
from offhook.settings import Settings
from offhook.simulator.book import make_book
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.freeswitch.server import FreeswitchServer
from offhook.simulator.people import Public
from offhook.simulator.plant import Plant
from offhook.simulator.server import AmiServer
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Bustle, Traffic
from offhook.web.security import WebSettings
from tests.crm_bridge.receiver import SECRET, Receiver
from tests.cti.link_contract import until

BOUND_S = 180.0
COMMAND = "from offhook.main import app; app()"
BRIEFLY = "from offhook.demo import run_demo; run_demo('127.0.0.1:0', history_days=1, speed=5.0)"


@asynccontextmanager
async def running(code: str, *arguments: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A demo as a process of its own, with ``folder`` for all temporary files."""
    environ = {**os.environ, "TMPDIR": str(folder), "COLUMNS": "100"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environ,
        cwd=Path(__file__).parents[2],
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def address(process: asyncio.subprocess.Process) -> str:
    """Where the pages are served, as the demo prints it."""
    assert process.stdout is not None
    async with asyncio.timeout(BOUND_S):
        while line := (await process.stdout.readline()).decode():
            if found := re.search(r"(http://\S+)/desk", line):
                return found[1]
    raise AssertionError(f"the demo did not start: {(await process.communicate())[1].decode()}")


async def stopped(process: asyncio.subprocess.Process, number: signal.Signals) -> str:
    """What it printed until its end; it ended well, and silently."""
    process.send_signal(number)
    async with asyncio.timeout(BOUND_S):
        out, error = await process.communicate()
    assert (process.returncode, error.decode()) == (0, "")
    return out.decode()


def customers() -> set[str]:
    return {customer.name for customer in make_book(random.Random(1), datetime.now().astimezone().date()).customers}


async def test_a_visitor_sees_a_customer_ring_within_seconds(tmp_path: Path) -> None:
    names = customers()
    async with running(COMMAND, "demo", "--listen", "127.0.0.1:0", folder=tmp_path) as process:
        url = await address(process)
        assert await known_numbers(tmp_path) > 1000
        async with aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            async with browser.post("/desk/login", data={"agent": "103"}, headers={"Origin": url}) as answer:
                assert answer.status == 200
            assert names & await names_that_ring(browser, names)
            async with browser.get("/readyz") as answer:
                assert (await answer.json())["ready"] is True
            async with browser.get("/metrics") as answer:
                text = await answer.text()
        ended = re.findall(rf'^offhook_calls_total\{{.*pbx="{PBX}".*\}} ([\d.]+)$', text, re.MULTILINE)
        assert sum(map(float, ended)) > 2000
        assert "stopped" in await stopped(process, signal.SIGINT)
    assert content(tmp_path) == set()


async def test_a_freeswitch_may_be_chosen(tmp_path: Path) -> None:
    names = customers()
    async with running(
        BRIEFLY.replace("history_days=1", "history_days=2, pbx='freeswitch'"), folder=tmp_path
    ) as process:
        url = await address(process)
        async with aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            async with browser.post("/desk/login", data={"agent": "103"}, headers={"Origin": url}) as answer:
                assert answer.status == 200
            assert names & await names_that_ring(browser, names)
        await stopped(process, signal.SIGINT)


async def test_no_other_pbx_may_be_chosen(tmp_path: Path) -> None:
    async with running(COMMAND, "demo", "--pbx", "moon", folder=tmp_path) as process:
        _, error = await process.communicate()
    assert process.returncode == 2
    assert "'asterisk', 'freeswitch'" in error.decode()


async def known_numbers(folder: Path) -> int:
    """Calls in the store whose customer can be found by number: the card's last calls."""
    engine = make_engine(f"sqlite:///{database_in(folder)}")
    async with engine.connect() as connection:
        found = await connection.scalar(select(func.count()).where(calls.c.customer_e164.is_not(None)))
    await engine.dispose()
    return found or 0


def database_in(folder: Path) -> Path:
    (database,) = folder.glob("offhook-demo-*/offhook.sqlite")
    return database


async def names_that_ring(browser: aiohttp.ClientSession, names: set[str]) -> set[str]:
    """The customers that the desk shows first."""
    async with asyncio.timeout(BOUND_S), browser.get("/desk/events") as stream:
        async for line in stream.content:
            shown = html.unescape(line.decode())
            if found := {name for name in names if name in shown}:
                return found
    return set()


def served(kind: str) -> AmiServer | FreeswitchServer:
    now = datetime.now(UTC)
    if kind == "freeswitch":
        return FreeswitchServer(FreeswitchPlant(DEMO, seed=5, started_at=now), "a secret", speed=0.0)
    return AmiServer(Plant(DEMO, seed=5, started_at=now), "demo", "a secret", speed=0.0)


@pytest.mark.parametrize("kind", ["asterisk", "freeswitch"])
async def test_what_the_store_keeps_is_what_happened(tmp_path: Path, kind: str) -> None:
    """The ordinary house on the simulated PBX, thirty times as fast as life."""
    server = served(kind)
    plant = server.plant
    bustle = Bustle(plant, Public(random.Random(5), []), Traffic(calls_per_hour=1800.0, talk_median_s=15.0), seed=5)
    plant.staff_logs_in()
    async with server:
        pbx = PbxSettings(name=PBX, kind=kind, port=server.port, username="demo", secret="a secret")
        async with Offhook(Settings(pbx=(pbx,), web=WebSettings(listen="127.0.0.1:0")), tmp_path) as house:
            await until(lambda: server.clients == 1)
            bustle.begin()
            server.speed = 30.0
            await until(lambda: len(plant.truth.calls) > 40)
            bustle.stop()
            server.speed = 200.0
            await until(lambda: plant.open_calls == 0, 60.0)
            server.speed = 0.0
            await until(lambda: house.recorder.stored >= len(plant.truth.calls))
            async with house.engine.connect() as connection:
                rows = (await connection.execute(select(calls.c.call_id, calls.c.outcome))).all()
    assert {tuple(row) for row in rows} == {(call.uniqueid, call.outcome) for call in plant.truth.calls}


async def test_it_stops_as_well_when_it_is_told_to_terminate(tmp_path: Path) -> None:
    async with running(BRIEFLY, folder=tmp_path) as process:
        await address(process)
        await stopped(process, signal.SIGTERM)
    assert content(tmp_path) == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_may_be_stopped_while_it_prepares(tmp_path: Path, number: signal.Signals) -> None:
    long = BRIEFLY.replace("history_days=1", "history_days=2000")
    async with running(long, folder=tmp_path) as process:
        await until_it_prepares(tmp_path)
        assert "stopped" in await stopped(process, number)
    assert content(tmp_path) == set()


async def until_it_prepares(folder: Path) -> None:
    async with asyncio.timeout(BOUND_S):
        while not prepares(folder):  # noqa: ASYNC110  a file of another process
            await asyncio.sleep(0.01)


def prepares(folder: Path) -> bool:
    return any(folder.glob("offhook-demo-*/incidents.csv"))


def content(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_webhooks_and_crms_of_a_file_are_tried_with_it(tmp_path: Path) -> None:
    async with Receiver() as receiver:
        (tmp_path / "site.secret").write_text(SECRET)
        (tmp_path / "more.csv").write_text("name,phone\nAnna Rossi,+393351234567\n")
        settings = tmp_path / "offhook.toml"
        settings.write_text(
            f'[[webhook]]\nname = "site"\nurl = "{receiver.url}"\nsecret_file = "site.secret"\n'
            'events = ["call.offered", "call.ended"]\n'
            '[[crm.sources]]\nname = "more"\nkind = "csv"\noptions = { path = "more.csv" }\n'
        )
        arguments = f"'127.0.0.1:0', history_days=1, speed=20, settings=Path({str(settings)!r})"
        code = f"from pathlib import Path; from offhook.demo import run_demo; run_demo({arguments})"
        async with running(code, folder=tmp_path) as process:
            await address(process)
            await until(lambda: {got.body["type"] for got in receiver.got} == {"call.offered", "call.ended"}, BOUND_S)
            await stopped(process, signal.SIGINT)
        assert {got.body["data"]["pbx"] for got in receiver.got} == {PBX}


def test_a_file_that_cannot_be_used_is_told_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "offhook.toml").write_text("[[webhok]]\n")
    with pytest.raises(OffhookError, match="did you mean webhook"):
        run_demo("127.0.0.1:0", seconds=0, settings=tmp_path / "offhook.toml")


async def test_it_ends_by_itself_and_keeps_what_it_was_told_to_keep(tmp_path: Path) -> None:
    kept, temporary = tmp_path / "kept", tmp_path / "temporary"
    temporary.mkdir()
    arguments = f"'127.0.0.1:0', history_days=1, seconds=1, keep=Path({str(kept)!r})"
    code = f"from pathlib import Path; from offhook.demo import run_demo; run_demo({arguments})"
    async with running(code, folder=temporary) as process, asyncio.timeout(BOUND_S):
        out, error = await process.communicate()
    assert (process.returncode, error.decode()) == (0, "")
    assert str(kept) in out.decode().replace("\n", "")
    assert content(kept) >= {"offhook.sqlite", "customers.csv", "orders.csv", "incidents.csv"}
    assert content(temporary) == set()


@pytest.mark.parametrize(
    ("listen", "ref"),
    [("nonsense", "demo-bad-listen"), ("127.0.0.1:99999", "demo-bad-listen"), ("0.0.0.0:0", "config-open-web")],
)
def test_an_address_that_cannot_be_is_refused_at_once(listen: str, ref: str) -> None:
    with pytest.raises(OffhookError) as caught:
        run_demo(listen, seconds=0, history_days=1)
    assert caught.value.ref == ref


def test_the_usual_port_gives_way_and_another_does_not() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(OffhookError) as caught:
            free_listen(listen)
        assert caught.value.ref == "web-cannot-listen"
    with socket.socket() as usual:
        usual.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            usual.bind(("127.0.0.1", int(DEFAULT_LISTEN.rpartition(":")[2])))
            usual.listen()
        except OSError:
            pass  # somebody else has it: as good
        assert free_listen(DEFAULT_LISTEN) == "127.0.0.1:0"


def test_a_folder_with_files_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OffhookError) as caught:
        run_demo("127.0.0.1:0", keep=tmp_path, seconds=0)
    assert caught.value.ref == "demo-folder-used"
    with pytest.raises(OffhookError) as caught:
        run_demo("127.0.0.1:0", keep=tmp_path / "mine.txt" / "below", seconds=0)
    assert caught.value.ref == "demo-no-folder"
