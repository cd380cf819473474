"""Whose a contact is, is asked for once, and only where it is not known."""

from __future__ import annotations

import asyncio

import pytest

from crm_bridge.belonging import Belonging
from crm_bridge.contact import SourceError

OWNERS = {"anna": "Rossi Srl", "bruno": ""}


class Source:
    """Tells whose its contacts are, once it may answer; ``asked`` are the contacts that it was asked for."""

    def __init__(self, most: int = 10) -> None:
        self.asked: list[str] = []
        self.error: SourceError | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.belonging = Belonging(self.read, nobody="", most=most)

    async def read(self, contact_id: str) -> None:
        self.asked.append(contact_id)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        if contact_id in OWNERS:
            self.belonging.note(contact_id, OWNERS[contact_id])

    async def begun(self, *contact_ids: str) -> list[asyncio.Task[str]]:
        """Questions that wait for the source, which answers when the gate opens."""
        self.gate.clear()
        askers = [asyncio.create_task(self.belonging.of(one)) for one in contact_ids]
        for _ in range(2):  # each begins, then what it reads does
            await asyncio.sleep(0)
        return askers


async def test_what_was_told_is_not_asked_for_and_the_latest_holds() -> None:
    source = Source()
    source.belonging.note("anna", "Bianchi Srl")
    source.belonging.note("anna", "Rossi Srl")
    assert (await source.belonging.of("anna"), source.asked) == ("Rossi Srl", [])


@pytest.mark.parametrize(("contact_id", "owner"), OWNERS.items())
async def test_what_is_not_known_is_read_once_be_it_somebodys_or_nobodys(contact_id: str, owner: str) -> None:
    source = Source()
    assert [await source.belonging.of(contact_id) for _ in range(3)] == [owner] * 3
    assert source.asked == [contact_id]


async def test_one_of_whom_the_source_tells_nothing_is_nobodys_for_now() -> None:
    source = Source()
    assert [await source.belonging.of("gone") for _ in range(2)] == ["", ""]
    assert source.asked == ["gone", "gone"]


async def test_all_who_ask_at_once_wait_for_one_answer() -> None:
    source = Source()
    askers = await source.begun("anna", "bruno", "anna", "anna")
    source.gate.set()
    assert await asyncio.gather(*askers) == ["Rossi Srl", "", "Rossi Srl", "Rossi Srl"]
    assert source.asked == ["anna", "bruno"]


async def test_an_error_is_everybodys_and_the_next_one_asks_anew() -> None:
    source = Source()
    source.error = SourceError("crm-failed", "it answered with an error")
    askers = await source.begun("anna", "anna")
    source.gate.set()
    assert await asyncio.gather(*askers, return_exceptions=True) == [source.error] * 2
    source.error = None
    assert await source.belonging.of("anna") == "Rossi Srl"
    assert source.asked == ["anna", "anna"]


async def test_one_who_gives_up_takes_nobodys_answer_away() -> None:
    source = Source()
    first, second = await source.begun("anna", "anna")
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    source.gate.set()
    assert (await second, source.asked) == ("Rossi Srl", ["anna"])


async def test_of_too_many_the_one_told_longest_ago_is_forgotten() -> None:
    source = Source(most=2)
    for one in ("anna", "bruno", "anna", "carla"):
        source.belonging.note(one, "Neri Srl")
    assert [await source.belonging.of(one) for one in ("anna", "carla", "bruno")] == ["Neri Srl", "Neri Srl", ""]
    assert source.asked == ["bruno"]


async def test_what_a_contact_is_may_be_told_in_more_than_one_word() -> None:
    told: dict[str, tuple[str, str]] = {}

    async def read(contact_id: str) -> None:
        belonging.note(contact_id, told[contact_id])

    belonging = Belonging(read, nobody=("", ""))
    told["lead"] = ("", "")
    belonging.note("12x1", ("12x1", "11x5"))
    assert (await belonging.of("12x1"), await belonging.of("lead")) == (("12x1", "11x5"), ("", ""))


async def test_what_is_being_read_ends_with_it() -> None:
    source = Source()
    [asker] = await source.begun("anna")
    await source.belonging.close()
    with pytest.raises(asyncio.CancelledError):
        await asker
    assert source.asked == ["anna"]
