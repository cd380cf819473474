"""Questions about callers beside the flow of the call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import pytest

from crm_bridge import lookup as module
from crm_bridge.contact import Adapter, Contact, LastCalls, Match, MatchKind, PastCall, SourceError
from crm_bridge.lookup import HISTORY, Lookup
from crm_bridge.settings import CrmSettings
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

    def _make(sources: Mapping[str, Adapter], history: LastCalls | None = None, **settings: object) -> Lookup:
        made.append(Lookup(sources, CrmSettings(**settings), history))  # type: ignore[arg-type]
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
    heard = [begin(one)[1] for _ in range(5)]
    await until(lambda: slow.asked == 2)
    assert one.counts["crm"].asked == 2
    slow.gate.set()
    await until(lambda: all(each.matches for each in heard))
    assert one.counts["crm"].hits == 5


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
