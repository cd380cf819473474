"""One PBX's journal in the running house: told again at the start, written from then on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from cti.journal import JournalSettings, Mark, find_end, find_read
from cti.journal_backlog import JournalLoss
from cti.journal_replay import Gate, recover
from cti.journal_writer import JournalHealth, JournalWriter
from cti.pbx.dialect import Dialect
from cti.pbx.settings import PbxSettings
from cti.switchboard import Switchboard

UNMARKED = timedelta(days=1)  #: how much of the journal a store is told that knows nothing of the PBX
STEPS_AT_ONCE = 50  # reads told again before others get their turn

log = structlog.get_logger()


class PbxJournal:
    """The bytes of one PBX on disk. ``new_session`` and ``append`` are for its link, once ``open`` was called."""

    def __init__(self, settings: JournalSettings, folder: Path, pbx: PbxSettings) -> None:
        self._settings, self._folder, self._pbx = settings, folder / settings.folder, pbx
        self._writer: JournalWriter | None = None

    def known_until(self) -> datetime | None:
        """Up to when the stream is known from before this start; None without a journal."""
        return find_end(self._folder, self._pbx.name)

    async def tell_again(
        self,
        since: Mark | None,
        board: Switchboard,
        dialect: Dialect,
        gate: Gate,
        breathe: Callable[[], Awaitable[None]],
    ) -> None:
        """Tell ``board`` what the store does not have yet: from its mark on, or where it has none, the last day.

        ``breathe`` lets the recorder keep up.
        """
        name, size = self._pbx.name, self._pbx.max_frame_bytes
        begin = since or find_read(self._folder, name, datetime.now(UTC) - UNMARKED)
        if begin is None:
            return
        at_border = since is not None or begin.offset == 0
        steps = recover(
            self._folder, name, begin, board, dialect, gate, at_border=at_border, max_frame_bytes=size
        )  # fmt: skip
        for number, _ in enumerate(steps):
            if number % STEPS_AT_ONCE == 0:
                await breathe()

    def open(self, mark: Callable[[], Mark | None]) -> None:
        """Begin to write; ``mark`` tells how far the store has come, and is called in another thread.

        Raises:
            JournalError: the folder cannot be written, or another program writes there.
        """
        pbx = self._pbx
        self._writer = JournalWriter(
            self._folder, pbx.name, pbx.kind, self._settings, mark=mark, lost=self._note_loss
        )

    def health(self) -> JournalHealth | None:
        """How the writing does; None before ``open``."""
        return None if self._writer is None else self._writer.health()

    async def close(self) -> None:
        """Write what waits and end."""
        if self._writer is not None:
            await asyncio.to_thread(self._writer.close)

    def new_session(self) -> str:
        """The name of the connection that is about to be made."""
        return self._opened.new_session()

    def append(self, data: bytes, received_at: datetime) -> None:
        """Keep what one read of the socket brought."""
        self._opened.append(data, received_at)

    @property
    def _opened(self) -> JournalWriter:
        if self._writer is None:
            raise RuntimeError("the journal is not open")
        return self._writer

    def _note_loss(self, loss: JournalLoss) -> None:
        log.error("the journal has a gap", pbx=self._pbx.name, cause=loss.cause, bytes=loss.bytes)
