"""``offhook run`` killed again and again while the PBX is busy: its rows are those of an uninterrupted run.

The simulated PBX stands still while the program is dead, so nothing is said that nobody hears; what the program had
read and not yet stored is in its journal. Losses of the stream itself are another matter.
"""

from __future__ import annotations

import random
import signal
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select

from cti.model import CallOutcome
from kpi.schema import SpanKind, calls, stays, talks
from kpi.store import Store
from offhook.database import make_engine
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.people import Public
from offhook.simulator.plant import Plant
from offhook.simulator.traffic import Bustle
from tests.faults.stopped_pbx import SPEED, TRAFFIC, program, serve, until, until_all_is_read, write_settings

TRUE_KINDS = {SpanKind.LOGIN: "login", SpanKind.PAUSE: "pause"}


@pytest.mark.parametrize(("kind", "kills"), [("asterisk", 6), ("freeswitch", 3)])
async def test_no_kill_loses_or_doubles_a_call(tmp_path: Path, kind: str, kills: int) -> None:
    chance = random.Random(11)
    server = serve(kind)
    plant = server.plant
    bustle = Bustle(plant, Public(random.Random(11), []), TRAFFIC, seed=11)
    async with server:
        settings = write_settings(tmp_path, kind, server.port)
        bustle.begin()
        for _ in range(kills):
            async with program(settings, server):
                await until_all_is_read(tmp_path, server)
                server.speed = SPEED
                until_then = plant.timeline.now + chance.uniform(20.0, 90.0)
                await until(lambda moment=until_then: plant.timeline.now > moment)
                server.speed = 0.0
                await until_all_is_read(tmp_path, server)
        bustle.stop()
        async with program(settings, server) as process:
            await until_all_is_read(tmp_path, server)
            server.speed = 200.0
            await until(lambda: plant.open_calls == 0)
            server.speed = 0.0
            await until_all_is_read(tmp_path, server)
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    await compare(tmp_path, plant)
    if kind == "asterisk":
        await compare_days(tmp_path, plant)


async def compare(folder: Path, plant: Plant | FreeswitchPlant) -> None:
    truth = {call.uniqueid: call for call in plant.truth.calls}
    engine = make_engine("sqlite:///offhook.sqlite", beside=folder)
    async with engine.connect() as connection:
        columns = (calls.c.call_id, calls.c.outcome, calls.c.queue, calls.c.ended_by, calls.c.direction)
        rows = (await connection.execute(select(*columns))).all()
        talked = (await connection.execute(select(talks.c.call_id, talks.c.agent).order_by(talks.c.started_at))).all()
        waited = (await connection.execute(select(stays.c.call_id, stays.c.outcome))).all()
    tallies = await Store(engine).fetch_totals()
    await engine.dispose()
    stored = {row.call_id: (row.outcome, row.queue, row.ended_by, row.direction) for row in rows}
    assert len(stored) == len(rows)
    assert stored == {one: (call.outcome, call.queue, call.ended_by, call.direction) for one, call in truth.items()}
    by_call = {one: list(dict.fromkeys(row.agent for row in talked if row.call_id == one)) for one in truth}
    assert by_call == {one: list(call.answered_by) for one, call in truth.items()}
    assert len(truth) > 80
    counted: Counter[CallOutcome] = Counter()
    for key, tally in tallies.items():
        if not key.agent:
            counted.update(tally.calls)
    assert +counted == Counter(CallOutcome(call.outcome) for call in truth.values())
    assert all(row.outcome for row in waited)


async def compare_days(folder: Path, plant: Plant | FreeswitchPlant) -> None:
    """Each log-in and each pause is a span, as if the program had never been killed."""
    engine = make_engine("sqlite:///offhook.sqlite", beside=folder)
    spans = await Store(engine).fetch_spans(plant.started_at - timedelta(days=1), plant.started_at + timedelta(days=1))
    await engine.dispose()
    truth = Counter((one["state"], one["agent"], one["queue"]) for one in plant.truth.agent_states)
    told = Counter((TRUE_KINDS[span.kind], span.agent, span.queue) for span in spans if span.kind in TRUE_KINDS)
    assert told == Counter({key: count for key, count in truth.items() if key[0] in TRUE_KINDS.values()})
    assert [span for span in spans if span.cut] == []
    states = [span for span in spans if span.kind is SpanKind.STATE]
    for agent in {span.agent for span in states}:
        own = sorted((span for span in states if span.agent == agent), key=lambda span: span.started_at)
        assert all(one.ended_at is not None and one.ended_at <= other.started_at for one, other in pairwise(own))
