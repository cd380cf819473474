"""Events per CPU-second, from the socket to the calls, beside panoramisk and a bare split on blank lines.

    .venv/bin/python bench/read.py [--repetitions 2] [--rounds 7]

A writer in a process of its own sends 300 recorded calls over loopback as fast as they are taken, several times over,
each time with ids of its own so that no call meets an earlier one. What is counted is the reader's CPU time, user and
system, from the connection to the last event. All contestants read the same bytes, one after the other in each round;
the medians over the rounds are printed, then what each stage of the way costs.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import logging
import multiprocessing
import re
import socket
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from cti.feed import Feed
from cti.link import Link
from cti.model import CallEnded, CallEvent
from cti.pbx.asterisk import AsteriskDialect
from cti.pbx.dialect import Frame
from cti.pbx.settings import PbxSettings
from cti.switchboard import Switchboard

RECORDING = Path(__file__).parents[1] / "tests/recordings/asterisk-22/mix-1/events.ami.gz"
USERNAME, SECRET = "bench", "bench"
END = b"\r\n\r\n"
FIELDS = (b"Uniqueid", b"Linkedid", b"Channel", b"CallerIDNum")

_IDS = re.compile(rb"\b(1\d{9})(?=\.\d+)")
_CHANNELS = re.compile(rb"(?<=-)[0-9a-f]{8}(?=[;\r,@\"/]|$)")
_BRIDGES = re.compile(rb"[0-9a-f]{8}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")

Reader = Callable[[int, int], Coroutine[Any, Any, None]]  # port, number of events


def recorded_events() -> bytes:
    """The recording from its first event on, up to its last whole one."""
    stream = gzip.decompress(RECORDING.read_bytes())
    return stream[stream.index(b"Event: ") : stream.rindex(END) + len(END)]


def with_own_ids(events: bytes, repetition: int) -> bytes:
    """The same calls with ids, channel names and bridges that no other repetition has; not a byte longer."""
    events = _IDS.sub(lambda match: b"%010d" % (int(match[1]) + repetition * 1_000_000), events)
    events = _CHANNELS.sub(lambda match: b"%08x" % (int(match[0], 16) + (repetition << 20)), events)
    return _BRIDGES.sub(lambda match: b"%08x" % (int(match[0], 16) ^ repetition), events)


def write_for_all(payload: bytes, port_known: Any) -> None:
    """Serve one reader after the other: greet, let in, send everything, wait until it leaves."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port_known.send(server.getsockname()[1])
        while True:
            connection, _ = server.accept()
            with connection:
                _serve(connection, payload)


def _serve(connection: socket.socket, payload: bytes) -> None:
    connection.sendall(b"Asterisk Call Manager/11.0.0\r\n")
    asked = b""
    while END not in asked:
        asked += connection.recv(4096)
    action_id = asked.partition(b"ActionID: ")[2].partition(b"\r\n")[0]
    connection.sendall(b"Response: Success\r\nActionID: %b\r\nMessage: Authentication accepted\r\n\r\n" % action_id)
    try:
        connection.sendall(payload)
        connection.recv(4096)  # the log-off, or the end
    except ConnectionError:
        pass  # the reader has seen enough


async def until(condition: Callable[[], bool]) -> None:
    """Look a hundred times a second, which costs next to nothing."""
    while not condition():  # noqa: ASYNC110  a signal from the reader would cost it more
        await asyncio.sleep(0.01)


async def read_by_link(port: int, events: int, frames: Callable[..., None], driver: str = "native") -> None:
    """The link with whatever takes its frames."""
    settings = _settings(port, driver)
    link = Link(settings, AsteriskDialect(settings), frames)
    run = asyncio.create_task(link.run())
    await until(lambda: link.health().events_read >= events)
    await link.close()
    await run


async def read_whole_way(port: int, events: int, driver: str = "native") -> None:
    """Link, wire, dialect, tracker, feed with one handler that does nothing."""
    feed = Feed()
    feed.attach("no-op", lambda _: None)
    board = Switchboard("bench", AsteriskDialect(_settings(port)), feed.publish)
    await read_by_link(port, events, board.take, driver)


async def read_to_frames(port: int, events: int) -> None:
    await read_by_link(port, events, lambda *_: None)


async def read_to_signals(port: int, events: int) -> None:
    normalise = AsteriskDialect(_settings(port)).normalise

    def take(frames: Iterable[Frame], received_at: datetime, session: str) -> None:
        for frame in frames:
            for _ in normalise(frame, received_at, session):
                pass

    await read_by_link(port, events, take)


async def read_to_calls(port: int, events: int) -> None:
    board = Switchboard("bench", AsteriskDialect(_settings(port)), lambda _: None)
    await read_by_link(port, events, board.take)


async def read_by_panoramisk(port: int, events: int) -> None:
    """panoramisk as it is, a callback on every event that reads four fields."""
    from panoramisk.manager import Manager

    seen = 0

    def callback(_: Manager, event: Any) -> None:
        nonlocal seen
        seen += 1
        _ = event.uniqueid, event.linkedid, event.channel, event.calleridnum

    manager = Manager(
        host="127.0.0.1", port=port, username=USERNAME, secret=SECRET, loop=asyncio.get_running_loop(),
        reconnect_timeout=3600,
    )  # fmt: skip
    manager.register_event("*", callback)
    await manager.connect()
    await until(lambda: seen >= events)
    manager.close()


