"""What is given out: JSON for a program, and a page in which nothing that somebody wrote is markup."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from offhook.privacy.export import export_page, plain_value, write_export
from offhook.privacy.kept import PersonError, fetch_kept, find_number
from offhook.privacy.whole_person import WholePerson, fetch_whole
from tests.offhook.privacy.someone import ITALY, MARIO, NAME, OFFICE, call_from, share, site, stored

AT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


async def kept_in(folder: Path) -> WholePerson:
    _, settings = site(folder)
    async with stored(folder, settings) as (engine, _):
        return WholePerson(main=await fetch_kept(settings, folder, engine, find_number(MARIO, ITALY)))


async def test_both_documents_hold_all_of_him_for_one_user(tmp_path: Path) -> None:
    kept = await kept_in(tmp_path)
    json_file, page_file = write_export(kept, tmp_path / "out", AT)
    document = json.loads(json_file.read_text())
    assert document["number"] == MARIO
    assert document["of_this_person"]["customers"][0]["email"] == "mario@example.org"
    assert document["of_this_person"]["call_notes"][0]["note"] == "his wife called"
    assert len(document["journal"]) == len(kept.main.journal["main"].messages)
    assert {file.stat().st_mode & 0o777 for file in (json_file, page_file)} == {0o600}
    page = page_file.read_text()
    assert all(text in page for text in (NAME, "his wife called", "+390255509999", "crm.phonecall,77"))


async def test_nothing_in_the_page_is_markup(tmp_path: Path) -> None:
    page = export_page(await kept_in(tmp_path), AT)
    assert "&lt;b&gt;a pump&lt;/b&gt;" in page
    assert "<b>a pump" not in page


async def test_each_number_has_its_part_of_the_page(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, store):
        await store.store_calls([call_from(tmp_path, OFFICE, "At the <office>", "office")])
        person = await fetch_whole(settings, tmp_path, engine, find_number(MARIO, ITALY))
    page = export_page(person, AT)
    assert [page.count(f"<h1>What is kept about {number}</h1>") for number in (MARIO, OFFICE)] == [1, 1]
    assert "At the &lt;office&gt;" in page
    assert "were not searched for" not in page
    assert "were not searched for" in export_page(WholePerson(main=person.main), AT)


async def test_a_number_that_was_left_is_named_on_the_page(tmp_path: Path) -> None:
    _, settings = site(tmp_path)
    async with stored(tmp_path, settings) as (engine, _):
        await share(engine, OFFICE)
        person = await fetch_whole(settings, tmp_path, engine, find_number(MARIO, ITALY))
    page = export_page(person, AT)
    assert f"Not searched for was {OFFICE}: another customer has it too" in page
    assert "Carla" not in page


async def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    kept = await kept_in(tmp_path)
    with pytest.raises(PersonError) as caught:
        write_export(kept, tmp_path, AT)
    assert caught.value.ref == "person-export-exists"
    (tmp_path / "file").write_text("")
    with pytest.raises(PersonError) as caught:
        write_export(kept, tmp_path / "file" / "out", AT)
    assert caught.value.ref == "person-export-unwritable"


def test_a_cell_shows_what_has_parts_as_json() -> None:
    assert [plain_value(one) for one in (None, "", "a", 3)] == ["", "", "a", "3"]
    assert json.loads(plain_value({"a": [1]})) == {"a": [1]}
