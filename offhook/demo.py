"""``offhook demo``: the whole house on a simulated PBX, with its customers and a month that has been.

Nothing is a mock-up: the PBX is simulated, but what watches it is the ordinary ``offhook run``, through a socket, with
an ordinary store and an ordinary import of customers.
"""

from __future__ import annotations

import asyncio
import errno
import random
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.desk_settings import DeskSettings
from crm_bridge.headers import ImportKind
from crm_bridge.import_customers import import_file
from crm_bridge.settings import CrmSettings, SourceSettings
from cti.errors import OffhookError
from cti.pbx.settings import PbxSettings
from kpi.positions import Position
from kpi.store import Store
from offhook.logs import LogSettings, set_up_logs
from offhook.past_calls import e164_of
from offhook.run import Offhook, open_store, run
from offhook.settings import Settings, load_settings
from offhook.simulator.book import Book, make_book
from offhook.simulator.freeswitch.past import in_freeswitch_names
from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.freeswitch.server import FreeswitchServer
from offhook.simulator.history import History
from offhook.simulator.people import Public
from offhook.simulator.plant import Plant
from offhook.simulator.server import AmiServer
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Bustle, Traffic, waves
from offhook.web.security import WebSettings, parse_listen

PBX = "demo"
DEFAULT_LISTEN = "127.0.0.1:8088"
DISPOSITIONS = ("Order", "Offer", "Question", "Complaint")
HISTORY_DAYS = 30
QUEUES = {"sales": 4.0, "support": 3.0, "billing": 2.0, "orders": 1.5}
HISTORY = Traffic(calls_per_hour=26.0, talk_median_s=150.0, patience_mean_s=80.0, queues=QUEUES)
LIVE = Traffic(
    calls_per_hour=380.0,
    talk_median_s=55.0,
    patience_mean_s=60.0,
    break_every_s=900.0,
    break_median_s=120.0,
    queues=QUEUES,
)
FIRST_CALLS = (
    (2.0, "support"),
    (4.0, "sales"),
    (6.0, "billing"),
    (9.0, "support"),
    (12.0, "orders"),
)  # plant's seconds

NAMES = {"asterisk": "Asterisk", "freeswitch": "FreeSWITCH"}

Tell = Callable[[str], None]
Served = AmiServer | FreeswitchServer


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What can be asked of a demo. ``seconds`` None: until it is stopped. ``keep`` is a folder for its files.

    ``pbx`` is one of ``NAMES``: what is simulated. ``settings`` is a file with CRMs and webhooks to try with it.
    """

    pbx: str = "asterisk"
    listen: str = DEFAULT_LISTEN
    seconds: float | None = None
    speed: float = 1.0
    seed: int = 1
    keep: Path | None = None
    history_days: int = HISTORY_DAYS
    settings: Path | None = None


def run_demo(
    listen: str = DEFAULT_LISTEN,
    *,
    pbx: str = "asterisk",
    seconds: float | None = None,
    speed: float = 1.0,
    seed: int = 1,
    keep: Path | None = None,
    history_days: int = HISTORY_DAYS,
    settings: Path | None = None,
) -> None:
    """Run the demo until SIGINT, SIGTERM or the end of ``seconds``; then nothing is left but what ``keep`` holds.

    Raises:
        OffhookError: the pages cannot be served there, ``keep`` cannot be written, or ``settings`` cannot be used.
    """
    options = DemoOptions(
        pbx=pbx,
        listen=listen,
        seconds=seconds,
        speed=speed,
        seed=seed,
        keep=keep,
        history_days=history_days,
        settings=settings,
    )
    console = Console(highlight=False)
    set_up_logs(LogSettings(level="warning"))
    with _interrupted_quietly(console), _folder(keep) as folder:
        asyncio.run(_demo(options, folder, console))


async def _demo(options: DemoOptions, folder: Path, console: Console) -> None:
    now = datetime.now().astimezone()
    asked = _asked_settings(options.settings)
    web = WebSettings(listen=free_listen(options.listen))
    book = make_book(random.Random(options.seed), now.date())  # noqa: S311 - fictional people
    server = _server(options, now)
    plant = server.plant
    plant.staff_logs_in()
    async with server:
        settings = msgspec.structs.replace(asked, pbx=(_pbx(server),), web=web)
        with console.status("Making a month of history..."):
            calls = await _prepare(settings, folder, book, options, now)
        bustle = Bustle(plant, _public(book, options.seed), LIVE, seed=options.seed, rate=waves)

        def started(house: Offhook) -> None:
            _tell(console, house.url, plant, calls, options)
            _begin(server, bustle, options.speed)
            if options.seconds is not None:
                asyncio.get_running_loop().call_later(options.seconds, house.stop)

        await run(settings, folder, started)
    console.print("The demo has stopped" + ("." if options.keep is None else f"; its files are in {options.keep}."))


def _asked_settings(path: Path | None) -> Settings:
    """What the demo takes of a file: its CRMs beside the demo's own customers, its webhooks and desk; nothing else."""
    if path is None:
        return Settings(crm=CrmSettings(default_region="IT"), desk=DeskSettings(dispositions=DISPOSITIONS))
    asked = load_settings(path, needs_pbx=False)
    sources = [_with_files(source, path.parent.resolve()) for source in asked.crm.sources]
    if all(source.kind != "book" for source in sources):
        sources.insert(0, SourceSettings())
    crm = msgspec.structs.replace(asked.crm, sources=tuple(sources))
    return Settings(crm=crm, desk=asked.desk, webhook=asked.webhook, outbox=asked.outbox)


