"""A house with a desk in it: the customer book, the desk and the pages served on loopback, fed by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from crm_bridge.call_notes import CallNotes
from crm_bridge.contact import Adapter, LastCalls, PastCall, PastNote
from crm_bridge.desk import AgentDesk
from crm_bridge.desk_settings import DeskSettings
from crm_bridge.headers import ImportKind
from crm_bridge.lookup import Lookup
from crm_bridge.notebook import Notebook
from crm_bridge.number_choices import NumberChoices
from crm_bridge.schema import metadata
from crm_bridge.settings import CrmSettings
from crm_bridge.sources import open_sources
from cti.model import RingResult
from offhook.web.app import WebServer, make_app
from offhook.web.desk import DeskPages, desk_pages
from offhook.web.security import WebSettings
from tests.crm_bridge.imported import fill
from tests.crm_bridge.scene import HOSTILE, Clock, Scene, WallClock

_QUOTED = HOSTILE.replace('"', '""')
_ZOFIA = (
    f'C-1;"{_QUOTED}";Müller & Söhne <b>GmbH</b>;+39 02 21000177;335 1234509;zofia@example.com;it;'
    "blocked;1.234,50 €;Wants to speak to <i>Bruno</i> only.;Milano"
)
CUSTOMERS = f"""id;name;company;phone;mobile;email;language;account status;balance;note;City
{_ZOFIA}
C-2;Mary Smith;;020 7946 0008;+442079460008;mary@example.com;en;ok;0;;London
C-3;Rossi Carlo;Studio Rossi;;+393331234517;;it;unpaid;-80;;Roma
C-4;Rossi Paola;Studio Rossi;;+393331234517;;it;ok;;;Roma
"""
ORDERS = """order;customer id;title;date;due;total;status
O-100;C-1;Heat pump "Alba" 9 kW;2026-11-02;2026-11-24;7.400,00 €;shipped
O-101;C-1;Filter set;2026-11-15;;49,90;open
O-050;C-1;Old order;2025-01-02;;10;delivered
"""
INCIDENTS = """ticket;customer id;title;opened;status;priority;owner
T-812;C-1;Leak after installation;2026-11-12;waiting for parts;high;Dana O'Neill
"""


class DeskHouse:
    """What a test of the desk needs to hand."""

    def __init__(
        self,
        engine: AsyncEngine,
        last_calls: LastCalls | None = None,
        heartbeat_s: float = 10.0,
        settings: CrmSettings | None = None,
        more: Mapping[str, Adapter] | None = None,
        desk_settings: DeskSettings | None = None,
    ) -> None:
        settings = settings or CrmSettings()
        self.engine = engine
        sources = open_sources(settings, engine) | dict(more or {})
        self.notes, self.choices = CallNotes(engine), NumberChoices(engine)
        self.lookup = Lookup(sources, settings, last_calls, self.choices)
        self.notebook = Notebook(self.notes, desk_settings or DeskSettings())
        self.desk = AgentDesk(self.lookup, notebook=self.notebook)
        self.pages = DeskPages(self.desk, self.lookup, self.notebook, ["main"], b"k" * 32, heartbeat_s=heartbeat_s)
        self.server: WebServer | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    async def open(self, listen: str = "127.0.0.1:0") -> None:
        settings = WebSettings(listen=listen)
        app = await make_app(settings, None, [desk_pages(self.pages)])
        self.server = WebServer(settings, app)
        await self.server.start()

    async def shut(self) -> None:
        if self.server is not None:
            await self.server.stop()
            self.server = None

    def ring(
        self,
        number: str | None,
        *agents: str,
        call_id: str = "1",
        name: str | None = None,
        queue: str = "sales",
        clock: Clock | None = None,
    ) -> Scene:
        """A call that has begun, waits in the queue and rings these agents."""
        call = Scene(call_id, number, clock or WallClock(), name=name)
        for event in (call.started(), call.queued(queue), *(call.offered(agent, queue) for agent in agents)):
            self.desk.apply(event)
        return call

    def answer(self, call: Scene, agent: str) -> None:
        """The agent who is rung takes the call."""
        for event in (call.offer_ended(agent, RingResult.ANSWERED), call.answered(agent)):
            self.desk.apply(event)


@asynccontextmanager
async def desk_house(
    folder: Path,
    *,
    heartbeat_s: float = 10.0,
    settings: CrmSettings | None = None,
    more: Mapping[str, Adapter] | None = None,
    desk_settings: DeskSettings | None = None,
) -> AsyncIterator[DeskHouse]:
    """A house whose book holds four customers, two of whom share a number; ``more`` are further sources."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder}/offhook.sqlite")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    for kind, text in (
        (ImportKind.CUSTOMERS, CUSTOMERS),
        (ImportKind.ORDERS, ORDERS),
        (ImportKind.INCIDENTS, INCIDENTS),
    ):
        await fill(engine, folder, text, kind)
    house = DeskHouse(engine, past_calls, heartbeat_s, settings, more, desk_settings)
    await house.open()
    try:
        yield house
    finally:
        await house.shut()
        await house.notebook.close()
        await house.lookup.close()
        await engine.dispose()


async def past_calls(numbers: Sequence[str]) -> Sequence[PastCall]:
    """The history of the hostile caller; nobody else has called."""
    if "+393351234509" not in numbers:
        return []
    now = datetime.now(UTC)
    return [
        PastCall(at=now - timedelta(hours=20), direction="inbound", outcome="abandoned", queue="sales", wait_s=95.0),
        PastCall(
            at=now - timedelta(days=2),
            direction="inbound",
            outcome="answered",
            queue="support",
            agents=("102",),
            wait_s=12.0,
            talk_s=341.0,
            notes=(PastNote(agent="102", note="Wants an offer for <b>two</b> more", disposition="Offer"),),
        ),
        PastCall(at=now - timedelta(days=9), direction="outbound", outcome="answered", agents=("101",), talk_s=61.0),
    ]
