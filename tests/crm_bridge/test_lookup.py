"""Questions about callers beside the flow of the call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import pytest
from structlog.testing import capture_logs

from crm_bridge import lookup as module
from crm_bridge.contact import Adapter, Contact, LastCalls, Match, MatchKind, PastCall, SourceError, SourceState
from crm_bridge.lookup import HISTORY, Lookup, limits_of
from crm_bridge.settings import CrmSettings, SourceSettings
from tests.crm_bridge.scene import START, until
from tests.crm_bridge.stubborn import Gated, Prompt, Refusing, someone

KEY = "+393351234567"
Make = Callable[..., Lookup]


class Heard:
    """What the desk is told."""

    def __init__(self) -> None:
        self.matches: list[Match] = []
        self.calls: list[Sequence[PastCall]] = []


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[Lookup] = []

    def _make(asked: Mapping[str, Adapter], history: LastCalls | None = None, **settings: object) -> Lookup:
        made.append(Lookup(asked, CrmSettings(**settings), history))  # type: ignore[arg-type]
        return made[-1]

    yield _make
    for one in made:
        await one.close()


def begin(one: Lookup, text: str | None = KEY) -> tuple[Match, Heard]:
    heard = Heard()
    return one.begin(one.number(text), heard.matches.append, heard.calls.append), heard


async def test_it_starts_at_once_and_answers_later(make: Make) -> None:
    first, heard = begin(make({"book": Prompt(someone("Anna", KEY, "book"))}))
    assert (first.kind, first.pending, heard.matches) == (MatchKind.UNKNOWN, True, [])
    await until(lambda: heard.matches)
    assert heard.matches[-1].contact and heard.matches[-1].contact.name == "Anna"


async def test_without_a_number_nobody_is_asked(make: Make) -> None:
    book = Prompt()
    one = make({"book": book})
    assert begin(one, "anonymous")[0].kind is MatchKind.ANONYMOUS
    assert begin(one, "<script>")[0].kind is MatchKind.UNKNOWN
    assert (book.asked, one.counts["book"].asked) == (0, 0)


async def test_without_a_source_the_answer_is_unknown_and_not_pending(make: Make) -> None:
    first, _ = begin(make({}))
    assert (first.kind, first.pending) == (MatchKind.UNKNOWN, False)


async def test_the_history_is_asked_for_in_every_form_and_cut(make: Make) -> None:
    asked: list[Sequence[str]] = []
    past = [PastCall(at=START, direction="inbound", outcome="answered")] * 5

    async def last_calls(forms: Sequence[str]) -> Sequence[PastCall]:
        asked.append(forms)
        return past

    one = make({"book": Prompt()}, last_calls, last_calls=2)
    _, heard = begin(one)
    await until(lambda: heard.calls)
    assert [list(forms) for forms in asked] == [[KEY, "00393351234567", "393351234567", "3351234567"]]
    assert len(heard.calls[0]) == 2
    assert (one.counts[HISTORY].asked, one.counts[HISTORY].hits) == (1, 1)


async def test_a_history_that_fails_is_counted_and_the_customer_comes_all_the_same(make: Make) -> None:
    async def last_calls(forms: Sequence[str]) -> Sequence[PastCall]:
        raise SourceError("store-away", "the store is away")

    one = make({"book": Prompt(someone("Anna", KEY, "book"))}, last_calls)
    _, heard = begin(one)
    await until(lambda: heard.matches and one.counts[HISTORY].errors)
    assert heard.calls == []
    assert heard.matches[-1].kind is MatchKind.EXACT


async def test_past_the_bound_a_call_is_shown_without_a_look_up(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_OPEN", 2)
    slow = Gated()
    one = make({"crm": slow})
    begin(one)
    begin(one)
    first, _ = begin(one)
    assert (first.pending, one.refused) == (False, 1)
    assert first.why.startswith("not looked up")
    slow.gate.set()


async def test_no_more_than_so_many_at_once(make: Make) -> None:
    slow = Gated(someone("Anna", KEY, "crm"))
    one = make({"crm": slow}, lookups_at_once=2)
    heard = [begin(one, f"+39335123456{last}")[1] for last in range(5)]
    await until(lambda: slow.asked == 2)
    assert (one.counts["crm"].asked, one.counts["crm"].under_way) == (5, 2)
    slow.gate.set()
    await until(lambda: all(each.matches for each in heard))
    assert one.counts["crm"].hits == 5


async def test_who_waits_for_one_source_has_the_others_at_once(make: Make) -> None:
    slow = Gated()
    sources = {"book": Prompt(someone("Anna", KEY, "book")), "crm": slow}
    one = make(sources, lookups_at_once=1, lookup_deadline_s=9.0)
    begin(one, "+393351234500")
    _, heard = begin(one)
    await until(lambda: heard.matches)
    assert (heard.matches[0].kind, heard.matches[0].pending) == (MatchKind.EXACT, True)
    slow.gate.set()


async def test_calls_from_one_number_are_one_question(make: Make) -> None:
    slow = Gated(someone("Anna", KEY, "crm"))
    one = make({"crm": slow})
    both = [begin(one)[1] for _ in range(2)]
    await until(lambda: slow.asked)
    slow.gate.set()
    await until(lambda: all(heard.matches for heard in both))
    assert (slow.asked, one.counts["crm"].asked, one.counts["crm"].hits) == (1, 2, 2)


async def test_who_called_a_moment_ago_is_known_at_once(make: Make) -> None:
    book = Prompt(someone("Anna", KEY, "crm"))
    one = make({"crm": book})
    _, heard = begin(one)
    await until(lambda: heard.matches)
    again, more = begin(one)
    assert again.contact and again.contact.name == "Anna"
    assert [said.state for said in again.heard] == [SourceState.KEPT]
    await until(lambda: more.matches)
    assert (more.matches[-1].pending, book.asked, one.counts["crm"].kept) == (False, 1, 1)


async def test_what_was_said_long_ago_is_shown_with_its_age_while_the_source_is_asked(make: Make) -> None:
    book = Gated(someone("Anna", KEY, "crm"))
    book.gate.set()
    one = make({"crm": book}, sources=(SourceSettings(name="crm", cache_s=0.0),))
    _, heard = begin(one)
    await until(lambda: heard.matches)
    book.gate.clear()
    again, more = begin(one)
    assert again.contact and again.pending
    assert [(said.state, said.read_at is not None) for said in again.heard] == [(SourceState.STALE, True)]
    book.found = [someone("Anna Rossi", KEY, "crm")]
    book.gate.set()
    await until(lambda: more.matches)
    last = more.matches[-1]
    assert last.contact and (last.contact.name, last.heard[0].state) == ("Anna Rossi", SourceState.ANSWERED)


async def test_a_local_source_is_asked_each_time(make: Make) -> None:
    class Local(Prompt):
        local = True

    book = Local(someone("Anna", KEY, "book"))
    one = make({"book": book})
    for asked in (1, 2):
        _, heard = begin(one)
        await until(lambda heard=heard: heard.matches)
        assert book.asked == asked


class Holding(Prompt):
    """Holds something that has to be let go."""

    def __init__(self, problem: SourceError | None = None) -> None:
        super().__init__()
        self.problem, self.warmed, self.closed = problem, 0, 0

    async def warm(self) -> None:
        self.warmed += 1
        if self.problem is not None:
            raise self.problem

    async def close(self) -> None:
        self.closed += 1


async def test_sources_are_read_beforehand_and_let_go_at_the_end() -> None:
    good, bad = Holding(), Holding(SourceError("file-missing", "there is no such file", "", "write it"))
    one = Lookup({"good": good, "bad": bad}, CrmSettings())
    with capture_logs() as logs:
        one.warm()
        await until(lambda: good.warmed and bad.warmed and logs)
    await one.close()
    assert [(log["source"], log["hint"]) for log in logs] == [("bad", "write it")]
    assert (good.closed, bad.closed) == (1, 1)


def test_the_settings_of_a_source_win_over_what_its_vendor_allows() -> None:
    class Vendor(Prompt):
        per_second = 4.0

    settings = CrmSettings(sources=(SourceSettings(name="a", per_second=9.0, at_once=3),))
    assert (limits_of("a", Vendor(), settings).per_s, limits_of("a", Vendor(), settings).at_once) == (9.0, 3)
    assert (limits_of("b", Vendor(), settings).per_s, limits_of("b", Vendor(), settings).at_once) == (4.0, 64)


async def test_close_ends_what_is_open(make: Make) -> None:
    one = make({"crm": Gated()})
    _, heard = begin(one)
    await one.close()
    assert heard.matches == []


class Searching(Prompt):
    async def search(self, text: str, limit: int) -> list[Contact]:
        return self.found[:limit]

    async def get(self, contact_id: str) -> Contact | None:
        return next((one for one in self.found if one.contact_id == contact_id), None)


class SearchRefused(Searching):
    async def search(self, text: str, limit: int) -> list[Contact]:
        raise SourceError("crm-refused", "the CRM refused", "secret detail")


async def test_a_search_asks_all_and_names_who_could_not(make: Make) -> None:
    anna = someone("Anna", KEY, "good")
    one = make({"bad": SearchRefused(), "good": Searching(anna), "dumb": Prompt()})
    assert await one.search("anna") == ([anna], ["bad: the CRM refused"])


async def test_a_customer_is_fetched_from_his_own_source(make: Make) -> None:
    anna = someone("Anna", KEY, "good", "7")
    one = make({"good": Searching(anna), "dumb": Prompt()})
    assert await one.contact("good", "7") is anna
    assert await one.contact("good", "8") is None
    assert await one.contact("dumb", "7") is None
    assert await one.contact("nowhere", "7") is None


async def test_a_refusing_source_never_raises(make: Make) -> None:
    _, heard = begin(make({"crm": Refusing()}))
    await until(lambda: heard.matches)
    assert heard.matches[-1].why == "no customer has this number (no answer from crm)"


async def test_what_was_answered_before_is_forgotten_when_somebody_is_erased(make: Make) -> None:
    one = make({"crm": Prompt(someone("Anna", KEY, "crm"))})
    _, heard = begin(one)
    await until(lambda: heard.matches)
    assert begin(one)[0].kind is MatchKind.EXACT
    one.forget()
    assert begin(one)[0].kind is MatchKind.UNKNOWN
