"""A token that is fetched with a secret, kept until it ends, and fetched again once when the CRM has forgotten it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import msgspec

from crm_bridge.contact import SourceRefusedError

_Answer = TypeVar("_Answer")

#: a token is renewed this long before its end, in seconds
EARLY_S: Final = 60.0


class Token(msgspec.Struct, frozen=True):
    """What the sign-on gave. ``lasts_s`` None: until the CRM says otherwise. ``more`` is the adapter's own."""

    value: str
    lasts_s: float | None = None
    more: Any = None


class SignOn:
    """Keeps one token. ``fetch`` gets a new one; it raises SourceError when it cannot."""

    def __init__(self, fetch: Callable[[], Awaitable[Token]]) -> None:
        self._fetch = fetch
        self._token: Token | None = None
        self._ends_at = 0.0
        self._turn = asyncio.Lock()

    async def ask(self, question: Callable[[Token], Awaitable[_Answer]]) -> _Answer:
        """Ask with the token; once more with a new one where the CRM does not know it any longer.

        Raises SourceError, SourceRefusedError when a token that was just made is refused too.
        """
        token, fresh = await self._current()
        try:
            return await question(token)
        except SourceRefusedError:
            if fresh:
                raise
        if self._token is token:
            self._token = None
        token, _ = await self._current()
        return await question(token)

    async def _current(self) -> tuple[Token, bool]:
        """The token, and whether it was made for this question."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._token is not None and now < self._ends_at:
                return self._token, False
            self._token = await self._fetch()
            lasts_s = self._token.lasts_s
            self._ends_at = float("inf") if lasts_s is None else now + max(lasts_s - EARLY_S, lasts_s / 2)
            return self._token, True
