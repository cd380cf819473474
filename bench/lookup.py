"""Does a slow CRM delay a pop? Calls ring, each is looked up, and the pop's delay is compared with and without the CRM.

    .venv/bin/python bench/lookup.py [--per-second 200] [--seconds 10] [--crm-ms 300]

A CRM in a process of its own answers each question by HTTP after so many milliseconds. Calls come in at an even rate,
each from another number, on two hundred desks; each is queued, looked up, offered, shown and ended. Measured is the
time from the event that an agent's phone rings to the content of his page being ready: with no CRM, with that CRM, with
one that never answers, and with one that answers HTTP 500. Printed are p50 and p99 in milliseconds and the ratio of p50
to no CRM; beside them how many of the look-ups were answered, and the upper end of the class that their median is in.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from aiohttp import web

from crm_bridge.adapters.http import Options, open_adapter
from crm_bridge.contact import Adapter
from crm_bridge.counts import DELAY_BOUNDS_S
from crm_bridge.desk import AgentDesk
from crm_bridge.lookup import Lookup
from crm_bridge.pop import DeskId
from crm_bridge.settings import CrmSettings
from crm_bridge.sources import Surroundings
from cti.model import Call, CallEnded, CallOffered, CallQueued, CallStarted, Direction, Origin, Party, Ring, Stay
from offhook.web.templates import environment

NONE, SLOW, DEAF, BROKEN = "no CRM", "slow CRM", "CRM that never answers", "CRM that answers 500"
CONTESTANTS = (NONE, SLOW, DEAF, BROKEN)
DESKS = 200
ORIGIN = Origin("main", "bench", 0, "Bench")


class Outcome(NamedTuple):
    """What one run gave. Delays in milliseconds; ``answered`` is the share of all calls."""

    p50_ms: float
    p99_ms: float
    late_s: float
    answered: float
    lookup_p50_s: float


def serve(tell: Connection, delay_s: float, mood: str) -> None:
    """The CRM, in its own process: one customer for each number."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))

    async def answer(request: web.Request) -> web.Response:
        if mood == DEAF:
            await asyncio.Event().wait()
        if mood == BROKEN:
            return web.Response(status=500)
        await asyncio.sleep(delay_s)
        phone = request.query["phone"]
        return web.json_response([{"id": phone, "name": f"Customer {phone[-4:]}", "phone": f"+{phone}"}])

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/find", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        tell.send(runner.addresses[0][1])
        await asyncio.get_running_loop().run_in_executor(None, tell.recv)
        await runner.cleanup()

    asyncio.run(run())


def call_of(number: int, at: datetime) -> Call:
    caller = Party(f"+3933{number % 100_000_000:08}")
    return Call(
        pbx="main",
        call_id=str(number),
        direction=Direction.INBOUND,
        caller=caller,
        dialled="+390221000100",
        offered_at=at,
        origin=ORIGIN,
    )


async def measure(source: Adapter | None, per_second: float, seconds: float, wait_s: float = 0.0) -> Outcome:
    """Let calls ring and see when their pages are ready."""
    settings = CrmSettings(lookups_at_once=200)
    lookup = Lookup({} if source is None else {"crm": source}, settings)
    desk = AgentDesk(lookup)
    page = environment().get_template("desk_live.html")
    delays_ms: list[float] = []
    calls, began = round(per_second * seconds), time.perf_counter()
    late_s = 0.0
    for number in range(calls):
        due = began + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        late_s = max(late_s, time.perf_counter() - due)
        delays_ms.append(ring(desk, page, number) * 1000)
    counts = lookup.counts.get("crm")
    end = time.perf_counter() + wait_s
    while counts is not None and counts.hits + counts.errors + counts.spared < calls and time.perf_counter() < end:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    answered = 0.0 if counts is None else counts.hits / calls
    median_s = 0.0 if counts is None or not counts.delay.count else median_of(counts.delay.by_class)
    await lookup.close()
    cuts = statistics.quantiles(delays_ms, n=100)
    return Outcome(cuts[49], cuts[98], late_s, answered, median_s)


def ring(desk: AgentDesk, page: object, number: int) -> float:
    """One call from the queue to the page; seconds from the ring to the page's content being ready."""
    at = datetime.now(UTC)
    call, agent = call_of(number, at), str(100 + number % DESKS)
    stay, phone = Stay(queue="sales", joined_at=at), Ring(agent=agent, queue="sales", started_at=at)
    desk.apply(CallStarted(at=at, origin=ORIGIN, call=call))
    desk.apply(CallQueued(at=at, origin=ORIGIN, call=call, stay=stay))
    began = time.perf_counter()
    desk.apply(CallOffered(at=at, origin=ORIGIN, call=call, agent=agent, ring=phone))
    view = desk.view(DeskId("main", agent))
    page.render(view=view, leads=True, talking=False, one_pbx=True, ticket=str)  # type: ignore[attr-defined]
    taken_s = time.perf_counter() - began
    desk.apply(CallEnded(at=at, origin=ORIGIN, call=call))
    return taken_s


def median_of(by_class: Sequence[int]) -> float:
    """The upper end of the class that the median is in."""
    half, seen = sum(by_class) / 2, 0
    for bound_s, count in zip((*DELAY_BOUNDS_S, float("inf")), by_class, strict=False):
        seen += count
        if seen >= half:
            return bound_s
    return 0.0


async def contest(name: str, port: int, per_second: float, seconds: float) -> Outcome:
    if name == NONE:
        return await measure(None, per_second, seconds)
    settings = CrmSettings()
    fields = {"id": "id", "name": "name", "phone": "phone"}
    options = Options(url=f"http://127.0.0.1:{port}", find="/find?phone={digits}", fields=fields)
    source = open_adapter("crm", options, Surroundings(None, settings))  # type: ignore[arg-type]
    return await measure(source, per_second, seconds, wait_s=0.0 if name == DEAF else 60.0)


def run(name: str, per_second: float, seconds: float, crm_s: float) -> Outcome:
    ours, theirs = multiprocessing.Pipe()
    crm = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, crm_s, name), daemon=True)
    crm.start()
    try:
        return asyncio.run(contest(name, ours.recv(), per_second, seconds))
    finally:
        ours.send("end")
        crm.join(5)
        crm.kill()


def report(outcomes: dict[str, Outcome], per_second: float, crm_s: float) -> list[str]:
    """The lines that are printed."""
    base = outcomes[NONE]
    lines = [f"{per_second:g} calls a second, the CRM takes {crm_s * 1000:g} ms", ""]
    lines.append(f"{'':26}{'pop p50':>10}{'pop p99':>10}{'/ no CRM':>10}{'answered':>10}{'lookup p50':>12}")
    for name, one in outcomes.items():
        ratio = one.p50_ms / base.p50_ms
        figures = f"{one.p50_ms:>7.2f} ms{one.p99_ms:>7.2f} ms{ratio:>10.2f}{one.answered:>10.0%}"
        lines.append(f"{name:26}{figures}{one.lookup_p50_s:>10.2f} s")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--per-second", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--crm-ms", type=float, default=300.0)
    args = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    crm_s = args.crm_ms / 1000
    outcomes = {name: run(name, args.per_second, args.seconds, crm_s) for name in CONTESTANTS}
    print("\n".join(report(outcomes, args.per_second, crm_s)))


if __name__ == "__main__":
    main()
