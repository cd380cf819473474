"""What a customer does not want stands on his card, as text, and loudest on a call to him."""

from __future__ import annotations

from datetime import date

import pytest

from crm_bridge.consent import Channel, Consent, Decision
from crm_bridge.contact import Contact, Match, MatchKind
from crm_bridge.number import parse_number
from crm_bridge.pop import CallerFile, DeskId, Phase, Pop
from crm_bridge.settings import CrmSettings
from crm_bridge.view import make_card
from cti.model import Direction
from offhook.web.templates import environment
from tests.crm_bridge.scene import HOSTILE, START, Clock, Scene

NO = Consent(channel=Channel.PHONE, decision=Decision.WITHDRAWN, source=f"letter {HOSTILE}", on=date(2026, 3, 3))
YES = Consent(channel=Channel.EMAIL, decision=Decision.GIVEN, source="web form")


def shown(direction: Direction, *consents: Consent, on_behalf: bool = False) -> str:
    scene = Scene("1", "+393351234567", Clock(), direction=direction)
    anna = Contact(source="book", contact_id="1", name="Anna", consents=consents)
    file = CallerFile(scene.call)
    file.number = parse_number("+393351234567", "IT")
    file.match = Match(kind=MatchKind.EXACT, why="", contact=anna, candidates=(anna,), on_behalf=on_behalf)
    pop = Pop("p", DeskId("main", "101"), file, Phase.DIALLING, START, None)
    card = make_card(pop, START, CrmSettings(), str)
    return environment().get_template("desk_consents.html").render(card=card, match=card.match, contact=anna)


@pytest.mark.parametrize("direction", [Direction.INBOUND, Direction.OUTBOUND])
def test_a_refusal_stands_on_the_card_with_day_and_source(direction: Direction) -> None:
    text = shown(direction, NO, YES)
    assert "Do not call: withdrawn 3 Mar 2026, letter" in text
    assert "May be e-mailed: given, day not known, web form" in text
    assert text.index("Do not call: withdrawn") < text.index("May be e-mailed")
    assert "<script>" not in text


def test_on_a_call_to_him_it_is_an_alert() -> None:
    assert 'role="alert"><strong>Do not call this customer.' in shown(Direction.OUTBOUND, NO)
    assert 'role="alert"' not in shown(Direction.INBOUND, NO)
    assert 'role="alert"' not in shown(Direction.OUTBOUND, YES)


def test_for_whom_one_calls_is_not_who_is_called() -> None:
    assert 'role="alert"' not in shown(Direction.OUTBOUND, NO, on_behalf=True)
