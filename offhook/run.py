"""``offhook run``: the whole house put together from its settings, started, and stopped in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType

import structlog
from prometheus_client import CollectorRegistry, generate_latest

from crm_bridge.call_notes import CallNotes
from crm_bridge.cti_push import LiveListener
from crm_bridge.desk import AgentDesk
from crm_bridge.lookup import Lookup
from crm_bridge.notebook import Notebook
from crm_bridge.number_choices import NumberChoices
from crm_bridge.pop import DeskId
from crm_bridge.sources import open_sources
from cti.errors import OffhookError
from cti.feed import Feed, Follower
from cti.journal import Mark as JournalMark
from cti.journal_writer import JournalHealth
from cti.pbx.settings import PbxSettings
from kpi.batch import Mark
from kpi.filling import GapFiller
from kpi.live import LiveBoard
from kpi.partitions import PartitionKeeper
from kpi.prometheus import KpiCollector
from kpi.recorder import Recorder
from kpi.store import Store
from offhook.database import StoreError, fetch_answer
from offhook.desk_metrics import DeskCollector
from offhook.mail.work import Mailman
from offhook.open_store import open_store as open_store
from offhook.outbox_metrics import OutboxCollector
from offhook.past_calls import e164_of, last_calls_from
from offhook.pbx_journal import PbxJournal
from offhook.pbx_line import PbxLine
from offhook.pbx_logs import open_pbx_logs
from offhook.privacy.work import PrivacyWork
from offhook.settings import Settings, fetch_secret
from offhook.web.api import api_part
from offhook.web.app import Part, WebServer, make_app
from offhook.web.customer_quality import quality_pages
from offhook.web.desk import DeskPages, desk_pages
from offhook.web.key import fetch_key
from offhook.web.outbox import outbox_pages
from offhook.web.pages import Condition, standing_pages
from offhook.web.report_calls import call_pages
from offhook.web.reports import report_pages
from offhook.write_back import WriteBack

STORE_CHECK_S = 3.0
DRAIN_S = 10.0
BACKLOG_ENTRIES = 5_000  # what may wait for the database while the journal is told again
BREATH_S = 0.02

log = structlog.get_logger()


class Offhook:
    """The house at work: ``async with Offhook(settings, folder) as house``. Relative paths are taken from ``folder``.

    Entering it opens the store, serves the pages at ``url`` and starts to connect to each PBX; it raises OffhookError
    when it cannot. Leaving it stops all of that in order: no more events, everything stored, no more pages.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.feed = Feed()
        self.live = LiveBoard()
        self.lines = [PbxLine(one, self.feed.publish, self._journal_of(one, folder)) for one in settings.pbx]
        self.url = ""
        self._folder = folder
        self._stack = AsyncExitStack()
        self._over = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Offhook:
        async with AsyncExitStack() as stack:
            await self._open(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        log.info("stopping")
        await self._stack.aclose()

    def stop(self) -> None:
        """Have ``wait`` return."""
        self._over.set()

    async def wait(self) -> None:
        """Return after ``stop``.

        Raises:
            OffhookError: no PBX is left to watch, each has refused the log-in.
        """
        await self._over.wait()
        for task in self._tasks:
            if task.done():
                task.result()
        refusals = [line.refused for line in self.lines if line.refused is not None]
        if refusals and len(refusals) == len(self.lines):
            raise refusals[0] if len(refusals) == 1 else _none_left(refusals)

    async def conditions(self) -> list[Condition]:
        """The store's and each PBX's condition now."""
        return [await self._store_condition(), *(line.condition() for line in self.lines)]

    def metrics(self) -> bytes:
        """All figures in Prometheus' text format; may be called in a thread."""
        return generate_latest(self._registry)

    async def _open(self, stack: AsyncExitStack) -> None:
        settings = self.settings
        self.engine = await stack.enter_async_context(open_store(settings, self._folder))
        self.write_back = WriteBack(settings, self.engine)
        beside = self.write_back.note if self.write_back.needed else None
        self.store = Store(self.engine, partial(e164_of, settings.crm), beside)
        await self.store.store_parameters(settings.kpi.site(), datetime.now(UTC))
        sources = open_sources(settings.crm, self.engine, self._folder)
        choices = NumberChoices(self.engine, [one.name for one in settings.crm.sources if one.kind == "book"])
        notes = CallNotes(self.engine)
        self.lookup = Lookup(sources, settings.crm, last_calls_from(self.store, notes), choices)
        stack.push_async_callback(self.lookup.close)
        self.lookup.warm()
        self.notebook = Notebook(notes, settings.desk)
        stack.push_async_callback(self.notebook.close)
        self.desk = AgentDesk(self.lookup, notebook=self.notebook)
        self.write_back.connect(self.lookup, notes, lambda pbx, agent: self.desk.name(DeskId(pbx, agent)), choices)
        names = [one.name for one in settings.pbx]
        self.recorder = Recorder(self.feed.follow("recorder"), self.store, pbxs=names, known_until=self._known_until)
        listeners = {name: source for name, source in sources.items() if isinstance(source, LiveListener)}
        self._registry = self._make_registry(listeners)
        self.url = await stack.enter_async_context(self._serve())
        await self._keep_partitions(stack)
        await self._carry_on()
        await stack.enter_async_context(self._working(self.recorder.run, self._drain))
        await self._recover()
        await self._fill_gaps(stack)
        await self._mail_reports(stack)
        await self._keep_privacy(stack)
        await self._tell_others(stack)
        await self._tell_live(listeners, stack)
        await stack.enter_async_context(self._working(self._watch, self._hang_up))

    def _journal_of(self, pbx: PbxSettings, folder: Path) -> PbxJournal | None:
        journal = self.settings.journal
        return PbxJournal(journal, folder, pbx) if journal.enabled else None

    async def _carry_on(self) -> None:
        """Agents' days go on where a crash has left them: what followed is in the journal."""
        for line in self.lines:
            if line.journal is not None:
                carried = await self.store.fetch_carried(line.settings.name)
                self.recorder.carry_on(line.settings.name, carried)
                line.expect(carried.places)

    async def _recover(self) -> None:
        """Have the recorder write what a crash kept from the store; then all others come, and hear what goes on."""
        marks = await self.store.fetch_marks()
        for line in self.lines:
            name = line.settings.name
            await line.recover(_place(marks.get(name)), self._breathe, partial(self.recorder.note_missed, name))
            if line.journal is not None:
                line.journal.open(partial(self._stored_until, line.settings.name))
        newcomers = Feed()
        for feed in (newcomers, self.feed):
            feed.attach("live", self.live.apply)
            feed.attach("desk", self.desk.apply)
        for line in self.lines:
            line.announce(newcomers.publish)

    async def _fill_gaps(self, stack: AsyncExitStack) -> None:
        """Have what was not seen of the PBXs filled from their own logs, where they are named."""
        logs = await stack.enter_async_context(open_pbx_logs(self.settings.pbx, self._folder))
        if logs:
            follower = self.feed.follow("gap filler")
            filler = GapFiller(follower, self.store, self.recorder.totals, logs, names=self._member_names)

            async def stop() -> None:
                filler.close()

            await stack.enter_async_context(self._working(filler.run, stop))

    def _member_names(self, pbx: str) -> dict[str, str]:
        """The extensions by the names and interfaces that a PBX's queues have for their members."""
        return next((line.member_names() for line in self.lines if line.settings.name == pbx), {})

    async def _mail_reports(self, stack: AsyncExitStack) -> None:
        """Have reports sent at their times, where any are to be."""
        mail = self.settings.mail
        if mail.report:
            password = fetch_secret(mail.password, mail.password_file)
            mailman = Mailman(mail, password, self.store, self.settings.kpi.site())
            await stack.enter_async_context(self._working(mailman.run, _at_once))

    async def _keep_partitions(self, stack: AsyncExitStack) -> None:
        """Have PostgreSQL's partitions of the coming months made before they are needed."""
        if self.engine.dialect.name == "postgresql":
            keeper = PartitionKeeper(self.engine)
            await keeper.look()
            await stack.enter_async_context(self._working(keeper.run, _at_once))

    async def _tell_others(self, stack: AsyncExitStack) -> None:
        """Have CRMs and webhooks told of calls, and what they were told forgotten, though nobody be told any more."""
        work = partial(self.write_back.run, self.feed.follow("webhooks"))
        await stack.enter_async_context(self._working(work, self.write_back.close))

    async def _tell_live(self, listeners: Mapping[str, LiveListener], stack: AsyncExitStack) -> None:
        """Have sources that want to hear of calls while they ring follow them."""
        for name, listener in listeners.items():
            follower = self.feed.follow(f"live {name}")

            async def stop(follower: Follower = follower) -> None:
                follower.close()

            await stack.enter_async_context(self._working(partial(listener.hear, follower), stop))

    async def _keep_privacy(self, stack: AsyncExitStack) -> None:
        """Have old data go, and people who were erased be forgotten."""
        work = PrivacyWork(self.settings.retention, self.engine, self._folder, self.lookup.forget)

        async def stop() -> None:
            """Each batch is whole; the next start goes on."""

        await stack.enter_async_context(self._working(work.run, stop))

    async def _breathe(self) -> None:
        await asyncio.sleep(BREATH_S if self.recorder.backlog > BACKLOG_ENTRIES else 0)

    def _known_until(self, pbx: str) -> datetime | None:
        """Up to when the journal has this PBX's stream."""
        return next((line.known_until for line in self.lines if line.settings.name == pbx), None)

    def _stored_until(self, pbx: str) -> JournalMark | None:
        return _place(self.recorder.marks.get(pbx))

    @asynccontextmanager
    async def _serve(self) -> AsyncIterator[str]:
        web = self.settings.web
        password = fetch_secret(web.password, web.password_file)
        key = fetch_key(self._folder / web.key_file)
        names = [one.name for one in self.settings.pbx]
        desk = DeskPages(self.desk, self.lookup, self.notebook, names, key, by_https=web.by_https)
        parts = [standing_pages(self.conditions, self.metrics), desk_pages(desk), *self._report_parts()]
        if self.write_back.needed:
            parts.append(outbox_pages(self.write_back.outbox, self.write_back.delivery))
        server = WebServer(web, await make_app(web, password, parts))
        await server.start()
        try:
            yield server.url
        finally:
            await server.stop()

    def _report_parts(self) -> list[Part]:
        site, journal = self.settings.kpi.site(), self.settings.journal
        pbxs = {one.name: one for one in self.settings.pbx}
        folder = self._folder / journal.folder if journal.enabled else None
        key = fetch_secret(self.settings.web.api_key, self.settings.web.api_key_file)
        notes = CallNotes(self.engine)
        calls = call_pages(self.store, site.time_zone, pbxs, folder, notes)
        quality = quality_pages(self.engine, self.settings.crm, self._folder)
        return [report_pages(self.store, site), calls, quality, api_part(self.store, site, key, notes)]

    @asynccontextmanager
    async def _working(
        self, work: Callable[[], Awaitable[None]], end: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[None]:
        """Have ``work`` done in a task, until ``end`` has ended it. Should it end by itself, the house is over."""
        task = asyncio.create_task(self._until_over(work))
        self._tasks.append(task)
        try:
            yield
        finally:
            await end()
            task.cancel()  # it may not have begun, and then knows of no end
            await asyncio.wait({task})

    async def _until_over(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        finally:
            self._over.set()

    async def _watch(self) -> None:
        await asyncio.gather(*(line.run() for line in self.lines))

    async def _hang_up(self) -> None:
        await asyncio.gather(*(line.close() for line in self.lines))

    async def _drain(self) -> None:
        self.feed.close()
        await self.recorder.close(DRAIN_S)

    async def _store_condition(self) -> Condition:
        if (error := self.recorder.last_error) is not None:
            return Condition("store", False, "away", f"{error}; {self.recorder.backlog} entries wait to be stored")
        try:
            async with asyncio.timeout(STORE_CHECK_S):
                await fetch_answer(self.engine)
        except StoreError as error:
            return Condition("store", False, "away", str(error))
        except TimeoutError:
            return Condition("store", False, "away", f"no answer within {STORE_CHECK_S:g} s")
        return Condition("store", True, "up")

    def _make_registry(self, listeners: Mapping[str, LiveListener]) -> CollectorRegistry:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(
            KpiCollector(
                self.recorder.totals,
                self.live,
                settings=self.settings.metrics,
                links=lambda: {line.settings.name: line.link.health() for line in self.lines},
                journals=self._journal_healths,
                trunks={one.name: one.trunks for one in self.settings.pbx},
                missed=lambda: self.feed.missed,
                recorder=self.recorder,
            )
        )
        registry.register(DeskCollector(self.desk.counts, self.lookup.counts))
        heard = {name: listener.counts for name, listener in listeners.items()}
        registry.register(OutboxCollector(self.write_back.delivery, self.write_back.live.counts, heard))
        return registry

    def _journal_healths(self) -> Mapping[str, JournalHealth]:
        journals = {line.settings.name: line.journal for line in self.lines}
        healths = {pbx: None if one is None else one.health() for pbx, one in journals.items()}
        return {pbx: health for pbx, health in healths.items() if health is not None}


async def _at_once() -> None:
    """Nothing is under way that a second try would not do."""


def _place(mark: Mark | None) -> JournalMark | None:
    """The place in the journal that the store's mark names; None if there was no journal then."""
    if mark is None or not mark.session or mark.byte_offset is None:
        return None
    return JournalMark(mark.session, mark.byte_offset)


async def run(settings: Settings, folder: Path, started: Callable[[Offhook], None]) -> None:
    """Run until SIGTERM or SIGINT; ``started`` is called once the pages are served. A second signal stops at once.

    Raises:
        OffhookError: it cannot start, or no PBX is left to watch.
    """
    loop, house = asyncio.get_running_loop(), Offhook(settings, folder)

    def stop(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        house.stop()

    for number in (signal.SIGTERM, signal.SIGINT):  # before it opens: that may take a while
        loop.add_signal_handler(number, stop, number)
    async with house:
        started(house)
        await house.wait()


def _none_left(refusals: list[OffhookError]) -> OffhookError:
    return OffhookError(
        "pbx-none-left",
        "no PBX is left to watch: each has refused the log-in",
        "; ".join(str(refusal) for refusal in refusals),
        "correct the users and secrets, then start again",
    )
