"""A report of coarse rows says to the last digit what one of quarters says, whatever is asked."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from cti.model import AgentState, Call, Direction
from kpi import report as reports
from kpi.batch import Batch, Span
from kpi.levels import Stretch, stretches
from kpi.local_time import Offset
from kpi.measure import Dimension, Measure, all_measures
from kpi.opening import parse_opening
from kpi.parameters import Conditions, Parameters, SiteParameters
from kpi.question import Hours, ReportQuestion
from kpi.report import Report
from kpi.schema import SpanKind, TallySpan, metadata
from kpi.store import Store
from offhook.database import make_engine
from tests.kpi.calls import NINE, abandoned_call, answered_call

FIRST = datetime(2026, 9, 24, tzinfo=UTC)  # clocks change on 4 October in Australia, on the 25th in Europe
DAYS = 45
LATER = FIRST + timedelta(days=DAYS)
QUEUES = ("sales", "support", "vip")
OF_TALLIES = tuple(key for key, one in all_measures().items() if isinstance(one, Measure))
SITES = (
    SiteParameters(),
    SiteParameters(
        default=Conditions(opening=parse_opening(["mon-fri 08:00-18:00"], ["10-12"])),
        queues={"sales": Conditions(parameters=Parameters(answer_within_s=40, short_abandon_s=3))},
    ),
    SiteParameters(queues={"vip": Conditions(opening=parse_opening(["mon-sun 07:30-20:45"]))}),
)
MINUTES = st.one_of(st.integers(0, DAYS * 24).map(lambda hours: hours * 60), st.integers(0, DAYS * 24 * 60))


def made_up_calls(count: int) -> list[Call]:
    """Many in some hours, few in others, in both directions, some queues and some agents."""
    chance, made = random.Random(5), list[Call]()
    for n in range(count):
        day, hour = chance.randrange(DAYS), min(23, int(chance.expovariate(1 / 6)))
        start = (FIRST - NINE + timedelta(days=day, hours=hour, minutes=chance.random() * 60)).total_seconds()
        wait, queue, agent = chance.expovariate(1 / 30), chance.choice(QUEUES), str(chance.randrange(101, 106))
        way = chance.choice((Direction.INBOUND, Direction.INBOUND, Direction.OUTBOUND))
        if chance.random() < 0.2:
            made.append(abandoned_call(str(n), start=start, wait=wait, direction=way))
        else:
            talk = chance.uniform(1, 400)
            made.append(
                answered_call(
                    str(n), start=start, wait=wait, talk=talk, stay_queue=queue, agent=agent, queue=queue, direction=way
                )
            )
    return made


def made_up_spans() -> tuple[Span, ...]:
    states = (AgentState.IDLE, AgentState.TALKING, AgentState.PAUSED, AgentState.WRAP_UP)
    instants = [FIRST + timedelta(days=1, minutes=37 * n) for n in range(200)]
    return tuple(
        Span(
            pbx="milan",
            agent="101",
            kind=SpanKind.STATE,
            state=states[n % 4],
            started_at=since,
            ended_at=until,
            reason="lunch" if n % 3 else "",
        )
        for n, (since, until) in enumerate(pairwise(instants))
    )


CALLS, SPANS = made_up_calls(1_500), made_up_spans()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('levels') / 'offhook.sqlite'}"

    async def run() -> None:
        engine = make_engine(url)
        async with engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        await Store(engine).store(Batch(calls=tuple(CALLS), spans=SPANS))
        await engine.dispose()

    asyncio.run(run())
    return url


def by_quarters(question: ReportQuestion, _site: SiteParameters, _offsets: list[Offset]) -> list[Stretch]:
    span = TallySpan.DID if question.needs_did else TallySpan.QUARTER
    return [Stretch(span, question.since, question.until)]


async def fetch_both(store: Store, question: ReportQuestion, site: SiteParameters) -> tuple[Report, Report]:
    """The report, and the same of quarters and whole histograms."""
    coarse = await store.fetch_report(question, site, LATER)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reports, "stretches", by_quarters)
        patched.setattr(reports, "_cuts", lambda *_: {})
        return coarse, await store.fetch_report(question, site, LATER)


def asked(since: int, length: int, by: tuple[Dimension, ...], zone: str, **more: object) -> ReportQuestion:
    begin = FIRST + timedelta(minutes=since)
    until = begin + timedelta(minutes=length)
    return ReportQuestion(since=begin, until=until, by=by, time_zone=zone, **more)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    since=MINUTES,
    length=MINUTES.filter(bool),
    by=st.lists(st.sampled_from([one for one in Dimension if one is not Dimension.DID]), max_size=2, unique=True),
    zone=st.sampled_from(["Europe/Rome", "UTC", "Asia/Kolkata", "Australia/Lord_Howe", "America/New_York"]),
    hours=st.sampled_from(Hours),
    measures=st.one_of(st.just(OF_TALLIES), st.lists(st.sampled_from(OF_TALLIES), min_size=1, unique=True).map(tuple)),
    queues=st.sampled_from([(), ("sales", "vip")]),
    directions=st.sampled_from([(), (Direction.INBOUND,)]),
    site=st.sampled_from(SITES),
)
def test_every_level_says_the_same(
    filled: str,
    since: int,
    length: int,
    by: list[Dimension],
    zone: str,
    hours: Hours,
    measures: tuple[str, ...],
    queues: tuple[str, ...],
    directions: tuple[Direction, ...],
    site: SiteParameters,
) -> None:
    more = {"hours": hours, "measures": measures, "queues": queues, "directions": directions}
    question = asked(since, length, tuple(by), zone, **more)

    async def run() -> tuple[Report, Report]:
        engine = make_engine(filled)
        both = await fetch_both(Store(engine), question, site)
        await engine.dispose()
        return both

    coarse, fine = asyncio.run(run())
    assert coarse == fine


async def test_so_on_both_databases(store: Store) -> None:
    some = CALLS[:400]
    await store.store(Batch(calls=tuple(some), spans=SPANS))
    splits = ((), (Dimension.QUEUE, Dimension.HOUR), (Dimension.WEEKDAY, Dimension.DIRECTION))
    for by, zone in product(splits, ("Europe/Rome", "Asia/Kolkata", "Australia/Lord_Howe")):
        question = asked(0, DAYS * 24 * 60, by, zone, measures=OF_TALLIES)
        coarse, fine = await fetch_both(store, question, SITES[1])
        assert coarse == fine
        counted = [row.numbers[OF_TALLIES.index("calls")] or 0 for row in coarse.rows or (coarse.total,)]
        assert sum(counted) == len(some)


def test_the_questions_are_asked_of_all_levels() -> None:
    question = asked(0, DAYS * 24 * 60, (Dimension.HOUR,), "UTC")
    spans = {one.span for one in stretches(question, SITES[0], [Offset(None, 0)])}
    assert spans == {TallySpan.HOUR, TallySpan.SEVEN_DAYS}
