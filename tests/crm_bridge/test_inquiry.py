"""One question to all sources, with one deadline."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from crm_bridge.contact import (
    Adapter,
    Choice,
    ChoiceKeeper,
    Contact,
    Match,
    MatchKind,
    Order,
    SourceError,
    SourceState,
)
from crm_bridge.counts import SourceCounts
from crm_bridge.guard import GuardedSource
from crm_bridge.inquiry import Inquiry
from crm_bridge.lookup import limits_of
from crm_bridge.number import Number, parse_number
from crm_bridge.settings import CrmSettings, SourceSettings
from tests.crm_bridge.scene import START, until
from tests.crm_bridge.stubborn import Broken, Gated, Knowing, Prompt, Refusing, someone

KEY = "+393351234567"
NUMBER = parse_number(KEY, "IT")


def guarded(
    sources: dict[str, Adapter], counts: dict[str, SourceCounts], settings: CrmSettings
) -> dict[str, GuardedSource]:
    """The sources as a look-up has them."""
    limits = {name: limits_of(name, source, settings) for name, source in sources.items()}
    return {name: GuardedSource(name, source, limits[name], counts[name]) for name, source in sources.items()}


class Case:
    """An inquiry that runs, and what it told."""

    def __init__(self, sources: dict[str, Adapter], deadline_s: float = 5.0, give_up_s: float = 10.0) -> None:
        settings = CrmSettings(lookup_deadline_s=deadline_s, lookup_give_up_s=give_up_s)
        self.counts = {name: SourceCounts() for name in sources}
        self.told: list[Match] = []
        choices = next((one for one in sources.values() if isinstance(one, ChoiceKeeper)), None)
        self.inquiry = Inquiry(NUMBER, guarded(sources, self.counts, settings), settings, choices=choices)
        self.task = asyncio.create_task(self.inquiry.run(self.told.append))


async def test_each_answer_is_told_and_the_last_is_not_pending() -> None:
    slow = Gated(someone("Anna", KEY, "crm"))
    case = Case({"book": Prompt(), "crm": slow})
    await until(lambda: case.told)
    assert (case.told[0].pending, case.told[0].why) == (True, "being looked up")
    slow.gate.set()
    await case.task
    assert [match.pending for match in case.told] == [True, False]
    assert case.told[-1].kind is MatchKind.EXACT


async def test_at_the_deadline_the_silent_source_is_named_and_its_late_answer_still_counts() -> None:
    slow = Gated(someone("Anna", KEY, "crm"))
    case = Case({"book": Prompt(), "crm": slow}, deadline_s=0.02)
    await until(lambda: case.told and not case.told[-1].pending)
    at_the_deadline = case.told[-1]
    assert at_the_deadline.silent == ("crm",)
    assert at_the_deadline.why == "no customer has this number (no answer from crm)"
    slow.gate.set()
    await case.task
    assert (case.told[-1].kind, case.told[-1].silent) == (MatchKind.EXACT, ())
    assert (case.counts["crm"].hits, case.counts["crm"].late) == (1, 1)


async def test_a_source_that_never_answers_is_given_up() -> None:
    case = Case({"crm": Gated()}, deadline_s=0.01, give_up_s=0.03)
    await case.task
    assert (case.told[-1].pending, case.told[-1].silent) == (False, ("crm",))
    assert (case.counts["crm"].asked, case.counts["crm"].given_up) == (1, 1)


async def test_an_inquiry_that_comes_too_late_to_ask_says_so_all_the_same() -> None:
    counts = {"crm": SourceCounts()}
    settings = CrmSettings(lookup_deadline_s=1e-9, lookup_give_up_s=1e-9)
    told: list[Match] = []
    await Inquiry(NUMBER, guarded({"crm": Gated()}, counts, settings), settings).run(told.append)
    assert [(match.pending, match.silent) for match in told] == [(False, ("crm",))]
    assert counts["crm"].given_up == 1


@pytest.mark.parametrize("source", [Refusing(), Broken()])
async def test_a_failing_source_is_counted_and_told_and_its_words_stay_out_of_the_log(source: Adapter) -> None:
    with capture_logs() as logs:
        case = Case({"book": Prompt(someone("Anna", KEY, "book")), "crm": source})
        await case.task
    assert (case.told[-1].kind, case.told[-1].silent) == (MatchKind.EXACT, ("crm",))
    assert (case.counts["crm"].errors, case.counts["crm"].hits) == (1, 0)
    assert [log["source"] for log in logs] == ["crm"]
    assert KEY not in str(logs)


async def test_the_same_failure_is_logged_at_the_1st_10th_100th_time() -> None:
    with capture_logs() as logs:
        counts = {"crm": SourceCounts()}
        for _ in range(120):
            sources = guarded({"crm": Refusing()}, counts, CrmSettings())
            await Inquiry(NUMBER, sources, CrmSettings()).run(lambda _: None)
    assert [log["count"] for log in logs] == [1, 10, 100]


class Remembering(Prompt):
    """Two with the number, and a choice among them."""

    def __init__(self, choice: Choice | None) -> None:
        super().__init__(someone("Anna", KEY, "book", "1"), someone("Bruno", KEY, "book", "2"))
        self.choice = choice

    async def chosen(self, key: str) -> Choice | None:
        if self.choice is None:
            raise SourceError("book-unreachable", "the customer book cannot be read")
        return self.choice if key == KEY else None

    async def store_choice(self, key: str, choice: Choice) -> None:
        self.choice = choice

    async def drop_choice(self, key: str) -> None:
        self.choice = None


async def test_an_agents_earlier_choice_is_asked_for_beside_the_sources() -> None:
    case = Case({"book": Remembering(Choice("book", "2", "Dana", START))})
    await case.task
    assert case.told[-1].contact and case.told[-1].contact.name == "Bruno"


async def test_a_choice_that_cannot_be_read_leaves_the_choice_to_the_agent() -> None:
    case = Case({"book": Remembering(None)})
    await case.task
    assert case.told[-1].kind is MatchKind.AMBIGUOUS


async def test_the_first_named_source_is_shown_first() -> None:
    slow = Gated(someone("First", KEY, "a"))
    case = Case({"a": slow, "b": Prompt(someone("Second", KEY, "b"))})
    await until(lambda: case.told)
    slow.gate.set()
    await case.task
    assert [one.name for one in case.told[-1].candidates] == ["First", "Second"]


async def test_each_sources_part_is_told_with_its_time_and_what_came_late_is_marked() -> None:
    slow = Gated(someone("Anna", KEY, "crm"))
    case = Case({"book": Prompt(), "crm": slow, "bad": Refusing()}, deadline_s=2.0)
    await until(lambda: case.told and not case.told[-1].pending)
    told = {heard.source: heard for heard in case.told[-1].heard}
    assert {name: heard.state for name, heard in told.items()} == {
        "book": SourceState.ANSWERED,
        "crm": SourceState.SILENT,
        "bad": SourceState.FAILED,
    }
    assert (told["book"].read_at is not None, told["crm"].read_at) == (True, None)
    assert (told["crm"].problem, told["bad"].problem) == ("no answer yet", "the CRM refused")
    slow.gate.set()
    await case.task
    last = next(heard for heard in case.told[-1].heard if heard.source == "crm")
    assert (last.state, last.found, last.problem) == (SourceState.LATE, 1, "")


async def test_what_a_source_said_before_stays_when_it_fails_now() -> None:
    counts = {"crm": SourceCounts()}
    settings = CrmSettings(sources=(SourceSettings(name="crm", cache_s=0.0),))
    source = Moody(someone("Anna", KEY, "crm"))
    sources = guarded({"crm": source}, counts, settings)
    await Inquiry(NUMBER, sources, settings).run(lambda _: None)
    source.well, told = False, list[Match]()
    later = datetime.now(UTC) + timedelta(hours=3)
    inquiry = Inquiry(NUMBER, sources, settings, lambda: later)
    assert inquiry.first().contact is not None
    await inquiry.run(told.append)
    last = told[-1]
    assert last.contact and last.contact.name == "Anna"
    assert [(heard.state, heard.problem) for heard in last.heard] == [(SourceState.STALE, "the CRM refused")]
    assert (last.silent, counts["crm"].stale) == (("crm",), 1)


async def test_a_choice_that_hangs_keeps_no_answer_back() -> None:
    hanging = HangingChoice(someone("Anna", KEY, "book"))
    case = Case({"book": hanging}, deadline_s=5.0)
    await until(lambda: case.told)
    assert (case.told[0].kind, case.told[0].pending) == (MatchKind.EXACT, True)
    hanging.gate.set()
    await case.task
    assert (case.told[-1].kind, case.told[-1].pending) == (MatchKind.EXACT, False)


class Moody(Prompt):
    """Answers while it is well."""

    well = True

    async def find(self, number: Number) -> list[Contact]:
        if not self.well:
            raise SourceError("crm-refused", "the CRM refused")
        return self.found


class HangingChoice(Gated):
    """Knows the caller at once, but not whom an agent once chose."""

    async def find(self, number: Number) -> list[Contact]:
        return self.found

    async def chosen(self, key: str) -> Choice | None:
        await self.gate.wait()
        return None

    async def store_choice(self, key: str, choice: Choice) -> None:
        raise AssertionError(key)

    async def drop_choice(self, key: str) -> None:
        raise AssertionError(key)


def orders(match: Match) -> tuple[list[str], tuple[str, ...]]:
    assert match.contact is not None
    return [order.reference for order in match.contact.orders], match.contact.unread


async def test_who_it_is_is_told_before_his_orders() -> None:
    knowing = Knowing(someone("Anna", KEY, "crm"), more=Order(reference="17"))
    case = Case({"crm": knowing})
    await until(lambda: knowing.detailed)
    assert (case.told[-1].kind, case.told[-1].pending, orders(case.told[-1])) == (MatchKind.EXACT, False, ([], ()))
    knowing.gate.set()
    await case.task
    assert orders(case.told[-1]) == (["17"], ())


async def test_orders_that_cannot_be_read_are_not_none() -> None:
    for more, why in (
        (SourceError("crm-failed", "the CRM failed", "HTTP 500"), "the CRM failed"),
        (ValueError(KEY), "a fault of the adapter (ValueError)"),
    ):
        knowing = Knowing(someone("Anna", KEY, "crm"), more=more)
        knowing.gate.set()
        case = Case({"crm": knowing})
        await case.task
        assert orders(case.told[-1]) == ([], (f"crm: orders, incidents and contacts could not be read: {why}",))


async def test_orders_that_never_come_are_given_up() -> None:
    knowing = Knowing(someone("Anna", KEY, "crm"), more=Order(reference="17"))
    case = Case({"crm": knowing}, deadline_s=0.01, give_up_s=0.05)
    await case.task
    assert orders(case.told[-1]) == (
        [],
        ("crm: orders, incidents and contacts could not be read: no answer in time",),
    )
