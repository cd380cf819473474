"""A call cleaned, put into HTML, and found again by its last line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from crm_bridge.activity import CallActivity, text_of
from crm_bridge.call_record import cleaned, holds, html_of, is_ours, safe_id
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.crm_server import shown

AT = datetime(2026, 11, 21, 9, 30, 1, tzinfo=UTC)


def call(**fields: object) -> CallActivity:
    given_fields = {"call_id": "milan:17.0", "number": "+39021", "started_at": AT, "ended_at": AT} | fields
    return CallActivity(direction="inbound", outcome="answered", **given_fields)  # type: ignore[arg-type]


@given(st.text(max_size=300), st.text(max_size=300))
def test_two_calls_never_share_an_id(one: str, other: str) -> None:
    assert (safe_id(one) == safe_id(other)) == (one == other)
    assert all(c.isascii() and (c.isalnum() or c in ":.@+-=") for c in safe_id(one))
    assert len(safe_id(one)) <= 200


@given(st.text(max_size=500))
def test_whatever_is_noted_is_shown_as_it_was_noted(note: str) -> None:
    clean = cleaned(call(note=note))
    assert shown(html_of(clean)) == text_of(clean)
    assert holds(html_of(clean), clean)
    assert holds(text_of(clean), clean)


@given(st.text(max_size=500), st.text(max_size=100))
def test_whatever_is_noted_a_record_is_known_as_one_of_ours(note: str, call_id: str) -> None:
    assert is_ours(text_of(cleaned(call(note=note, call_id=f"m{call_id}"))))


@pytest.mark.parametrize(
    "text", [None, "", "\n", 7, "Offhook call", "About the Offhook call 17", "Offhook call 17\nand more"]
)
def test_what_somebody_else_wrote_is_none_of_ours(text: object) -> None:
    assert not is_ours(text)


def test_a_record_of_another_call_is_another() -> None:
    assert not holds(text_of(call(call_id="milan:17.01")), call())
    assert not holds(html_of(call(call_id="xmilan:17.0")), call())
    assert not holds(None, call())
    assert not holds("I spoke about Offhook call milan:17.0 yesterday", call())


def test_a_crm_that_wraps_our_lines_in_its_own_elements_is_understood() -> None:
    assert holds("<div class='x'>Called</div><div>Offhook call milan:17.0<br/></div>", call())


def test_every_text_is_bounded_and_on_its_lines() -> None:
    clean = cleaned(
        call(
            note="a\r\nb\x00" + "x" * 9_000,
            disposition=HOSTILE + "\n" * 3 + "y" * 900,
            queue="\x1b[31mred",
            agents=tuple(str(i) for i in range(99)),
            contact_name="\u202eevil",
        )
    )
    assert clean.note.startswith("a\nb")
    assert (len(clean.note), len(clean.disposition), len(clean.agents)) == (6_000, 250, 20)
    assert (clean.queue, clean.contact_name) == ("[31mred", "evil")


STRANGE = ["javascript:alert(1)", "https://a b/", "https://x/\n", "file:///etc", "https://" + "x" * 2_000]


@pytest.mark.parametrize("url", STRANGE)
def test_what_is_no_proper_address_of_a_recording_is_left_out(url: str) -> None:
    assert cleaned(call(recording_url=url)).recording_url is None
