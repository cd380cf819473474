"""The running program's part in people's data: old data goes once an hour, and who is erased is forgotten at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from offhook.database import StoreError
from offhook.privacy.erasures import FILE_NAME
from offhook.privacy.retention import let_go
from offhook.privacy.settings import RetentionSettings

LOOK_S = 30.0  # so often it is looked whether somebody was erased
ROUND_S = 3_600.0
FIRST_S = 60.0  # after the start: it has enough to do by then

log = structlog.get_logger()


class PrivacyWork:
    """Looks at the log of erasures in ``folder``, and has ``forget`` called when it has grown.

    What is old goes from the store, once an hour. A database that is away is tried again an hour later.
    """

    def __init__(
        self, settings: RetentionSettings, engine: AsyncEngine, folder: Path, forget: Callable[[], None]
    ) -> None:
        self._settings, self._engine, self._forget = settings, engine, forget
        self._path = folder / FILE_NAME
        self._seen = self._size()

    async def run(self) -> None:
        """Go on until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time() + FIRST_S
        while True:
            await asyncio.sleep(min(LOOK_S, max(0.0, due - loop.time())))
            self.look()
            if loop.time() >= due:
                await self.let_go(datetime.now(UTC))
                due = loop.time() + ROUND_S

    def look(self) -> None:
        """Forget what is in memory if somebody was erased since the last look."""
        size = self._size()
        if size != self._seen:
            self._seen = size
            self._forget()
            log.info("somebody was erased: what sources answered is forgotten")

    async def let_go(self, now: datetime) -> None:
        """Let go of what is old; the log tells how much that was."""
        try:
            counts = await let_go(self._engine, self._settings, now)
        except StoreError as error:
            log.warning("what is old stays for now", ref=error.ref, why=error.why)
            return
        if gone := {kind: count for kind, count in counts.items() if count}:
            log.info("what is old was let go of", **gone)

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0
