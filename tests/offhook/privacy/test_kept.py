"""Everything that is kept about a person is found by the number, and each place tells what was found there."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_bridge.schema import metadata as book_tables
from crm_bridge.settings import CrmSettings
from offhook.privacy.kept import PersonError, fetch_kept, find_number, plain
from tests.offhook.privacy.someone import ITALY, MARIO, site, stored


@pytest.mark.parametrize(
    "text", ["+39 333 1234501", "00393331234501", "3331234501", "sip:+393331234501@192.0.2.1", "333/123 45 01"]
)
def test_a_number_is_read_as_the_site_reads_it(text: str) -> None:
    number = find_number(text, ITALY)
    assert number.key == MARIO
    assert all(number.holds(form) for form in ("3331234501", "+39 333 1234501", "00393331234501", "390 333 1234501"))


def test_it_is_found_behind_a_prefix_that_the_pbx_dials() -> None:
    settings = CrmSettings(default_region="IT", dial_prefixes=("9",))
    assert find_number(MARIO, settings).holds("PJSIP/93331234501@trunk")


def test_a_german_zero_in_brackets_is_part_of_a_form() -> None:
    number = find_number("+49 30 901820", CrmSettings(default_region="DE"))
    assert all(number.holds(form) for form in ("+49 (0)30 901820", "030 901820", "0049 30/901820"))


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("101", "person-is-agent"),
        ("anonymous", "person-no-number"),
        ("118", "person-no-number"),
        ("x", "person-no-number"),
    ],
)
def test_who_is_no_customer_is_refused(text: str, ref: str) -> None:
    with pytest.raises(PersonError) as caught:
        find_number(text, ITALY)
    assert caught.value.ref == ref


async def test_he_is_found_everywhere(tmp_path: Path, database_url: str) -> None:
    _, settings = site(tmp_path, database_url)
    async with stored(tmp_path, settings) as (engine, _):
        kept = await fetch_kept(settings, tmp_path, engine, find_number(MARIO, ITALY))
    found = {place.name: place.found for place in kept.places() if place.found}
    journal = found.pop("journal of main")
    assert journal > 5
    assert found == {
        "calls": 1,
        "customers": 1,
        "customer_numbers": 2,
        "customer_orders": 1,
        "call_notes": 1,
        "outbox": 1,
    }
    assert {place.name for place in kept.places()} >= set(book_tables.tables)
    assert kept.other_numbers == ("+390255509999",)
    document = plain(kept)
    assert document["calls"][0]["caller"]["number"] == MARIO
    assert {row["pbx"] for row in document["journal"]} == {"main"}


async def test_of_somebody_unknown_nothing_is_found(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, _):
        kept = await fetch_kept(settings, tmp_path, engine, find_number("+39 02 7777 1234", ITALY))
    assert kept.is_empty
    assert next(place for place in kept.places() if place.name == "journal of main").searched == "1 files"
