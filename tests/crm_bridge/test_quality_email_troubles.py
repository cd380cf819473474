"""Why an e-mail address is of no use."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from crm_bridge.quality.email_troubles import email_trouble


@pytest.mark.parametrize("good", ["anna@example.com", " anna.rossi+x@mail.example.co.uk ", "žofia@example.com"])
def test_a_good_address_has_no_trouble(good: str) -> None:
    assert email_trouble(good) is None


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("anna", "@"),
        ("anna@", "after the @"),
        ("@example.com", "before the @"),
        ("anna rossi@example.com", "before the @"),
        ("a@b.example.com, c@d.example.com", "several addresses"),
        ("<script>@example.com", "anything after"),
    ],
)
def test_the_reason_is_told(bad: str, words: str) -> None:
    trouble = email_trouble(bad)
    assert trouble is not None
    assert words in trouble[0]
    assert trouble[1]


@given(st.text(max_size=100))
def test_any_text_has_a_printable_reason_or_none(text: str) -> None:
    trouble = email_trouble(text)
    assert trouble is None or (trouble[0].isprintable() and len(trouble[0]) <= 200)
