"""A number found in any form, and in nothing that only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from cti.written_number import WrittenNumber

NUMBER = WrittenNumber("+390221000100", ["00390221000100", "390221000100", "0221000100"])


@pytest.mark.parametrize(
    "text",
    [
        "0221000100",
        "+390221000100",
        "+39 02 2100 0100",
        "+39 (02) 2100-0100",
        "02/21000100",
        '"Anna Rossi" <0221000100>',
        "SIP/0221000100-00000001",
        "Local/0221000100@out-00000003;1",
        "sofia/external/+390221000100@192.0.2.1",
        "sip:00390221000100@192.0.2.1:5060",
        "02\u00a02100\u00a00100",
    ],
)
def test_it_is_found_in_each_form_and_taken_out_in_place(text: str) -> None:
    assert NUMBER.holds(text)
    blank = NUMBER.blank(text)
    assert len(blank) == len(text)
    assert not NUMBER.holds(blank)
    assert [mark for mark in blank if not mark.isdecimal()] == [mark for mark in text if not mark.isdecimal()]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10221000100",
        "02210001001",
        "0221000100.12",
        "1763.0221000100",
        "02210001-0012-4000-8000-000000000000",
        "0221000101",
        "101",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert not NUMBER.holds(text)
    assert NUMBER.blank(text) == text


def test_no_text_holds_nothing() -> None:
    assert not NUMBER.holds(None)


def test_a_number_too_short_to_be_searched_for_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        WrittenNumber("ext:101", [])


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_stands_around_it_stays(before: str, after: str) -> None:
    blank = NUMBER.blank(f"{before}<0221000100>{after}")
    assert blank == f"{NUMBER.blank(before + '<')}0000000000{NUMBER.blank('>' + after)}"
