"""``offhook person`` as an admin types it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from offhook.main import app
from tests.offhook.called import call
from tests.offhook.privacy.someone import MARIO, NAME, OFFICE, journal_text, site, stored


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file, loaded = site(tmp_path)

    async def fill() -> None:
        async with stored(tmp_path, loaded):
            pass

    asyncio.run(fill())
    return file


def test_export_prints_json_and_tells_where_it_looked(settings: Path) -> None:
    done = call("person", "export", "333 123 45 01", "-c", settings)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["number"] == MARIO
    assert [call["caller"]["name"] for call in document["calls"]] == [NAME]
    assert "1  calls" in done.stderr


def test_export_to_a_folder(settings: Path, tmp_path: Path) -> None:
    done = call("person", "export", MARIO, "-c", settings, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["person.html", "person.json"]


def test_erase_shows_and_asks_and_changes_nothing_on_a_no(settings: Path, tmp_path: Path) -> None:
    arguments = ["person", "erase", MARIO, "-c", str(settings)]
    refused = CliRunner().invoke(app, arguments, input="n\n")
    assert refused.exit_code == 1
    assert "customer 1: Mario Bianchi" in refused.output
    assert NAME in journal_text(tmp_path)
    done = CliRunner().invoke(app, arguments, input="y\n")
    assert done.exit_code == 0, done.output
    assert "1 in calls" in done.output
    assert NAME not in journal_text(tmp_path)


def test_erase_again(settings: Path) -> None:
    assert call("person", "erase", MARIO, "--yes", "-c", settings).exit_code == 0
    done = call("person", "erase", "--again", "-c", settings)
    assert (done.exit_code, done.output) == (0, "nobody who was erased is back\n")


def test_of_whom_nothing_is_kept_nothing_is_asked(settings: Path) -> None:
    done = call("person", "erase", "+39 02 7777 1234", "-c", settings)
    assert done.exit_code == 0
    assert "Erase" not in done.output


def test_export_and_erase_by_all_numbers(settings: Path, tmp_path: Path) -> None:
    exported = call("person", "export", MARIO, "--all-numbers", "-c", settings)
    assert exported.exit_code == 0, exported.output
    assert [one["number"] for one in json.loads(exported.stdout)["by_other_numbers"]] == [OFFICE]
    done = call("person", "erase", MARIO, "--all-numbers", "--yes", "-c", settings)
    assert done.exit_code == 0, done.output
    assert f"by {OFFICE}, which is his too: nothing" in done.output
    assert f"erased about {OFFICE}: nothing was left to erase" in done.output
    assert NAME not in journal_text(tmp_path)


def test_shared_too_goes_with_all_numbers(settings: Path) -> None:
    for command in ("export", "erase"):
        done = call("person", command, MARIO, "--shared-too", "-c", settings)
        assert done.exit_code == 2
        assert "--all-numbers" in done.output


def test_a_customer_who_has_not_the_number_is_refused(settings: Path) -> None:
    done = call("person", "export", MARIO, "--all-numbers", "--customer", "7", "-c", settings)
    assert done.exit_code == 2
    assert "person-shared-number" in done.output


@pytest.mark.parametrize("words", [(), (MARIO, "--again")])
def test_a_number_or_again_is_wanted(settings: Path, words: tuple[str, ...]) -> None:
    done = call("person", "erase", *words, "-c", settings)
    assert done.exit_code == 2
    assert "--again" in done.output


def test_an_extension_is_refused(settings: Path) -> None:
    done = call("person", "export", "101", "-c", settings)
    assert done.exit_code == 2
    assert "person-is-agent" in done.output