def _with_files(source: SourceSettings, folder: Path) -> SourceSettings:
    """The source with the files that its options name beside the settings, wherever the demo's own files are."""
    found = {name: str(folder / one) for name, one in source.options.items() if _names_file(folder, one)}
    return msgspec.structs.replace(source, options=source.options | found)


def _names_file(folder: Path, value: object) -> bool:
    return isinstance(value, str) and len(value) < 256 and "://" not in value and (folder / value).is_file()


def _server(options: DemoOptions, now: datetime) -> Served:
    """The simulated PBX, its clock still standing."""
    secret = secrets.token_urlsafe(24)
    if options.pbx == "freeswitch":
        return FreeswitchServer(FreeswitchPlant(DEMO, seed=options.seed, started_at=now), secret, speed=0.0)
    return AmiServer(Plant(DEMO, seed=options.seed, started_at=now), "demo", secret, speed=0.0)


def _pbx(server: Served) -> PbxSettings:
    """How to reach it."""
    if isinstance(server, FreeswitchServer):
        return PbxSettings(name=PBX, kind="freeswitch", host=server.host, port=server.port, secret=server.password)
    username, secret = server.user
    return PbxSettings(name=PBX, host=server.host, port=server.port, username=username, secret=secret, trunks=["trunk"])


def _public(book: Book, seed: int) -> Public:
    return Public(random.Random(seed), book.parties())  # noqa: S311 - a simulation


def _begin(server: Served, bustle: Bustle, speed: float) -> None:
    """Time passes from now on, and the first calls ring within seconds."""
    server.speed = speed
    bustle.begin()
    for after_s, queue in FIRST_CALLS:
        bustle.plant.timeline.after(after_s, lambda queue=queue: bustle.visit(queue))  # type: ignore[misc]


# the month before


async def _prepare(settings: Settings, folder: Path, book: Book, options: DemoOptions, now: datetime) -> int:
    """The store with its customers and its past; how many calls that is."""
    async with open_store(settings, folder) as engine:
        await _import_book(engine, book, folder, settings.crm.default_region)
        store = Store(engine, partial(e164_of, settings.crm))
        return await _store_history(store, book, options, now)


async def _import_book(engine: AsyncEngine, book: Book, folder: Path, region: str) -> None:
    files = await asyncio.to_thread(book.write, folder)
    for path, kind in zip(files, (ImportKind.CUSTOMERS, ImportKind.ORDERS, ImportKind.INCIDENTS), strict=True):
        await import_file(engine, path, kind, region=region)


async def _store_history(store: Store, book: Book, options: DemoOptions, now: datetime) -> int:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    began_at = midnight - timedelta(days=options.history_days)
    public, freeswitch = _public(book, options.seed + 1), options.pbx == "freeswitch"
    history = History(PBX, DEMO, public, HISTORY, began_at=began_at, ends_at=now, seed=options.seed)
    for batch in history.batches():
        await store.store(in_freeswitch_names(batch) if freeswitch else batch)
    await store.store_position(
        Position(pbx=PBX, source="history", imported_at=now, covers_from=began_at, covers_to=now, calls=history.calls)
    )
    return history.calls


# the terminal, files, signals


def _tell(console: Console, url: str, plant: Plant | FreeswitchPlant, calls: int, options: DemoOptions) -> None:
    agents = len(plant.plan.agents)
    past = f"{calls:,} calls of the last {options.history_days} days"
    name = NAMES[options.pbx]
    console.print(f"[bold]Offhook demo[/bold]: a simulated {name} with {agents} agents, {past}, 300 customers.\n")
    console.print(f"  Agent's page  {url}/desk", f"  Metrics       {url}/metrics", sep="\n", soft_wrap=True)
    table = Table(box=None, padding=(0, 2), title="\nChoose one of these extensions at /desk", title_justify="left")
    for title in ("queue", "how it rings", "extensions"):
        table.add_column(title)
    ways = {
        "ringall": "all at once: the most calls",
        "linear": "one after the other",
        "leastrecent": "who rested longest",
    }
    for line in plant.lines.values():
        table.add_row(line.plan.name, ways[line.plan.strategy], " ".join(line.members))
    console.print(table)
    who = plant.person("103").name or "103"
    console.print(f"\nLog in as 103 ({escape(who)}): a call rings there within seconds. Ctrl-C stops the demo.\n")


def free_listen(listen: str) -> str:
    """``listen``, or another port of the same address if nobody asked for this one and it is taken.

    Raises:
        OffhookError: it is no address, or the one that was asked for is taken.
    """
    try:
        host, port = parse_listen(listen)
    except ValueError as error:
        raise OffhookError("demo-bad-listen", str(error), "", "for example --listen 127.0.0.1:8090") from error
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if listen == DEFAULT_LISTEN and error.errno == errno.EADDRINUSE:
                return f"{host}:0"
            raise OffhookError(
                "web-cannot-listen",
                f"cannot serve the pages on {listen}",
                error.strerror or str(error),
                "choose another port with --listen",
            ) from error
    return listen


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with TemporaryDirectory(prefix="offhook-demo-") as folder:
            yield Path(folder)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or str(error)
        raise OffhookError(
            "demo-no-folder", f"{keep} cannot be made", why, "name a folder that you may write"
        ) from error
    if any(keep.iterdir()):
        hint = "name an empty or a new folder, so that nothing of yours is mixed up"
        raise OffhookError("demo-folder-used", f"{keep} holds files already", "", hint)
    yield keep.resolve()


@contextmanager
def _interrupted_quietly(console: Console) -> Iterator[None]:
    """A signal while the demo prepares ends it as one that comes later does: cleaned up, without a traceback."""
    before = None
    if threading.current_thread() is threading.main_thread():
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        console.print("The demo was stopped.")
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
