"""What an agent says about a call is shown to all who have it, kept, and can be taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.agent_says import AgentSays
from crm_bridge.call_note import NotedText
from crm_bridge.call_notes import CallNotes
from crm_bridge.contact import Contact, Match, MatchKind, PastCall, SourceError
from crm_bridge.desk import AgentDesk
from crm_bridge.desk_settings import DeskQueueSettings, DeskSettings
from crm_bridge.lookup import Lookup
from crm_bridge.notebook import Notebook
from crm_bridge.number import Number
from crm_bridge.number_choices import NumberChoices
from crm_bridge.pop import Card, DeskId
from crm_bridge.settings import CrmSettings
from cti.errors import OffhookError
from cti.model import CallMerged
from tests.crm_bridge.scene import ORIGIN, Clock, Scene, agent_event, until
from tests.crm_bridge.stubborn import Gated, Prompt, someone

KEY, STRANGE = "+393351234567", "+390299999999"
ANNA, BRUNO, ZOFIA = DeskId("main", "101"), DeskId("main", "102"), DeskId("main", "103")
CARLA, DARIO = someone("Carla", KEY, "crm", "7"), someone("Dario", KEY, "crm", "8")
SETTINGS = DeskSettings(dispositions=("Order", "Offer"), queue={"support": DeskQueueSettings(dispositions=("Solved",))})


class Shelf(Prompt):
    """A source in which one can search; finds by number only who has it."""

    async def find(self, number: Number) -> list[Contact]:
        return [one for one in self.found if any(own.key == number.key for own in one.numbers)]

    async def search(self, text: str, limit: int) -> list[Contact]:
        return [one for one in self.found if text in one.name][:limit]

    async def get(self, contact_id: str) -> Contact | None:
        return next((one for one in self.found if one.contact_id == contact_id), None)


class House:
    """A desk, its source, and a database for what agents say."""

    def __init__(self, engine: AsyncEngine, source: Prompt, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.choices, self.notes = NumberChoices(engine), CallNotes(engine)
        self.lookup = Lookup({"crm": source}, CrmSettings(lookup_deadline_s=10), self._last_calls, self.choices)
        self.notebook = Notebook(self.notes, SETTINGS, self.clock)
        self.desk = AgentDesk(self.lookup, self.clock, notebook=self.notebook)
        self.says = AgentSays(self.desk, self.lookup, self.notebook, self.clock)
        for agent, name in (("101", "Anna Rossi"), ("102", "Bruno Esposito"), ("103", "Žofia Kováčová")):
            self.desk.apply(agent_event(self.clock, agent, name))

    async def _last_calls(self, forms: Any) -> list[PastCall]:
        return [PastCall(at=self.clock(), direction="inbound", outcome=forms[0])]

    async def ring(self, call_id: str = "1", number: str | None = KEY, *agents: str, **more: Any) -> Scene:
        scene = Scene(call_id, number, self.clock, **more)
        for event in (scene.started(), scene.queued(), *(scene.offered(agent) for agent in agents or ("101",))):
            self.desk.apply(event)
        await until(lambda: not self.match(DeskId("main", (agents or ("101",))[0])).pending)
        return scene

    def card(self, desk: DeskId = ANNA) -> Card:
        return self.desk.view(desk).cards[-1]

    def match(self, desk: DeskId = ANNA) -> Match:
        match = self.card(desk).match
        assert match is not None
        return match

    async def choose(self, contact_id: str, *, on_behalf: bool = False) -> Contact:
        return await self.says.choose(ANNA, self.card().pop_id, "crm", contact_id, on_behalf=on_behalf)

    async def close(self) -> None:
        await self.notebook.close()
        await self.lookup.close()


@pytest.fixture
async def open_house(engine: AsyncEngine) -> AsyncIterator[Callable[..., House]]:
    made: list[House] = []

    def _open(source: Prompt, clock: Clock | None = None) -> House:
        made.append(House(engine, source, clock))
        return made[-1]

    yield _open
    for house in made:
        await house.close()


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    return open_house(Shelf(CARLA, DARIO, someone("Elena", "+390211111111", "crm", "9")))


async def test_a_choice_is_shown_to_all_kept_and_brings_the_history(house: House) -> None:
    await house.ring("1", KEY, "101", "102")
    assert house.match().kind is MatchKind.AMBIGUOUS
    assert (await house.choose("8")).name == "Dario"
    assert [house.card(desk).headline for desk in (ANNA, BRUNO)] == ["Dario", "Dario"]
    kept = await house.choices.chosen(KEY)
    assert kept is not None
    assert (kept.source, kept.contact_id, kept.chosen_by) == ("crm", "8", "Anna Rossi (101)")
    await until(lambda: house.card().past_calls)
    (note,) = await house.notes.fetch("main", "1")
    assert (note.key.agent, note.customer.contact_id, note.customer.match_key) == ("101", "8", KEY)


async def test_the_next_call_shows_who_was_chosen_by_whom_and_when_and_it_can_be_undone(house: House) -> None:
    await house.ring()
    await house.choose("8")
    await house.ring("2", KEY, "103")
    await until(lambda: house.card(ZOFIA).headline == "Dario")
    assert house.match(ZOFIA).why == "chosen by Anna Rossi (101) on 21 November 2026 among 2"
    anew = await house.says.unchoose(ZOFIA, house.card(ZOFIA).pop_id)
    assert (anew.kind, anew.chosen_by) == (MatchKind.AMBIGUOUS, "")
    assert {one.name for one in house.match(ZOFIA).candidates} == {"Carla", "Dario"}
    assert await house.choices.chosen(KEY) is None
    await house.ring("3")
    assert house.match().kind is MatchKind.AMBIGUOUS


async def test_who_was_found_for_an_unknown_number_is_known_the_next_time(house: House) -> None:
    await house.ring("1", STRANGE)
    assert house.match().kind is MatchKind.UNKNOWN
    await house.choose("9")
    await house.ring("2", STRANGE, "103")
    await until(lambda: house.card(ZOFIA).headline == "Elena")
    assert "chosen by Anna Rossi (101)" in house.match(ZOFIA).why
    assert (await house.says.unchoose(ZOFIA, house.card(ZOFIA).pop_id)).kind is MatchKind.UNKNOWN


async def test_calling_for_somebody_else_leaves_the_numbers_choice_alone(house: House) -> None:
    await house.ring()
    await house.choose("8")
    await house.choose("9", on_behalf=True)
    match = house.match()
    assert match.contact is not None and match.caller is not None
    assert (house.card().headline, match.caller.name, match.contact.name) == ("Dario", "Dario", "Elena")
    kept = await house.choices.chosen(KEY)
    assert kept is not None and kept.contact_id == "8"
    (note,) = await house.notes.fetch("main", "1")
    assert (note.customer.name, note.customer.on_behalf) == ("Elena", True)
    await house.says.unchoose(ANNA, house.card().pop_id)
    assert not house.match().on_behalf
    assert await house.choices.chosen(KEY) == kept
    (note,) = await house.notes.fetch("main", "1")
    assert not note.customer.on_behalf


async def test_calling_for_somebody_else_from_an_unknown_number_binds_none(house: House) -> None:
    await house.ring("1", STRANGE, name="Neighbour")
    await house.choose("7", on_behalf=True)
    assert (house.card().headline, house.match().caller) == ("Neighbour", None)
    assert await house.choices.chosen(STRANGE) is None


async def test_an_anonymous_caller_is_named_and_the_call_keeps_it(house: House) -> None:
    await house.ring("1", None)
    assert house.match().kind is MatchKind.ANONYMOUS
    await house.choose("7")
    assert house.card().headline == "Carla"
    (note,) = await house.notes.fetch("main", "1")
    assert (note.customer.source, note.customer.contact_id, note.customer.match_key) == ("crm", "7", None)
    assert (await house.says.unchoose(ANNA, house.card().pop_id)).kind is MatchKind.ANONYMOUS


class Failing(Shelf):
    """Found two a moment ago, and cannot be asked for one of them now."""

    async def get(self, contact_id: str) -> Contact | None:
        raise SourceError("crm-failed", "the CRM failed")


@pytest.mark.parametrize("kind", [Prompt, Failing])
async def test_who_stands_on_the_card_can_be_chosen_though_his_source_cannot_be_asked(
    open_house: Callable[..., House], kind: type[Prompt]
) -> None:
    house = open_house(kind(CARLA, DARIO))
    await house.ring()
    assert (await house.choose("8")).name == "Dario"
    with pytest.raises(OffhookError):
        await house.choose("9")


@pytest.mark.parametrize(
    ("desk", "contact", "ref"),
    [(ANNA, "404", "desk-no-such-customer"), (BRUNO, "7", "desk-no-such-call")],
)
async def test_a_choice_that_cannot_be_is_refused(house: House, desk: DeskId, contact: str, ref: str) -> None:
    await house.ring()
    with pytest.raises(OffhookError, match=ref):
        await house.says.choose(desk, house.card().pop_id, "crm", contact, on_behalf=False)
    with pytest.raises(OffhookError, match="desk-no-such-call"):
        await house.says.unchoose(BRUNO, house.card().pop_id)


async def test_an_answer_of_a_slow_crm_does_not_undo_the_agents_choice(open_house: Callable[..., House]) -> None:
    class Slow(Gated, Shelf):
        async def find(self, number: Number) -> list[Contact]:
            return await Gated.find(self, number)

    slow = Slow(CARLA, DARIO)
    house = open_house(slow)
    house.desk.apply(Scene("1", KEY, house.clock).offered("101"))
    await house.choose("8")
    slow.gate.set()
    await until(lambda: house.lookup.counts["crm"].hits)
    assert house.card().headline == "Dario"


async def test_a_note_is_kept_with_the_customer_and_shown_to_the_colleague(house: House) -> None:
    await house.ring("1", KEY, "101", "102")
    await house.choose("7")
    pop = house.card().pop_id
    assert await house.says.note(ANNA, pop, "1", NotedText("wants two", "Offer")) == house.clock()
    assert house.card().noted == NotedText("wants two", "Offer")
    assert house.card().dispositions == ("Order", "Offer")
    assert [(one.agent, one.text.note) for one in house.card(BRUNO).colleagues] == [("Anna Rossi (101)", "wants two")]
    (note,) = await house.notes.fetch("main", "1")
    assert (note.text.disposition, note.customer.name) == ("Offer", "Carla")


async def test_a_disposition_is_one_of_the_queues_list(house: House) -> None:
    scene = await house.ring()
    pop = house.card().pop_id
    with pytest.raises(OffhookError, match="desk-no-such-disposition"):
        await house.says.note(ANNA, pop, "1", NotedText("", "Solved"))
    await house.says.note(ANNA, pop, "1", NotedText("", "Order"))
    other = Scene("2", KEY, house.clock)
    for event in (scene.ended(), other.started(), other.queued("support"), other.offered("101", "support")):
        house.desk.apply(event)
    await house.says.note(ANNA, house.card().pop_id, "2", NotedText("", "Solved"))
    assert house.card().noted.disposition == "Solved"


async def test_a_note_can_be_written_after_the_call_and_after_a_restart(
    house: House, open_house: Callable[..., House]
) -> None:
    scene = await house.ring()
    pop = house.card().pop_id
    house.desk.apply(scene.answered("101"))
    await house.says.note(ANNA, pop, "1", NotedText("first"))
    house.clock.pass_s(60)
    house.desk.apply(scene.ended())
    wrap_up = house.desk.view(ANNA).wrap_up
    assert wrap_up is not None and wrap_up.noted.note == "first"
    await house.says.note(ANNA, pop, "1", NotedText("second"))

    anew = open_house(Shelf(CARLA), house.clock)
    await anew.says.note(ANNA, pop, "1", NotedText("third"))
    (note,) = await anew.notes.fetch("main", "1")
    assert (note.text.note, note.customer.match_key) == ("third", KEY)


async def test_a_call_that_goes_on_over_a_restart_has_its_notes_again(
    house: House, open_house: Callable[..., House]
) -> None:
    scene = await house.ring()
    await house.says.note(ANNA, house.card().pop_id, "1", NotedText("before the restart"))
    house.clock.pass_s(5)
    anew = open_house(Shelf(CARLA), house.clock)
    anew.desk.apply(scene.answered("101"))
    await until(lambda: anew.card().noted.note)
    assert anew.card().noted.note == "before the restart"


async def test_the_wrap_up_ends_with_done_the_next_talk_or_after_a_while(house: House) -> None:
    async def talk(call_id: str) -> str:
        scene = await house.ring(call_id)
        pop = house.card().pop_id
        house.desk.apply(scene.answered("101"))
        assert house.desk.view(ANNA).wrap_up is None
        house.desk.apply(scene.ended())
        return pop

    pop = await talk("1")
    house.clock.pass_s(40)
    wrap_up = house.desk.view(ANNA).wrap_up
    assert wrap_up is not None
    assert (wrap_up.pop_id, wrap_up.ended_s) == (pop, 40)
    house.desk.put_away(ANNA, pop)
    assert house.desk.view(ANNA).wrap_up is None
    await talk("2")
    await house.ring("3")
    assert house.desk.view(ANNA).wrap_up is not None
    house.clock.pass_s(SETTINGS.wrap_up_minutes * 60 + 1)
    assert house.desk.view(ANNA).wrap_up is None


async def test_the_note_on_a_consultation_goes_with_it(house: House) -> None:
    asked, own = await house.ring("2", KEY, "102"), await house.ring("1")
    house.desk.apply(asked.answered("102"))
    pop = house.card(BRUNO).pop_id
    await house.says.note(BRUNO, pop, "2", NotedText("asked by Anna"))
    house.desk.apply(CallMerged(at=house.clock(), origin=ORIGIN, call=asked.call, into=own.call))
    await house.notebook.close()
    assert await house.notes.fetch("main", "2") == []
    assert [one.text.note for one in house.card(ANNA).colleagues] == ["asked by Anna"]
    await house.says.note(BRUNO, pop, "2", NotedText("and told"))
    (note,) = await house.notes.fetch("main", "1")
    assert (note.key.agent, note.text.note) == ("102", "and told")
