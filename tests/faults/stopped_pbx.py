"""A simulated PBX whose clock stands still while nobody hears it, and ``offhook run`` that hears it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from cti.pbx.freeswitch_snapshot import ENDS
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.freeswitch.server import FreeswitchServer
from offhook.simulator.plant import Plant
from offhook.simulator.server import AmiServer
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Traffic
from tests.cti.link_contract import until as until_within
from tests.source import ROOT

TRAFFIC = Traffic(calls_per_hour=2400.0, talk_median_s=20.0, break_every_s=300.0, break_median_s=60.0)
SPEED = 25.0
BOUND_S = 90.0
SECRET = "a secret"

until = partial(until_within, bound_s=BOUND_S)


def bytes_read(folder: Path) -> int:
    """What is in the journal of the connection made last."""
    session = max((path for path in folder.glob("journal/sim/*") if path.is_dir()), default=folder / "none")
    return sum(path.stat().st_size for path in session.glob("events.*"))


Served = AmiServer | FreeswitchServer


def serve(kind: str) -> Served:
    """A simulated PBX of that kind, its staff logged in, its clock still standing."""
    server: Served
    if kind == "freeswitch":
        server = FreeswitchServer(FreeswitchPlant(DEMO, seed=11, started_at=datetime.now(UTC)), SECRET, speed=0.0)
    else:
        server = AmiServer(Plant(DEMO, seed=11, started_at=datetime.now(UTC)), "monitor", SECRET, speed=0.0)
    server.plant.staff_logs_in()
    return server


async def until_all_is_read(folder: Path, server: Served) -> None:
    """All that the PBX has said is in the journal; what comes of it may not be in the store yet."""
    await until(lambda: bytes_read(folder) >= server.bytes_sent)


def write_settings(folder: Path, kind: str, port: int) -> Path:
    path = folder / "offhook.toml"
    path.write_text(
        f'[[pbx]]\nname = "sim"\nkind = "{kind}"\nport = {port}\nusername = "monitor"\n'
        f'secret = "{SECRET}"\nbackoff_first_s = 0.05\n'
        '[web]\nlisten = "127.0.0.1:0"\n[journal]\ncompress = false\n'
    )
    return path


@asynccontextmanager
async def program(settings: Path, server: Served) -> AsyncIterator[asyncio.subprocess.Process]:
    """``offhook run`` with its link up; killed at the end if it still runs."""
    knows = _knows_the_present(server)
    command = [sys.executable, "-m", "offhook.main", "run", "-c", str(settings)]
    with (settings.parent / "offhook.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=log, stderr=log)
    try:
        await until(lambda: server.clients == 1 or process.returncode is not None)
        assert process.returncode is None, (settings.parent / "offhook.log").read_text()[-2000:]
        await until(knows)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await until(lambda: server.clients == 0)


def _knows_the_present(server: Served) -> Callable[[], bool]:
    """Whether all that is asked after a log-in was answered: FreeSWITCH is asked one thing after the other, and seconds
    of this PBX pass between two questions.
    """
    if isinstance(server, AmiServer):
        return lambda: True
    asked = server.answers.asked
    asked.clear()
    return lambda: any(command.endswith(ENDS) for command in asked)
