"""The card as the page shows it."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from crm_bridge.contact import Contact, Heard, Match, MatchKind, PastCall, PastNote, SourceState
from crm_bridge.desk_settings import DeskSettings
from crm_bridge.number import parse_number
from crm_bridge.pop import CallerFile, Card, Closing, DeskId, Phase, Pop
from crm_bridge.settings import CrmSettings, QueueSettings
from crm_bridge.view import age_words, make_card, order_cards, source_lines
from cti.model import Direction
from tests.crm_bridge.scene import START, Clock, Scene

ANNA = Contact(source="book", contact_id="1", name="Anna Rossi")
SETTINGS = CrmSettings()
DESK = DeskSettings()
EXACT = Match(kind=MatchKind.EXACT, why="", contact=ANNA)


def names(agent: str) -> str:
    return {"101": "Dana (101)"}.get(agent, agent)


def card_of(
    scene: Scene,
    match: Match | None = None,
    agent: str = "101",
    phase: Phase = Phase.OFFERED,
    settings: CrmSettings = SETTINGS,
) -> Card:
    return make_card(pop_of(scene, match, agent, phase), scene.clock(), settings, names)


def pop_of(scene: Scene, match: Match | None = None, agent: str = "101", phase: Phase = Phase.OFFERED) -> Pop:
    file = CallerFile(scene.call)
    customer = scene.call.customer
    file.number = parse_number(customer.number if customer else scene.call.caller.number, "IT")
    file.match = match
    return Pop("p", DeskId("main", agent), file, phase, START, None)


def test_the_customers_name_is_the_headline() -> None:
    card = card_of(Scene("1", "+393351234567", Clock(), name="ROSSI A"), EXACT)
    assert (card.headline, card.shown_number, card.pbx_name) == ("Anna Rossi", "335 123 4567", "ROSSI A")


def test_without_a_customer_it_is_what_the_network_sent_and_without_that_the_number() -> None:
    unknown = Match(kind=MatchKind.UNKNOWN, why="")
    assert card_of(Scene("1", "+393351234567", Clock(), name="ROSSI"), unknown).headline == "ROSSI"
    assert card_of(Scene("1", "+393351234567", Clock()), unknown).headline == "335 123 4567"
    assert card_of(Scene("1", "+393351234567", Clock(), name="+393351234567"), unknown).pbx_name is None
    assert card_of(Scene("1", None, Clock()), unknown).headline == "Number withheld"


def test_whom_he_phones_for_is_not_who_phones() -> None:
    match = msgspec.structs.replace(EXACT, on_behalf=True)
    assert card_of(Scene("1", "+393351234567", Clock()), match).headline == "335 123 4567"


def test_a_colleague_is_called_by_his_name() -> None:
    scene = Scene("1", "101", Clock(), direction=Direction.INTERNAL, dialled="102")
    assert card_of(scene, agent="102").headline == "Dana (101)"
    assert card_of(scene, agent="101").headline == "Your own call"
    assert card_of(scene, agent="102").waited_s is None


def test_the_wait_counts_from_the_queue_and_stops_at_the_answer() -> None:
    scene = Scene("1", "+39335", clock := Clock())
    clock.pass_s(3)
    scene.queued()
    clock.pass_s(10)
    ringing = card_of(scene)
    assert (ringing.waited_s, ringing.waits) == (10.0, True)
    scene.answered("101")
    clock.pass_s(60)
    talking = card_of(scene, phase=Phase.TALKING)
    assert (talking.waited_s, talking.waits) == (10.0, False)


def test_a_direct_call_waits_from_its_beginning() -> None:
    scene = Scene("1", "+39335", clock := Clock())
    clock.pass_s(4)
    scene.offered("101", None)
    assert card_of(scene).waited_s == 4.0


def test_the_talk_is_this_agents_own_and_has_no_wait_in_it() -> None:
    scene = Scene("1", "+39335", clock := Clock())
    scene.queued()
    clock.pass_s(30)
    scene.answered("101")
    clock.pass_s(8)
    scene.released("101")
    scene.answered("102")
    clock.pass_s(100)
    scene.released("102")
    assert (card_of(scene).talked_s, card_of(scene, agent="102").talked_s) == (8.0, 100.0)


@pytest.mark.parametrize(("days", "times"), [((), 1), ((1, 4), 3), ((1, 6), 2)])
def test_calls_of_the_last_five_days_are_counted_with_this_one(days: tuple[int, ...], times: int) -> None:
    pop = pop_of(Scene("1", "+39335", Clock()))
    pop.file.past_calls = [
        PastCall(at=START - timedelta(days=day), direction="inbound", outcome="answered") for day in days
    ]
    assert make_card(pop, START, SETTINGS, names).times_lately == times


def test_agents_of_earlier_calls_and_who_took_this_one_have_names() -> None:
    pop = pop_of(Scene("1", "+39335", Clock()))
    pop.file.past_calls = [PastCall(at=START, direction="inbound", outcome="answered", agents=("101", "109"))]
    pop.close(Closing.TAKEN, START)
    pop.other = "101"
    card = make_card(pop, START, SETTINGS, names)
    assert card.past_calls is not None
    assert (card.past_calls[0].agents, card.other) == (("Dana (101)", "109"), "Dana (101)")


def test_ringing_comes_first_and_the_longest_of_it() -> None:
    scene = Scene("1", "+39335", Clock())
    cards = [
        msgspec.structs.replace(
            card_of(scene, phase=phase), pop_id=str(place), offered_at=START + timedelta(seconds=at)
        )
        for place, (phase, at) in enumerate(
            [(Phase.DIALLING, 0), (Phase.HELD, 1), (Phase.TALKING, 2), (Phase.OFFERED, 9), (Phase.OFFERED, 5)]
        )
    ]
    assert [card.pop_id for card in order_cards(cards)] == ["4", "3", "2", "1", "0"]


def test_a_closed_card_stands_still() -> None:
    scene = Scene("1", "+39335", clock := Clock())
    scene.queued()
    pop = pop_of(scene)
    clock.pass_s(6)
    pop.close(Closing.MISSED, clock())
    clock.pass_s(500)
    card = make_card(pop, clock(), SETTINGS, names)
    assert (card.closing, card.waited_s, card.phase_s) == (Closing.MISSED, 6.0, 0.0)


def test_each_source_says_what_it_gave_and_how_old_it_is() -> None:
    told = {
        "a": Heard(source="a", state=SourceState.ANSWERED, read_at=START),
        "b": Heard(source="b", state=SourceState.STALE, read_at=START - timedelta(hours=3), problem="the CRM is away"),
        "c": Heard(source="c", state=SourceState.SILENT, problem="no answer yet"),
        "d": Heard(source="d", state=SourceState.LATE, read_at=START),
        "e": Heard(source="e", state=SourceState.KEPT, read_at=START - timedelta(seconds=40)),
        "f": Heard(source="f", state=SourceState.STALE, read_at=START - timedelta(days=3)),
        "g": Heard(source="g", state=SourceState.ASKED),
    }
    lines = source_lines(msgspec.structs.replace(EXACT, heard=tuple(told.values())), START)
    assert {line.source: (line.words, line.trouble) for line in lines} == {
        "a": ("", False),
        "b": ("3 h old: the CRM is away", True),
        "c": ("no answer yet", True),
        "d": ("came late", False),
        "e": ("40 s old", False),
        "f": ("3 days old: asked again", True),
        "g": ("asking …", False),
    }
    assert source_lines(None, START) == ()
    assert age_words(-5) == "0 s"


def test_the_page_to_open_is_the_queues_own_or_everybodys() -> None:
    settings = CrmSettings(
        pop_url="https://crm.example.com/?p={e164}&q={queue}&a={agent}",
        queue={
            "support": QueueSettings(pop_url="https://desk.example.com/{customer_id}"),
            "quiet": QueueSettings(pop_url=""),
        },
    )
    scene = Scene("1", "+393351234567", Clock())
    urls = [
        card_of(scene.becomes(queue=queue), EXACT, settings=settings).pop_url for queue in ("a b&c", "support", "quiet")
    ]
    assert urls == ["https://crm.example.com/?p=%2B393351234567&q=a%20b%26c&a=101", "https://desk.example.com/1", None]
    assert card_of(Scene("1", None, Clock()), settings=settings).pop_url is None
    internal = Scene("1", "101", Clock(), direction=Direction.INTERNAL, dialled="102")
    assert card_of(internal, agent="102", settings=settings).pop_url is None


def test_the_customers_own_page_is_a_link_and_a_frame_only_where_it_may() -> None:
    settings = CrmSettings(frame_origins=("https://crm.example.com",))
    scene = Scene("1", "+393351234567", Clock())
    for url, page, framed in (
        ("https://crm.example.com/c/1", "https://crm.example.com/c/1", True),
        ("https://crm.example.com:444/c/1", "https://crm.example.com:444/c/1", False),
        ("https://other.example.com/c/1", "https://other.example.com/c/1", False),
        ("javascript:alert(1)", None, False),
    ):
        match = msgspec.structs.replace(EXACT, contact=msgspec.structs.replace(ANNA, url=url))
        card = card_of(scene, match, settings=settings)
        assert (card.page_url, card.framed) == (page, framed)


def noted_card(*past: PastCall, fields: tuple[tuple[str, str], ...] = (), desk: DeskSettings = DESK) -> Card:
    pop = pop_of(Scene("1", "+39335", Clock()), msgspec.structs.replace(EXACT, contact=_with(fields)))
    pop.file.past_calls = past
    return make_card(pop, START, SETTINGS, names, desk)


def _with(fields: tuple[tuple[str, str], ...]) -> Contact:
    return msgspec.structs.replace(ANNA, fields=fields)


def past(days: float, *agents: str, talk_s: float | None = None, note: str = "", disposition: str = "") -> PastCall:
    notes = (PastNote(agent="101", note=note, disposition=disposition),) if note or disposition else ()
    at = START - timedelta(days=days)
    return PastCall(at=at, direction="inbound", outcome="answered", agents=agents, talk_s=talk_s, notes=notes)


def test_what_the_calls_lately_were_about_is_what_was_noted_last() -> None:
    about = noted_card(past(1), past(2, note="wants " + "two " * 30), past(3, disposition="Offer")).about
    assert about is not None
    assert about.startswith("wants two two")
    assert (about[-2:], len(about) <= 60) == (" …", True)
    assert noted_card(past(1, note="x", disposition="Offer")).about == "Offer"
    assert noted_card(past(6, disposition="Offer")).about is None
    assert noted_card(past(6, disposition="Offer"), desk=DeskSettings(counted_days=7)).about == "Offer"


def test_the_preferred_agent_is_the_sources_or_who_talked_longest() -> None:
    calls = (past(1, "102", talk_s=60), past(2, "101", talk_s=50), past(3, "101", talk_s=50), past(4, "103"))
    assert noted_card(*calls).preferred == "Dana (101)"
    own = DeskSettings(agent_field="Account manager")
    assert noted_card(*calls, fields=(("account MANAGER", "Eva"),), desk=own).preferred == "Eva"
    assert noted_card(*calls, desk=own).preferred == "Dana (101)"
    assert noted_card(past(4, "103")).preferred is None


def test_the_names_of_who_noted_are_in_words() -> None:
    card = noted_card(past(1, note="x"))
    assert card.past_calls is not None
    assert card.past_calls[0].notes[0].agent == "Dana (101)"
