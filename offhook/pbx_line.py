"""One PBX of the house: its link, its switchboard, and how they do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from cti.errors import OffhookError
from cti.link import Link
from cti.model import CallEvent
from cti.pbx.asterisk import AsteriskDialect
from cti.pbx.dialect import Dialect
from cti.pbx.settings import PbxSettings
from cti.switchboard import Switchboard
from offhook.settings_check import nearest
from offhook.web.pages import Condition

DIALECTS: dict[str, Callable[[PbxSettings], Dialect]] = {"asterisk": AsteriskDialect}
LOOK_S = 0.05

log = structlog.get_logger()


class PbxLine:
    """Follows one PBX and publishes what happens on it. ``refused`` is why the PBX does not let us in: then it ended.

    Raises:
        OffhookError: the settings name a kind of PBX or a driver that there is not.
    """

    def __init__(self, settings: PbxSettings, publish: Callable[[CallEvent], None]) -> None:
        self.settings = settings
        self.refused: OffhookError | None = None
        dialect = make_dialect(settings)
        self.board = Switchboard(settings.name, dialect, publish)
        board = self.board
        self.link = Link(settings, dialect, board.take, back=board.back, lost=board.lost, snapshot=True)

    async def run(self) -> None:
        """Return when the PBX refuses the log-in, or after ``close``."""
        try:
            await self.link.run()
        except OffhookError as error:
            self.refused = error
            log.error("this PBX is not watched any more", pbx=self.settings.name, problem=str(error))

    async def close(self) -> None:
        """Log off."""
        await self.link.close()

    def condition(self) -> Condition:
        """Up, connecting, or refused, with the last error's words."""
        name = f"PBX {self.settings.name}"
        if self.link.connected:
            return Condition(name, True, "up")
        error = self.refused or self.link.last_error
        state = "refused" if self.refused else "down" if error else "connecting"
        return Condition(name, False, state, str(error) if error else "no answer yet")


def make_dialect(settings: PbxSettings) -> Dialect:
    """The dialect that this PBX speaks.

    Raises:
        OffhookError: there is none of that kind.
    """
    if (dialect := DIALECTS.get(settings.kind)) is None:
        raise OffhookError(
            "pbx-unknown-kind",
            f'PBX {settings.name!r}: there is no kind "{settings.kind}"',
            "",
            nearest(settings.kind, list(DIALECTS)),
        )
    return dialect(settings)


async def try_log_in(settings: PbxSettings) -> OffhookError | None:
    """Connect and log in once, then log off; None when the PBX let us in, else why not."""
    link = Link(settings, make_dialect(settings), lambda *_: None)
    running = asyncio.create_task(link.run(), name=f"try {settings.name}")
    try:
        while not (link.connected or link.last_error or running.done()):  # noqa: ASYNC110  the link tells no one
            await asyncio.sleep(LOOK_S)
        return None if link.connected else link.last_error
    finally:
        await link.close()
        await asyncio.gather(running, return_exceptions=True)
