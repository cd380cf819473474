"""Whose page shows which call, through everything that happens to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from crm_bridge.contact import PastCall
from crm_bridge.desk import AgentDesk
from crm_bridge.lookup import Lookup
from crm_bridge.pop import Closing, DeskId, Phase
from crm_bridge.settings import CrmSettings
from cti.model import AgentState, CallMerged, CallOutcome, Direction, PbxBack, PbxLost, RingResult
from tests.crm_bridge.scene import ORIGIN, Clock, Scene, agent_event, until
from tests.crm_bridge.stubborn import Gated, Prompt, someone

KEY = "+393351234567"
ANNA, BRUNO, ZOFIA = DeskId("main", "101"), DeskId("main", "102"), DeskId("main", "103")


class House:
    """A desk with its clock and its source."""

    def __init__(self, source: Prompt) -> None:
        self.clock = Clock()
        self.asked: list[Any] = []
        self.lookup = Lookup({"book": source}, CrmSettings(recent_calls=3), self._last_calls)
        self.desk = AgentDesk(self.lookup, self.clock)
        self.told: list[set[DeskId]] = []
        self.desk.listen(self.told.append)
        for agent, name in (("101", "Anna Rossi"), ("102", "Bruno Esposito"), ("103", "Žofia Kováčová")):
            self.desk.apply(agent_event(self.clock, agent, name))

    async def _last_calls(self, forms: Any) -> list[PastCall]:
        self.asked.append(forms)
        return [PastCall(at=self.clock(), direction="inbound", outcome="answered")]

    def call(self, call_id: str = "1", number: str | None = KEY, **more: Any) -> Scene:
        return Scene(call_id, number, self.clock, **more)

    def phases(self, desk: DeskId) -> list[Phase]:
        return [card.phase for card in self.desk.view(desk).cards]

    def past(self, desk: DeskId) -> list[tuple[Closing | None, str | None]]:
        return [(card.closing, card.other) for card in self.desk.view(desk).past]


@pytest.fixture
async def house() -> AsyncIterator[House]:
    made = House(Prompt(someone("Carla", KEY, "book", "7")))
    yield made
    await made.lookup.close()


async def test_the_pop_is_there_at_the_ring_before_anybody_was_found(house: House) -> None:
    call = house.call()
    assert house.desk.apply(call.started()) == set()
    assert house.desk.apply(call.queued()) == set()
    assert house.desk.apply(call.offered("101")) == {ANNA}
    card = house.desk.view(ANNA).cards[0]
    assert (card.phase, card.queue, card.headline) == (Phase.OFFERED, "sales", "335 123 4567")
    assert card.match is not None and card.match.pending
    await until(lambda: house.desk.view(ANNA).cards[0].headline == "Carla")
    assert house.desk.view(BRUNO).cards == ()


async def test_the_look_up_begins_when_the_call_does_and_is_one_for_all_agents(house: House) -> None:
    call = house.call()
    house.desk.apply(call.started())
    await until(lambda: house.lookup.counts["book"].hits)
    for event in (call.queued(), call.offered("101"), call.offered("102"), call.offer_ended("101", RingResult.MISSED)):
        house.desk.apply(event)
    assert house.desk.view(BRUNO).cards[0].headline == "Carla"
    assert house.lookup.counts["book"].asked == 1


async def test_ring_all_closes_for_those_who_lost_and_says_who_answered(house: House) -> None:
    call = house.call()
    for event in (call.started(), call.queued(), call.offered("101"), call.offered("102"), call.offered("103")):
        house.desk.apply(event)
    house.clock.pass_s(3)
    house.desk.apply(call.offer_ended("102", RingResult.ANSWERED))
    assert house.desk.apply(call.offer_ended("101", RingResult.ELSEWHERE)) >= {ANNA}
    assert house.past(ANNA) == [(Closing.TAKEN, "Bruno Esposito (102)")]
    house.desk.apply(call.offer_ended("103", RingResult.ELSEWHERE))
    house.desk.apply(call.answered("102"))
    assert [house.phases(desk) for desk in (ANNA, BRUNO, ZOFIA)] == [[], [Phase.TALKING], []]
    assert house.past(ZOFIA) == [(Closing.TAKEN, "Bruno Esposito (102)")]


async def test_who_answered_is_told_though_the_losers_were_told_first(house: House) -> None:
    call = house.call()
    for event in (call.started(), call.offered("101"), call.offered("102")):
        house.desk.apply(event)
    house.desk.apply(call.offer_ended("101", RingResult.ELSEWHERE))
    assert house.past(ANNA) == [(Closing.TAKEN, None)]
    assert ANNA in house.desk.apply(call.answered("102"))
    assert house.past(ANNA) == [(Closing.TAKEN, "Bruno Esposito (102)")]


async def test_a_missed_call_stays_to_be_seen_and_says_who_took_it_then(house: House) -> None:
    call = house.call()
    for event in (call.started(), call.queued(), call.offered("101"), call.offer_ended("101", RingResult.MISSED)):
        house.desk.apply(event)
    assert [card.closing for card in house.desk.view(ANNA).missed] == [Closing.MISSED]
    for event in (call.offered("102"), call.answered("102")):
        house.desk.apply(event)
    assert house.past(ANNA) == [(Closing.MISSED, "Bruno Esposito (102)")]


@pytest.mark.parametrize(
    ("result", "closing"),
    [
        (RingResult.CANCELLED, Closing.CALLER_LEFT),
        (RingResult.BUSY, Closing.REFUSED),
        (RingResult.FAILED, Closing.UNREACHED),
    ],
)
async def test_each_end_of_a_ring_has_its_word(house: House, result: RingResult, closing: Closing) -> None:
    call = house.call()
    for event in (call.started(), call.offered("101"), call.offer_ended("101", result)):
        house.desk.apply(event)
    assert house.past(ANNA) == [(closing, None)]


async def test_the_card_stays_while_talking_and_goes_to_the_past_after(house: House) -> None:
    call = house.call()
    for event in (call.started(), call.offered("101"), call.offer_ended("101", RingResult.ANSWERED)):
        house.desk.apply(event)
    assert house.phases(ANNA) == [Phase.TALKING]
    for step, phase in ((call.answered, Phase.TALKING), (call.held, Phase.HELD), (call.resumed, Phase.TALKING)):
        house.desk.apply(step("101"))
        assert house.phases(ANNA) == [phase]
    house.clock.pass_s(20)
    house.desk.apply(call.released("101"))
    house.desk.apply(call.ended())
    card = house.desk.view(ANNA).past[0]
    assert (card.closing, card.talked_s, house.phases(ANNA)) == (Closing.TALKED, 20.0, [])


async def test_a_transfer_pops_on_the_next_agent_and_the_first_is_said_to_have_handed_on(house: House) -> None:
    call = house.call()
    for event in (call.started(), call.offered("101"), call.answered("101"), call.released("101")):
        house.desk.apply(event)
    house.desk.apply(call.transferred("101", "102"))
    house.desk.apply(call.offered("102", None))
    await until(lambda: house.desk.view(BRUNO).cards[0].headline == "Carla")
    assert house.past(ANNA) == [(Closing.TRANSFERRED, "Bruno Esposito (102)")]
    house.desk.apply(call.answered("102"))
    assert house.phases(BRUNO) == [Phase.TALKING]


async def test_an_answer_without_a_ring_opens_the_card(house: House) -> None:
    call = house.call()
    house.desk.apply(call.answered("103"))
    assert house.phases(ZOFIA) == [Phase.TALKING]


async def test_a_talk_that_only_seemed_over_is_one_card_again(house: House) -> None:
    call = house.call()
    for event in (call.started(), call.offered("101"), call.answered("101")):
        house.desk.apply(event)
    began = call.call.talks
    house.desk.apply(call.released("101"))
    talk = began[0]
    event = call.becomes(talks=()).answered("101")
    reopened = type(event)(at=event.at, origin=ORIGIN, call=event.call, agent="101", talk=talk)  # type: ignore[call-arg,attr-defined]
    house.desk.apply(reopened)
    assert (house.phases(ANNA), house.past(ANNA)) == ([Phase.TALKING], [])


async def test_an_agents_own_call_shows_whom_he_calls(house: House) -> None:
    call = house.call(number="101", direction=Direction.OUTBOUND, dialled="3351234567")
    assert house.desk.apply(call.started()) == {ANNA}
    assert house.phases(ANNA) == [Phase.DIALLING]
    await until(lambda: house.desk.view(ANNA).cards[0].headline == "Carla")
    house.desk.apply(call.ended(CallOutcome.NO_ANSWER))
    assert house.past(ANNA) == [(Closing.NOT_ANSWERED, None)]


async def test_click_to_dial_rings_the_agent_first_and_then_shows_the_customer(house: House) -> None:
    call = house.call(number="101", direction=Direction.INTERNAL, dialled=None)
    for event in (call.started(), call.offered("101", None)):
        house.desk.apply(event)
    assert house.desk.view(ANNA).cards[0].headline == "Your own call"
    house.desk.apply(call.offer_ended("101", RingResult.ANSWERED))
    assert house.phases(ANNA) == [Phase.DIALLING]
    call.becomes(direction=Direction.OUTBOUND, dialled=KEY)
    house.desk.apply(call.answered("101", None))
    await until(lambda: house.desk.view(ANNA).cards[0].headline == "Carla")
    assert house.phases(ANNA) == [Phase.TALKING]


async def test_a_call_within_the_house_asks_no_crm(house: House) -> None:
    call = house.call(number="101", direction=Direction.INTERNAL, dialled="102")
    for event in (call.started(), call.offered("102", None)):
        house.desk.apply(event)
    card = house.desk.view(BRUNO).cards[0]
    assert (card.headline, card.match) == ("Anna Rossi (101)", None)
    assert house.lookup.counts["book"].asked == 0


async def test_a_consultation_that_becomes_the_customers_call_keeps_its_card(house: House) -> None:
    customer, consult = house.call(), house.call("2", "101", direction=Direction.INTERNAL, dialled="102")
    for event in (customer.started(), customer.offered("101"), customer.answered("101"), consult.started()):
        house.desk.apply(event)
    house.desk.apply(consult.offered("102", None))
    merged = CallMerged(at=house.clock(), origin=ORIGIN, call=consult.call, into=customer.call)
    assert BRUNO in house.desk.apply(merged)
    assert house.desk.view(BRUNO).cards[0].shown_number == "335 123 4567"
    house.desk.apply(customer.answered("102"))
    assert house.phases(BRUNO) == [Phase.TALKING]
    house.desk.apply(customer.ended())
    assert house.phases(BRUNO) == house.phases(ANNA) == []


async def test_a_caller_who_hangs_up_while_it_rings_closes_all(house: House) -> None:
    call = house.call()
    for event in (call.started(), call.offered("101"), call.offered("102"), call.ended(CallOutcome.ABANDONED)):
        house.desk.apply(event)
    assert house.past(ANNA) == house.past(BRUNO) == [(Closing.CALLER_LEFT, None)]
    assert house.desk.counts.closed == {Closing.CALLER_LEFT: 2}


async def test_several_calls_of_one_agent_have_an_order(house: House) -> None:
    first, second = house.call("1"), house.call("2", "+442079460008")
    house.desk.apply(first.offered("101"))
    house.desk.apply(first.answered("101"))
    house.clock.pass_s(2)
    house.desk.apply(second.offered("101"))
    assert house.phases(ANNA) == [Phase.OFFERED, Phase.TALKING]


async def test_only_the_last_calls_of_an_agent_are_kept(house: House) -> None:
    for number in range(5):
        call = house.call(str(number))
        for event in (call.started(), call.offered("101"), call.ended(CallOutcome.ABANDONED)):
            house.desk.apply(event)
    assert len(house.desk.view(ANNA).past) == 3


async def test_the_same_event_twice_opens_one_pop(house: House) -> None:
    call = house.call()
    offered = call.offered("101")
    for event in (
        offered,
        offered,
        call.offer_ended("101", RingResult.MISSED),
        call.offer_ended("101", RingResult.MISSED),
    ):
        house.desk.apply(event)
    assert (house.desk.counts.offered, house.past(ANNA)) == (1, [(Closing.MISSED, None)])


async def test_the_receipt_is_counted_once_with_its_delay(house: House) -> None:
    house.desk.apply(house.call().offered("101"))
    pop = house.desk.view(ANNA).cards[0].pop_id
    house.clock.pass_s(0.2)
    assert house.desk.confirm_shown(ANNA, pop)
    house.clock.pass_s(5)
    assert not house.desk.confirm_shown(ANNA, pop)
    assert not house.desk.confirm_shown(BRUNO, pop)
    assert not house.desk.confirm_shown(ANNA, "another")
    assert (house.desk.counts.shown, round(house.desk.counts.delay.sum_s, 3)) == (1, 0.2)
    assert house.desk.view(ANNA).cards[0].seen


async def test_a_receipt_after_the_end_does_not_count(house: House) -> None:
    call = house.call()
    house.desk.apply(call.offered("101"))
    pop = house.desk.view(ANNA).cards[0].pop_id
    house.desk.apply(call.ended(CallOutcome.ABANDONED))
    assert not house.desk.confirm_shown(ANNA, pop)
    assert house.desk.counts.unseen == 1


async def test_a_caller_found_after_he_hung_up_is_still_named_in_the_past() -> None:
    slow = Gated(someone("Carla", KEY, "book"))
    house = House(slow)
    call = house.call()
    for event in (call.started(), call.offered("101"), call.ended(CallOutcome.ABANDONED)):
        house.desk.apply(event)
    slow.gate.set()
    await until(lambda: house.desk.view(ANNA).past[0].headline == "Carla")
    await house.lookup.close()


async def test_the_agents_state_and_the_lost_link_are_on_the_desk(house: House) -> None:
    assert house.desk.apply(agent_event(house.clock, "101", "Anna Rossi", AgentState.PAUSED)) == {ANNA}
    house.clock.pass_s(7)
    view = house.desk.view(ANNA)
    assert view.agent is not None
    assert (view.agent.state, view.state_s) == (AgentState.PAUSED, 7.0)
    lost = PbxLost(at=house.clock(), origin=ORIGIN, pbx="main", cause="closed")
    assert house.desk.apply(lost) == {ANNA, BRUNO, ZOFIA}
    assert house.desk.view(ANNA).lost_at == house.clock()
    house.desk.apply(PbxBack(at=house.clock(), origin=ORIGIN, pbx="main"))
    assert house.desk.view(ANNA).lost_at is None


async def test_an_extension_that_nobody_knows_has_an_empty_desk(house: House) -> None:
    view = house.desk.view(DeskId("main", "999"))
    assert (view.agent, view.cards, view.past) == (None, (), ())
    assert house.desk.card(DeskId("main", "999"), "x") is None
    assert [agent.agent for agent in house.desk.agents()] == ["101", "102", "103"]


async def test_listeners_hear_of_each_desk_that_changed(house: House) -> None:
    house.told.clear()
    house.desk.apply(house.call().offered("102"))
    assert house.told == [{BRUNO}]
    await until(lambda: len(house.told) > 1)
    assert set().union(*house.told) == {BRUNO}


async def test_nothing_of_a_finished_call_is_kept_but_the_past(house: House) -> None:
    for number in range(20):
        call = house.call(str(number))
        for event in (call.started(), call.queued(), call.offered("101"), call.ended(CallOutcome.ABANDONED)):
            house.desk.apply(event)
    assert house.desk._files == {}
