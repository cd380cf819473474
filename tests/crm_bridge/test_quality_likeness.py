"""How alike two records are, and why."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from crm_bridge.quality.entry import Entry, EntryNumber
from crm_bridge.quality.likeness import LEAST, likeness
from tests.crm_bridge.scene import HOSTILE


def entry(name: str, phone: str = "", **more: str) -> Entry:
    numbers = (EntryNumber(phone, phone),) if phone else ()
    return Entry(record=name, whole=name, name=name, numbers=numbers, **more)


MOBILE, LANDLINE = "+393351234567", "+390221000100"


def test_the_score_tells_its_reasons() -> None:
    alike = likeness(entry("Anna Rossi", MOBILE, town="Roma"), entry("Rosi Anna", MOBILE, town="ROMA"))
    assert alike is not None
    assert alike.words == f"name 95, same mobile, same town: {alike.score:.2f}"
    assert alike.score > 0.95


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, False),
        ({"town": "Roma"}, False),
        ({"company": "Acme"}, True),
        ({"email": "anna@example.com"}, True),
        ({"own_number": "A1"}, True),
        ({"phone": MOBILE}, True),
        ({"phone": LANDLINE}, True),
    ],
)
def test_the_same_name_needs_one_good_reason_more(more: dict[str, str], told: bool) -> None:
    alike = likeness(entry("Anna Rossi", **more), entry("Rossi, Anna", **more))
    assert alike is not None
    assert (alike.score >= LEAST) is told


def test_people_who_share_a_number_are_no_duplicates() -> None:
    both = {"phone": MOBILE, "email": "home@example.com", "town": "Roma"}
    assert likeness(entry("Anna Rossi", **both), entry("Karl Heinz", **both)) is None


def test_a_landline_says_less_than_a_mobile() -> None:
    weak = likeness(entry("Anna Rossi", LANDLINE), entry("Anna Rossi", LANDLINE))
    strong = likeness(entry("Anna Rossi", MOBILE), entry("Anna Rossi", MOBILE))
    assert weak is not None
    assert strong is not None
    assert weak.score < strong.score


NAMES = st.text(max_size=30) | st.sampled_from(["Anna Rossi", "Rossi Anna", HOSTILE, ""])
ENTRIES = st.builds(
    lambda name, phone, town: entry(name, phone, town=town),
    NAMES,
    st.sampled_from(["", MOBILE, LANDLINE, "ext:101"]),
    st.sampled_from(["", "Roma"]),
)


@given(ENTRIES, ENTRIES)
def test_it_is_the_same_from_either_side_and_within_bounds(one: Entry, other: Entry) -> None:
    there, back = likeness(one, other), likeness(other, one)
    assert there == back
    assert there is None or 0 <= there.score < 1
