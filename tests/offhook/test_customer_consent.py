"""What options say of a consent, and what the terminal shows of it."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from crm_bridge.consent import MAX_SOURCE, Channel, Consent, Decision
from crm_bridge.consent_book import Recorded
from crm_bridge.contact import Contact
from cti.errors import OffhookError
from offhook.customer_consent import bounded, consent_lines, said_of
from tests.crm_bridge.scene import START


def test_without_a_decision_it_is_only_asked() -> None:
    assert said_of("phone", [], "", "", "") is None


def test_the_options_are_a_consent() -> None:
    said = said_of("email", ["refused"], " letter\x1b[2J ", "2026-03-03", "news")
    assert said is not None
    assert (said.channel, said.decision, said.on, said.purpose) == (
        Channel.EMAIL,
        Decision.REFUSED,
        date(2026, 3, 3),
        "news",
    )
    assert said.source.isprintable()


def test_without_a_day_it_is_today() -> None:
    before = datetime.now().astimezone().date()
    said = said_of("any", ["given"], "letter", "", "")
    assert said is not None
    assert said.on is not None
    assert before <= said.on <= datetime.now().astimezone().date()


@pytest.mark.parametrize(
    ("decisions", "source", "day", "ref"),
    [
        (["given"], "", "", "consent-no-source"),
        (["given"], " \x00 ", "", "consent-no-source"),
        (["given", "refused"], "x", "", "consent-unclear"),
        (["given"], "x", "soon", "consent-unclear"),
    ],
)
def test_what_makes_no_sense_is_refused(decisions: list[str], source: str, day: str, ref: str) -> None:
    with pytest.raises(OffhookError) as caught:
        said_of("phone", decisions, source, day, "")
    assert caught.value.ref == ref


def test_a_long_source_is_cut() -> None:
    said = Consent(channel=Channel.PHONE, decision=Decision.GIVEN, source="x" * 9_999)
    assert len(bounded(said).source) == MAX_SOURCE


def test_the_lines_tell_what_holds_and_what_was_said_and_move_no_cursor() -> None:
    no = Consent(channel=Channel.PHONE, decision=Decision.REFUSED, source="a\x1b[2J")
    lifted = Consent(channel=Channel.SMS, decision=Decision.LIFTED, source="list")
    history = [
        Recorded(consent=one, counts_from=START.date(), recorded_by="Dana", recorded_at=START) for one in (lifted, no)
    ]
    lines = consent_lines(Contact(source="book", contact_id="1", name="Anna", consents=(no,)), history)
    assert lines[:3] == ["id:1 Anna", "  Do not call: refused, day not known, a?[2J", "history:"]
    assert lines[3] == "  2026-11-21 09:00 UTC by Dana: sms: no longer refused, list"
    assert (
        consent_lines(Contact(source="book", contact_id="1", name="Anna"), [])[1].strip().startswith("nothing is known")
    )