class _Split(asyncio.Protocol):
    """Blank lines and nothing else."""

    def __init__(self) -> None:
        self.rest, self.seen = b"", -1  # the answer to the log-in is no event

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"Action: Login\r\nActionID: 1\r\nUsername: %b\r\n\r\n" % USERNAME.encode())

    def data_received(self, data: bytes) -> None:
        *messages, self.rest = (self.rest + data).split(END)
        self.seen += len(messages)
        self.use(messages)

    def use(self, messages: list[bytes]) -> None:
        """Nothing is read of them."""


class _SplitAndRead(_Split):
    """Blank lines, and four fields of each message."""

    def use(self, messages: list[bytes]) -> None:
        for message in messages:
            for field in FIELDS:
                at = message.find(b"\r\n" + field + b": ")
                if at >= 0:
                    at += len(field) + 4
                    message[at : message.find(b"\r\n", at)].decode("utf-8", "replace")


async def _read_by_split(port: int, events: int, kind: type[_Split]) -> None:
    transport, protocol = await asyncio.get_running_loop().create_connection(kind, "127.0.0.1", port)
    await until(lambda: protocol.seen >= events)
    transport.abort()


CONTESTANTS: dict[str, Reader] = {
    "offhook, whole way": read_whole_way,
    "offhook, whole way, driver panoramisk": lambda port, events: read_whole_way(port, events, "panoramisk"),
    "panoramisk 1.4, four fields": read_by_panoramisk,
    "bare split, four fields": lambda port, events: _read_by_split(port, events, _SplitAndRead),
    "bare split, nothing read": lambda port, events: _read_by_split(port, events, _Split),
    "to frames": read_to_frames,
    "to signals": read_to_signals,
    "to calls": read_to_calls,
}
WHOLE, PANORAMISK, SPLIT = "offhook, whole way", "panoramisk 1.4, four fields", "bare split, four fields"


def _settings(port: int, driver: str = "native") -> PbxSettings:
    return PbxSettings(name="bench", driver=driver, port=port, username=USERNAME, secret=SECRET)


def count_calls(payload: bytes) -> int:
    """How many calls end in ``payload``: each repetition must have as many."""
    ended = 0

    def publish(event: CallEvent) -> None:
        nonlocal ended
        ended += isinstance(event, CallEnded)

    dialect = AsteriskDialect(_settings(1))
    wire = dialect.wire(1 << 20)
    wire.feed(b"Asterisk Call Manager/11.0.0\r\n")
    Switchboard("bench", dialect, publish).take(wire.feed(payload), datetime.now().astimezone(), "s")
    return ended


def cpu_s(reader: Reader, port: int, events: int) -> float:
    """CPU seconds of this process for one reading."""
    began = time.process_time()
    asyncio.run(reader(port, events))
    return time.process_time() - began


def measure(payload: bytes, rounds: int) -> dict[str, float]:
    """Events per CPU-second by contestant: the median of the rounds, after one that does not count."""
    events = payload.count(END)
    parent, child = multiprocessing.Pipe()
    writer = multiprocessing.get_context("spawn").Process(target=write_for_all, args=(payload, child), daemon=True)
    writer.start()
    try:
        port = parent.recv()
        cpu_s(read_to_frames, port, events)
        taken: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
        for _ in range(rounds):
            for name, reader in CONTESTANTS.items():
                taken[name].append(cpu_s(reader, port, events))
    finally:
        writer.terminate()
        writer.join()
    return {name: events / statistics.median(times) for name, times in taken.items()}


def report(rates: dict[str, float]) -> list[str]:
    """The lines to print: rates with their ratio to ours, the goals, the cost of each stage."""
    whole = rates[WHOLE]
    lines = [f"{'':40}{'events/CPU-s':>14}{'us/event':>10}{'of ours':>9}"]
    lines += [f"{name:40}{rate:14,.0f}{1e6 / rate:10.2f}{rate / whole:9.2f}" for name, rate in rates.items()]
    lines += [
        "",
        f"ours / panoramisk  {whole / rates[PANORAMISK]:5.2f}   (goal: at least 3)",
        f"ours / bare split  {whole / rates[SPLIT]:5.2f}   (goal: at least 0.33)",
        "",
        "stage, us/event:",
    ]
    ways = ["bare split, nothing read", "to frames", "to signals", "to calls", WHOLE]
    costs = [1e6 / rates[way] for way in ways]
    stages = ["socket, split", "link, wire", "dialect", "tracker", "feed, one handler"]
    lines += [
        f"  {stage:20}{cost - before:6.2f}" for stage, cost, before in zip(stages, costs, [0.0, *costs], strict=False)
    ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description="events per CPU-second from the socket to the calls")
    parser.add_argument("--repetitions", type=int, default=2, help="how often the recording is sent in each reading")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    once = recorded_events()
    payload = b"".join(with_own_ids(once, repetition) for repetition in range(given.repetitions))
    calls = count_calls(payload)
    print(f"{payload.count(END):,} events, {len(payload):,} bytes, {calls} calls; median of {given.rounds} rounds")
    if calls != given.repetitions * count_calls(once):
        raise SystemExit("the repetitions are not apart: their calls met")
    print("\n".join(report(measure(payload, given.rounds))))


if __name__ == "__main__":
    main()
