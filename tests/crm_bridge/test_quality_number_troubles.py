"""Why a number is of no use."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from crm_bridge.quality.number_troubles import is_mobile, number_trouble
from tests.crm_bridge.scene import HOSTILE


@pytest.mark.parametrize("written", ["335 1234567", "+39 02 21000100", "0039 335 1234567", "+442079460008"])
def test_a_good_number_has_no_trouble(written: str) -> None:
    assert number_trouble(written, "IT") is None


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("101", "extension of the house"),
        ("112", "short service number"),
        ("*43", "short service number"),
        ("call me maybe 3", "letters"),
        ("+39 12", "too short"),
        ("+39 335 1234567 1234567", "too long"),
        ("+999 1234567", "country code"),
        ("anonymous", "no number"),
        ("442079460008", "read with a + in front"),
        ("3351234", "not in any range"),
    ],
)
def test_the_reason_is_told_with_what_to_do(written: str, words: str) -> None:
    trouble = number_trouble(written, "IT")
    assert trouble is not None
    assert trouble.suggestion
    assert words in trouble.why


def test_a_guess_is_written_out_to_be_checked() -> None:
    trouble = number_trouble("442079460008", "IT")
    assert trouble is not None
    assert trouble.suggestion == "write it as +442079460008"


@given(st.text(max_size=200))
def test_any_text_has_a_printable_short_reason_or_none(text: str) -> None:
    trouble = number_trouble(text, "IT")
    assert trouble is None or (trouble.why.isprintable() and len(trouble.why) < 200)


def test_a_hostile_text_is_cut_and_harmless() -> None:
    trouble = number_trouble(HOSTILE + "\x1b[2J" * 30, "IT")
    assert trouble is not None
    assert trouble.why.isprintable()


@pytest.mark.parametrize(
    ("key", "mobile"), [("+393351234567", True), ("+390221000100", False), ("ext:101", False), ("", False)]
)
def test_a_mobile_is_one_persons_own(key: str, mobile: bool) -> None:
    assert is_mobile(key) is mobile
