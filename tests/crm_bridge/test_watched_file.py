"""A file that changes, breaks and comes back while calls come in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from crm_bridge import watched_file as module
from crm_bridge.contact import SourceError
from crm_bridge.number import parse_number
from crm_bridge.watched_file import FileOptions, WatchedFile
from tests.crm_bridge.scene import until

NUMBER = parse_number("+393351234567", "IT")


class Watched:
    """A file and the source that watches it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = WatchedFile("erp", path, "IT", FileOptions(path="x", check_s=0.0))
        self._written = 0

    def write(self, text: str) -> None:
        """In one go, and with a time of its own however fast the writes follow each other."""
        self._written += 1
        beside = self.path.with_suffix(".new")
        beside.write_text(text)
        os.utime(beside, (1_700_000_000 + self._written,) * 2)
        beside.replace(self.path)

    async def name(self) -> str:
        return next((one.name for one in await self.source.find(NUMBER)), "")

    async def until_named(self, name: str) -> None:
        async with asyncio.timeout(30):
            while await self.name() != name:  # noqa: ASYNC110  the file is looked at when it is asked
                await asyncio.sleep(0)


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    made = Watched(tmp_path / "customers.csv")
    yield made
    await made.source.close()


async def test_a_change_is_seen(watched: Watched) -> None:
    watched.write("name,phone\nAnna,3351234567\n")
    assert await watched.name() == "Anna"
    watched.write("name,phone\nBruno,3351234567\n")
    await watched.until_named("Bruno")


async def test_while_it_is_broken_or_gone_the_last_good_one_answers_and_it_is_said_once(watched: Watched) -> None:
    watched.write("name,phone\nAnna,3351234567\n")
    await watched.source.warm()
    for breaking in (lambda: watched.write("colour,taste\nred,sweet\n"), watched.path.unlink):
        with capture_logs() as logs:
            breaking()
            await watched.source.find(NUMBER)
            await until(lambda logs=logs: logs)
            for _ in range(5):
                assert await watched.name() == "Anna"
        assert [log["event"] for log in logs] == ["a file of customers cannot be read"]
    watched.write("name,phone\nCarla,3351234567\n")
    await watched.until_named("Carla")


async def test_a_file_that_was_never_there_is_an_error_that_says_what_to_do(watched: Watched) -> None:
    with pytest.raises(SourceError, match="crm-file") as caught:
        await watched.source.warm()
    assert caught.value.hint
    watched.write("name,phone\nAnna,3351234567\n")
    assert await watched.name() == "Anna"


async def test_a_list_too_long_for_memory_belongs_into_the_book(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_CUSTOMERS", 2)
    watched.write("name,phone\na,3351234561\nb,3351234562\nc,3351234563\n")
    with pytest.raises(SourceError, match="offhook customers import"):
        await watched.source.warm()
