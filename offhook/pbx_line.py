"""One PBX of the house: its link, its switchboard, and how they do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial

import structlog

from cti.errors import OffhookError
from cti.journal import Mark
from cti.journal_replay import Gate
from cti.link import ActionRefused, Link, LinkError
from cti.model import AboutCall, AgentChanged, CallEvent, Origin, PbxBack, PbxLost
from cti.pbx.dialect import Dialect
from cti.pbx.kinds import find_kinds
from cti.pbx.settings import PbxSettings
from cti.signals import MemberSeen
from cti.steady_clock import SteadyClock
from cti.switchboard import Switchboard
from offhook.pbx_journal import PbxJournal
from offhook.settings_check import nearest
from offhook.web.pages import Condition

NEVER = datetime.fromtimestamp(0, UTC)  # where the time before the first connection begins
LOOK_S = 0.05
TICK_S = 1.0

log = structlog.get_logger()


class PbxLine:
    """Follows one PBX and publishes what happens on it. ``refused`` is why the PBX does not let us in: then it ended.

    Raises:
        OffhookError: the settings name a kind of PBX or a driver that there is not.
    """

    def __init__(
        self, settings: PbxSettings, publish: Callable[[CallEvent], None], journal: PbxJournal | None = None
    ) -> None:
        self.settings = settings
        self.journal = journal
        self.refused: OffhookError | None = None
        self.known_until: datetime | None = None
        self._lost_at: datetime | None = None
        self._dialect = make_dialect(settings)
        self._publish, self._gate = publish, Gate(publish)
        self.board = board = Switchboard(settings.name, self._dialect, self._gate)
        self.link = Link(
            settings,
            self._dialect,
            board.take,
            back=board.back,
            lost=board.lost,
            tap=journal.append if journal else None,
            snapshot=True,
            new_session=journal.new_session if journal else None,
        )

    def expect(self, places: Iterable[tuple[datetime, str, str, bool, str | None]]) -> None:
        """Before ``recover``: who was logged in where, as the store has it. So it shows if he is not there any more."""
        origin = Origin(self.settings.name, "", 0, "store")
        for since, agent, queue, paused, reason in places:
            self.board.tracker.apply(MemberSeen(since, origin, queue, agent, None, None, paused, reason))

    def member_names(self) -> dict[str, str]:
        """The extensions by the names and interfaces that the queues have for their members, as far as one has each."""
        agents: dict[str, set[str]] = {}
        for agent in self.board.tracker.agents():
            for name in (agent.name, *(place.interface for place in agent.memberships)):
                if name:
                    agents.setdefault(name, set()).add(agent.agent)
        return {name: found.pop() for name, found in agents.items() if len(found) == 1}

    def announce(self, publish: Callable[[CallEvent], None]) -> None:
        """Tell what goes on to those who have heard nothing yet."""
        self._gate.publish = publish
        self.board.announce()
        self._gate.publish = self._publish

    async def recover(
        self,
        since: Mark | None,
        breathe: Callable[[], Awaitable[None]],
        missed: Callable[[datetime, datetime], None] = lambda *_: None,
    ) -> None:
        """Tell again what the store does not have: of those that listen now, nobody may pop or dial.

        A store that knows nothing of this PBX is told the journal's last day. What happened between two connections,
        and before the first, was not seen: ``missed`` is told from when to when, before what follows. ``known_until``
        is when the last one ended.
        """
        if self.journal is None:
            return
        if since is None:
            self._lost_at = NEVER
        self._gate.publish = partial(self._tell_again, missed)
        await self.journal.tell_again(since, self.board, self._dialect, self._gate, breathe)
        self._gate.publish = self._publish
        if self._lost_at != NEVER:
            self.known_until = self._lost_at or self.journal.known_until()

    def _tell_again(self, missed: Callable[[datetime, datetime], None], event: CallEvent) -> None:
        if isinstance(event, PbxLost):
            self._lost_at = event.at
        elif isinstance(event, PbxBack):
            if self._lost_at is not None:
                missed(self._lost_at, event.at)
            self._lost_at = None
        elif isinstance(event, AboutCall | AgentChanged):
            self._publish(event)

    async def run(self) -> None:
        """Return when the PBX refuses the log-in, or after ``close``."""
        ticking = asyncio.create_task(self._pass_time(), name=f"clock {self.settings.name}")
        try:
            await self.link.run()
        except OffhookError as error:
            self.refused = error
            log.error("this PBX is not watched any more", pbx=self.settings.name, problem=str(error))
        finally:
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)

    async def _pass_time(self) -> None:
        """Wrap-ups end though the PBX says nothing."""
        clock = SteadyClock()
        while True:
            await asyncio.sleep(TICK_S)
            self.board.pass_time(clock.now())

    async def close(self) -> None:
        """Log off, and keep what was read."""
        await self.link.close()
        if self.journal is not None:
            await self.journal.close()

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
    kinds = find_kinds()
    if (dialect := kinds.get(settings.kind)) is None:
        raise OffhookError(
            "pbx-unknown-kind",
            f'PBX {settings.name!r}: there is no kind "{settings.kind}"',
            "",
            nearest(settings.kind, list(kinds)),
        )
    return dialect(settings)


async def try_log_in(settings: PbxSettings) -> OffhookError | None:
    """Connect, log in and ask for the present once, then log off; None when the PBX allows it, else why not."""
    dialect = make_dialect(settings)
    link = Link(settings, dialect, lambda *_: None)
    running = asyncio.create_task(link.run(), name=f"try {settings.name}")
    try:
        while not (link.connected or link.last_error or running.done()):  # noqa: ASYNC110  the link tells no one
            await asyncio.sleep(LOOK_S)
        return await _not_permitted(link, dialect) if link.connected else link.last_error
    finally:
        await link.close()
        await asyncio.gather(running, return_exceptions=True)


async def _not_permitted(link: Link, dialect: Dialect) -> OffhookError | None:
    """What the user of the PBX may not ask, though Offhook has to; what he may read, no PBX tells."""
    for action in dialect.snapshot_actions():
        try:
            await link.send(action.name, action.fields)
        except ActionRefused as refusal:
            if "permission denied" in refusal.message.lower():
                return _without_rights(link.settings, action.name, refusal.message)
        except LinkError as error:
            return error
    return None


def _without_rights(settings: PbxSettings, action: str, why: str) -> OffhookError:
    return OffhookError(
        "pbx-rights",
        f"PBX {settings.name!r} lets us in, but not ask for its present ({action})",
        why,
        "Asterisk: write = reporting in that user's section of manager.conf, then manager reload; see "
        "dialplans/asterisk/manager.conf.sample. FreeSWITCH: esl-allowed-api of that user",
    )
