"""A simulated Asterisk under load, for whatever reads AMI.

    .venv/bin/python bench/load.py --agents 1000 --queues 40 --calls-per-second 10 --seconds 60

It listens on a loopback port, prints it with the log-in, waits for the first reader, then lets calls come for so many
seconds and prints each second's figures. At the end it lets the calls under way end, and writes the truth if asked, so
that what the reader made of it can be compared (``score.py`` reads the same form). With ``--probe`` it reads its own
stream with a bare reader, and nothing else is needed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from cti.model import Party
from offhook.simulator.people import Public, name, numbers
from offhook.simulator.plant import Plant
from offhook.simulator.server import AmiServer
from offhook.simulator.sites import site
from offhook.simulator.traffic import Bustle, Traffic

USERNAME = "load"
KNOWN_CALLERS = 1000
REST_S = 3600.0  # the plant's seconds in which calls under way may end


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="loopback port to listen on (0: a free one)")
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--queues", type=int, default=8)
    parser.add_argument("--calls-per-second", type=float, default=2.0, help="of the plant's time, all kinds together")
    parser.add_argument("--talk-s", type=float, default=20.0, help="median length of a conversation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long new calls come")
    parser.add_argument("--speed", type=float, default=1.0, help="the plant's seconds in one second")
    parser.add_argument("--secret", default=None, help="of the manager user 'load' (made up and printed when missing)")
    parser.add_argument("--truth", type=Path, default=None, help="write what really happened to this file")
    parser.add_argument("--probe", action="store_true", help="read it ourselves with a bare reader")
    return parser.parse_args(arguments)


def make_load(wanted: argparse.Namespace) -> tuple[Plant, Bustle]:
    """A site with its traffic, nothing begun; the same options give the same calls."""
    rng = random.Random(wanted.seed)
    unused = numbers(rng)
    known = [Party(next(unused), name(rng)) for _ in range(KNOWN_CALLERS)]
    plant = Plant(site(wanted.agents, wanted.queues), seed=wanted.seed, started_at=datetime.now(UTC))
    traffic = Traffic(calls_per_hour=3600.0 * wanted.calls_per_second, talk_median_s=wanted.talk_s)
    plant.staff_logs_in()
    return plant, Bustle(plant, Public(rng, known), traffic, seed=wanted.seed)


async def probe(port: int, secret: str) -> int:
    """Reads everything and looks at nothing; the bytes read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"Action: Login\r\nUsername: {USERNAME}\r\nSecret: {secret}\r\nEvents: on\r\n\r\n".encode())
    total = 0
    while data := await reader.read(1 << 16):
        total += len(data)
    writer.close()
    return total


async def serve(wanted: argparse.Namespace) -> Plant:
    """The whole run."""
    plant, bustle = make_load(wanted)
    secret = wanted.secret or secrets.token_urlsafe(16)
    async with AmiServer(plant, USERNAME, secret, port=wanted.port, speed=0.0) as server:
        print(f"AMI at 127.0.0.1:{server.port}, user {USERNAME}, secret {secret}", flush=True)
        reading = asyncio.create_task(probe(server.port, secret)) if wanted.probe else None
        while not server.clients:  # noqa: ASYNC110  a look each 50 ms is enough
            await asyncio.sleep(0.05)
        bustle.begin()
        server.speed = wanted.speed
        await _figures(server, wanted.seconds)
        bustle.stop()
        await _rest(server)
        if reading:
            reading.cancel()
    return plant


async def _figures(server: AmiServer, seconds: float) -> None:
    print(f"{'second':>6} {'kB/s':>8} {'calls':>7} {'open':>6} {'clients':>7} {'CPU %':>6}", flush=True)
    before, busy = server.bytes_told, time.process_time()
    for second in range(1, round(seconds) + 1):
        await asyncio.sleep(1.0)
        told, used = server.bytes_told, time.process_time()
        calls, going_on = len(server.plant.truth.calls), server.plant.open_calls
        row = f"{second:>6} {(told - before) / 1000:>8.1f} {calls:>7} {going_on:>6} {server.clients:>7}"
        print(f"{row} {100 * (used - busy):>6.1f}", flush=True)
        before, busy = told, used


async def _rest(server: AmiServer) -> None:
    """What is under way ends, ten times as fast."""
    server.speed *= 10
    limit = server.plant.timeline.now + REST_S
    while server.plant.open_calls and server.plant.timeline.now < limit:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    server.speed = 0.0
    print(
        f"{len(server.plant.truth.calls)} calls, {server.bytes_told} bytes, {server.dropped} clients dropped",
        flush=True,
    )


def main(arguments: list[str] | None = None) -> int:
    wanted = options(arguments)
    try:
        plant = asyncio.run(serve(wanted))
    except KeyboardInterrupt:
        return 130
    if wanted.truth:
        document = plant.truth.document(plant.started_at.isoformat())
        wanted.truth.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
