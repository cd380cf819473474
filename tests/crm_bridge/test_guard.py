"""A source asked with care: left alone when it fails, not asked too often, asked once for one number."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from structlog.testing import capture_logs

from crm_bridge import guard as module
from crm_bridge.activity import ActivityRefusedError, CallActivity
from crm_bridge.breaker import Breaker, BreakerState
from crm_bridge.contact import Contact, Order, SourceBusyError, SourceError, SourceRefusedError, SourceSparedError
from crm_bridge.counts import SourceCounts
from crm_bridge.guard import GuardedSource, Limits
from crm_bridge.number import Number, parse_number
from tests.crm_bridge.scene import START, until
from tests.crm_bridge.stubborn import Broken, Gated, Knowing, Prompt, Refusing, someone

KEY = "+393351234567"
NUMBER = parse_number(KEY, "IT")
Make = Callable[..., GuardedSource]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[GuardedSource] = []

    def _make(source: Prompt, **limits: float) -> GuardedSource:
        made.append(GuardedSource("crm", source, Limits(**limits), SourceCounts()))  # type: ignore[arg-type]
        return made[-1]

    yield _make
    for one in made:
        await one.close()


def other(last: int) -> Number:
    return parse_number(f"+3933512345{last:02}", "IT")


class Saying(Prompt):
    """Raises what it is told to."""

    def __init__(self, problem: SourceError | None) -> None:
        super().__init__(someone("Anna", KEY, "crm"))
        self.problem = problem

    async def find(self, number: Number) -> list[Contact]:
        self.asked += 1
        if self.problem is not None:
            raise self.problem
        return self.found


@pytest.mark.parametrize(("source", "kind"), [(Refusing(), SourceError), (Broken(), ValueError)])
async def test_after_five_failures_it_is_left_alone(source: Prompt, kind: type[Exception], make: Make) -> None:
    one = make(source)
    with capture_logs() as logs:
        for last in range(5):
            with pytest.raises(kind):
                await one.find(other(last))
        with pytest.raises(SourceSparedError, match="left alone") as caught:
            await one.find(NUMBER)
    assert caught.value.ref == "crm-resting"
    assert (one.counts.breaker(), one.counts.spared) == (BreakerState.OPEN, 1)
    assert [(log["source"], log["rest_s"]) for log in logs] == [("crm", 10)]
    assert "+3933512345" not in str(logs)


async def test_a_source_that_never_answers_counts_as_failed(make: Make) -> None:
    one = make(Gated(), patience_s=0.01)
    for last in range(5):
        with pytest.raises(TimeoutError):
            await one.find(other(last))
    assert one.counts.breaker() is BreakerState.OPEN
    assert (one.counts.delay.count, one.counts.under_way) == (5, 0)


async def test_who_does_not_let_us_in_is_asked_once_only(make: Make) -> None:
    source = Saying(SourceRefusedError("crm-refused", "the CRM refused", "HTTP 401", "renew the token"))
    one = make(source)
    with capture_logs() as logs, pytest.raises(SourceRefusedError):
        await one.find(NUMBER)
    with pytest.raises(SourceSparedError):
        await one.find(NUMBER)
    assert source.asked == 1
    assert [log["hint"] for log in logs] == ["renew the token"]


async def test_it_comes_back_when_the_source_does(make: Make) -> None:
    source = Saying(SourceError("crm-failed", "the CRM failed"))
    one = make(source)
    one.breaker = Breaker(failures=1, rest_s=0.0)
    with pytest.raises(SourceError):
        await one.find(NUMBER)
    source.problem = None
    with capture_logs() as logs:
        assert await one.find(NUMBER) == source.found
    assert one.breaker_state() is BreakerState.CLOSED
    assert [log["event"] for log in logs] == ["a source of customers answers again"]


async def test_who_asks_for_a_pause_gets_it_and_is_no_failure(make: Make) -> None:
    source = Saying(SourceBusyError("crm-busy", "the CRM asks us to wait", "HTTP 429", "", 60.0))
    one = make(source)
    with pytest.raises(SourceBusyError):
        await one.find(NUMBER)
    for last in range(6):
        with pytest.raises(SourceSparedError, match="too many questions"):
            await one.find(other(last))
    assert (source.asked, one.breaker_state()) == (1, BreakerState.CLOSED)


async def test_past_its_rate_it_is_not_asked(make: Make) -> None:
    source = Prompt()
    one = make(source, per_s=0.01, patience_s=0.0001)
    found = [await asyncio.gather(one.find(other(last)), return_exceptions=True) for last in range(4)]
    assert source.asked == 1
    assert [isinstance(one_answer[0], SourceSparedError) for one_answer in found] == [False, True, True, True]


class Clinging(Gated):
    """Does not let go when its time is over."""

    async def find(self, number: Number) -> list[Contact]:
        self.asked += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            await self.gate.wait()
        return self.found


async def test_who_finds_no_free_place_in_time_is_told_so_and_the_source_has_not_failed(make: Make) -> None:
    slow = Clinging()
    one = make(slow, at_once=1, patience_s=0.01)
    first = asyncio.create_task(one.find(NUMBER))
    await until(lambda: slow.asked)
    with pytest.raises(SourceSparedError, match="became free"):
        await one.find(other(1))
    assert (one.breaker_state(), one.counts.spared, one.counts.under_way) == (BreakerState.CLOSED, 1, 1)
    slow.gate.set()
    assert await first == []


async def test_past_the_bound_of_open_questions_none_is_added(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_QUESTIONS", 1)
    slow = Gated()
    one = make(slow)
    first = asyncio.create_task(one.find(NUMBER))
    await until(lambda: slow.asked)
    with pytest.raises(SourceSparedError):
        await one.find(other(1))
    slow.gate.set()
    assert await first == []


async def test_an_asker_who_goes_away_leaves_the_answer_for_the_next(make: Make) -> None:
    slow = Gated(someone("Anna", KEY, "crm"))
    one = make(slow)
    asker = asyncio.create_task(one.find(NUMBER))
    await until(lambda: slow.asked)
    asker.cancel()
    slow.gate.set()
    await until(lambda: one.kept(NUMBER) is not None)
    kept = one.kept(NUMBER)
    assert kept is not None
    assert (kept.fresh, [contact.name for contact in kept.contacts]) == (True, ["Anna"])


class Searching(Prompt):
    async def search(self, text: str, limit: int) -> list[Contact]:
        return self.found[:limit]

    async def get(self, contact_id: str) -> Contact | None:
        raise SourceError("crm-failed", "the CRM failed")


async def test_searches_and_single_customers_are_guarded_too(make: Make) -> None:
    one = make(Searching(someone("Anna", KEY, "crm")))
    assert [contact.name for contact in await one.search("anna", 5)] == ["Anna"]
    for _ in range(5):
        with pytest.raises(SourceError):
            await one.get("1")
    with pytest.raises(SourceSparedError):
        await one.search("anna", 5)
    dumb = make(Prompt())
    assert (await dumb.search("anna", 5), await dumb.get("1")) == ([], None)


class Writing(Prompt):
    """Takes calls, or raises what it is told to."""

    def __init__(self, problem: BaseException | None = None) -> None:
        super().__init__()
        self.problem = problem
        self.written: list[str] = []

    async def write_call(self, activity: CallActivity) -> str:
        self.asked += 1
        if self.problem is not None:
            raise self.problem
        self.written.append(activity.call_id)
        return "17"


ACTIVITY = CallActivity(
    call_id="main:1", direction="inbound", outcome="answered", number=KEY, started_at=START, ended_at=START
)


async def test_a_call_is_written_and_no_question_is_counted(make: Make) -> None:
    crm = Writing()
    one = make(crm)
    assert await one.write_call(ACTIVITY) == "17"
    assert (crm.written, one.counts.asked, one.counts.delay.count) == (["main:1"], 0, 0)


async def test_a_source_that_fails_is_not_written_to_either(make: Make) -> None:
    crm = Writing(SourceError("crm-failed", "HTTP 500"))
    one = make(crm)
    for _ in range(5):
        with pytest.raises(SourceError, match="HTTP 500"):
            await one.write_call(ACTIVITY)
    with pytest.raises(SourceSparedError):
        await one.write_call(ACTIVITY)
    assert crm.asked == 5
    assert one.rest_left_s() > 0


async def test_a_call_that_is_refused_says_nothing_against_the_source(make: Make) -> None:
    one = make(Writing(ActivityRefusedError("crm-call-refused", "the CRM does not take the call")))
    for _ in range(9):
        with pytest.raises(ActivityRefusedError):
            await one.write_call(ACTIVITY)
    assert one.rest_left_s() == 0


async def test_who_only_reads_refuses_every_call(make: Make) -> None:
    with pytest.raises(ActivityRefusedError) as caught:
        await make(Prompt()).write_call(ACTIVITY)
    assert caught.value.ref == "crm-cannot-write"


async def test_a_call_waits_its_turn_by_the_sources_rate(make: Make) -> None:
    one = make(Writing(), per_s=0.001, patience_s=0.01)
    await one.write_call(ACTIVITY)
    with pytest.raises(SourceSparedError) as caught:
        await one.write_call(ACTIVITY)
    assert caught.value.ref == "crm-too-many-questions"


async def test_an_answer_is_kept_with_its_details_only(make: Make) -> None:
    knowing = Knowing(someone("Anna", KEY, "crm"), more=Order(reference="17"))
    one = make(knowing)
    found = await one.find(NUMBER)
    assert (one.has_details(found), one.kept(NUMBER)) == (True, None)
    both = [asyncio.create_task(one.details(NUMBER, found)) for _ in range(2)]
    knowing.gate.set()
    assert [[order.reference for who in await task for order in who.orders] for task in both] == [["17"], ["17"]]
    kept = one.kept(NUMBER)
    assert kept is not None
    assert ([len(who.orders) for who in kept.contacts], knowing.detailed) == ([1], 1)


async def test_of_a_crowd_nobody_is_asked_about(make: Make) -> None:
    one = make(Knowing(*(someone("Anna", KEY, "crm", str(n)) for n in range(4)), more=Order(reference="17")))
    found = await one.find(NUMBER)
    kept = one.kept(NUMBER)
    assert kept is not None
    assert (one.has_details(found), len(kept.contacts)) == (False, 4)


async def test_one_who_is_fetched_comes_with_his_orders_or_with_why_they_are_not_there(make: Make) -> None:
    knowing = Knowing(someone("Anna", KEY, "crm"), more=Order(reference="17"))
    knowing.gate.set()
    whole = await make(knowing).get("1")
    assert whole is not None
    assert [order.reference for order in whole.orders] == ["17"]
    knowing.more = SourceError("crm-failed", "the CRM failed", "HTTP 500")
    whole = await make(knowing).get("1")
    assert whole is not None
    assert whole.unread == ("crm: orders, incidents and contacts could not be read: the CRM failed",)
