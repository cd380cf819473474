"""A busy simulated PBX whose calls are brisk, its logs, and ``offhook run`` as a process that can be killed."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from offhook.simulator.logs_of_calls import LoggedPlant
from offhook.simulator.people import Public
from offhook.simulator.plant import SitePlan, Temper
from offhook.simulator.sites import site
from offhook.simulator.stories import Act
from offhook.simulator.traffic import Bustle, Traffic
from tests.source import ROOT

SECRET = "a secret"
SHARE = 0.3  # of the length of what agents do: a call is over in seconds, and yet has all that a call can have
SHORTEST_S = 2.0  # queue_log has whole seconds: who comes twice to a queue within one is told apart by nothing
TEMPER = Temper(picks_up_median_s=0.8, picks_up_spread=0.5)


class Brisk(Bustle):
    """Traffic whose holds, consultations and parkings are short."""

    def _acts(self, *, inbound: bool) -> tuple[Act, ...]:
        return tuple(map(_brisk, super()._acts(inbound=inbound)))


def _brisk(act: Act) -> Act:
    if not hasattr(act, "seconds"):
        return act
    return msgspec.structs.replace(act, seconds=max(SHORTEST_S, act.seconds * SHARE))


def brisk_site(agents: int, queues: int) -> SitePlan:
    plan = site(agents, queues)
    lines = tuple(
        msgspec.structs.replace(line, ring_s=3.0, wrap_up_s=1.0, max_wait_s=8.0, exit_key=number % 2 == 0)
        for number, line in enumerate(plan.lines)
    )
    return msgspec.structs.replace(plan, lines=lines)


def busy_plant(folder: Path, seed: int, calls_per_second: float) -> tuple[LoggedPlant, Brisk]:
    """All agents logged in, nothing begun. Second 0 is now, and seconds are seconds: the clocks of both sides agree."""
    plan = brisk_site(80, 8)
    logs = folder / "pbx"
    logs.mkdir()
    plant = LoggedPlant(
        plan, logs, seed=seed, started_at=datetime.now(UTC), temper=TEMPER, clock=lambda: datetime.now(UTC)
    )
    traffic = Traffic(
        calls_per_hour=3600.0 * calls_per_second,
        talk_median_s=10.0,
        patience_mean_s=15.0,
        break_every_s=120.0,
        break_median_s=8.0,
    )
    plant.staff_logs_in()
    return plant, Brisk(plant, Public(random.Random(seed), []), traffic, seed=seed)


def write_settings(folder: Path, port: int, plant: LoggedPlant, *, web_port: int = 0, more: str = "") -> Path:
    path = folder / "offhook.toml"
    path.write_text(
        f'[[pbx]]\nname = "sim"\nport = {port}\nusername = "monitor"\nsecret = "{SECRET}"\n'
        "backoff_first_s = 0.05\nbackoff_max_s = 0.5\nkeepalive_s = 1\nkeepalive_deadline_s = 1\n"
        f'[pbx.logs]\nqueue_log = "{plant.logs.queue_log}"\ncel = "{plant.logs.cel}"\nwait_s = 1\n'
        f'[web]\nlisten = "127.0.0.1:{web_port}"\n{more}'
    )
    return path


class Program:
    """``offhook run``: begun, killed, begun again. ``kills`` counts."""

    def __init__(self, settings: Path) -> None:
        self.kills = 0
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    def log(self) -> str:
        return (self._settings.parent / "offhook.log").read_text()

    async def begin(self) -> None:
        assert not self.running
        command = [sys.executable, "-m", "offhook.main", "run", "-c", str(self._settings)]
        with (self._settings.parent / "offhook.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=log, stderr=log)

    async def kill(self) -> None:
        """End it as ``kill -9`` does; nothing happens where it has ended by itself."""
        if self._process is not None:
            if self.running:
                self._process.kill()
                self.kills += 1
            await self._process.wait()

    async def stop(self) -> int:
        """End it as a service manager does; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await self._process.wait()
