"""E-mails, visits and the like stand beside the last calls, newest first, as text."""

from __future__ import annotations

from datetime import date

from crm_bridge.contact import Contact, Touch
from offhook.web.templates import environment
from tests.crm_bridge.scene import HOSTILE


def test_other_contacts_stand_on_the_card() -> None:
    touches = (
        Touch(on=date(2026, 11, 20), kind="e-mail", title=f"Offer {HOSTILE}", direction="out", by="Anna Rossi"),
        *(Touch(on=date(2026, 10, day), kind="visit") for day in range(9, 0, -1)),
    )
    anna = Contact(source="shop", contact_id="1", name="Anna", touches=touches)
    text = environment().get_template("desk_contacts.html").render(contact=anna)
    words = " ".join(text.split())
    assert "20 Nov 2026</span> <span><bdi>e-mail</bdi> from us</span>" in words
    assert "<bdi>Anna Rossi</bdi>" in words
    assert "<script>" not in text
    assert words.count("<li>") == 5
    assert "from <bdi>" not in words, "of one source only"
