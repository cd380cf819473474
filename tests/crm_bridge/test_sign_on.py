"""Tokens that end."""

from __future__ import annotations

import asyncio

import pytest

from crm_bridge.contact import SourceRefusedError
from crm_bridge.sign_on import SignOn, Token


class Door:
    """Gives tokens, and knows only the last one."""

    def __init__(self, lasts_s: float | None = None) -> None:
        self.given = 0
        self.lasts_s = lasts_s
        self.shut = False

    async def fetch(self) -> Token:
        self.given += 1
        await asyncio.sleep(0)
        return Token(str(self.given), self.lasts_s)

    async def ask(self, token: Token) -> str:
        await asyncio.sleep(0)
        if self.shut or token.value != str(self.given):
            raise SourceRefusedError("crm-refused", "no")
        return token.value


async def test_a_token_is_kept() -> None:
    door = Door(3600.0)
    sign_on = SignOn(door.fetch)
    assert [await sign_on.ask(door.ask) for _ in range(3)] == ["1"] * 3


async def test_many_at_once_need_one_token() -> None:
    door = Door()
    sign_on = SignOn(door.fetch)
    assert await asyncio.gather(*(sign_on.ask(door.ask) for _ in range(20))) == ["1"] * 20


async def test_a_token_that_the_crm_forgot_is_fetched_again_once() -> None:
    door = Door()
    sign_on = SignOn(door.fetch)
    await sign_on.ask(door.ask)
    door.given = 5
    assert await asyncio.gather(*(sign_on.ask(door.ask) for _ in range(5))) == ["6"] * 5


async def test_a_fresh_token_that_is_refused_is_not_asked_for_again_and_again() -> None:
    door = Door()
    door.shut = True
    with pytest.raises(SourceRefusedError):
        await SignOn(door.fetch).ask(door.ask)
    assert door.given == 1


async def test_a_token_is_renewed_when_its_time_is_over() -> None:
    door = Door(lasts_s=0.0)
    sign_on = SignOn(door.fetch)
    assert [await sign_on.ask(door.ask) for _ in range(3)] == ["1", "2", "3"]
