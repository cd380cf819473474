"""The house on a simulated PBX at thirty times the speed of life, in a thread, scraped by a real Prometheus."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from crm_bridge.pop import DeskId
from crm_bridge.settings import CrmSettings, SourceSettings
from crm_bridge.webhook_settings import WebhookEvent, WebhookSettings
from cti.model import Oddity, OddityFound, Origin
from cti.pbx.settings import PbxSettings
from offhook.run import Offhook
from offhook.settings import Settings
from offhook.simulator.people import Public
from offhook.simulator.plant import Plant
from offhook.simulator.server import AmiServer
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Bustle, Traffic
from offhook.web.security import WebSettings
from tests.crm_bridge.receiver import SECRET, Receiver
from tests.crm_bridge.vendors.zammad import CTI_TOKEN, Vendor
from tests.cti.link_contract import until
from tests.prometheus.server import PrometheusServer

PBX = "demo"
SPEED = 30.0
RATE_WINDOW = "10s"
LONGEST_S = 600.0


class WatchedDemo:
    """Enter it in a test's thread: ``prometheus`` is asked there, the house works in another until it is left."""

    def __init__(self, folder: Path, rules: Path) -> None:
        self._folder, self._rules = folder, rules
        self._ready, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), name="watched demo")
        self._url = ""

    def __enter__(self) -> WatchedDemo:
        self._thread.start()
        assert self._ready.wait(60), "the house did not start"
        target = self._url.removeprefix("http://")
        extra = f'rule_files: ["{self._rules}"]'
        self.prometheus = PrometheusServer(self._folder, target, extra=extra, evaluation_s=1)
        self.prometheus.wait_ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.prometheus.stop()
        self._over.set()
        self._thread.join(60)

    async def _work(self) -> None:
        plant = Plant(DEMO, seed=5, started_at=datetime.now(UTC))
        traffic = Traffic(calls_per_hour=1_800.0, talk_median_s=40.0, break_every_s=600.0, break_median_s=120.0)
        bustle = Bustle(plant, Public(random.Random(5), []), traffic, seed=5)
        plant.staff_logs_in()
        async with (
            AmiServer(plant, "demo", "a secret", speed=0.0) as server,
            Receiver() as receiver,
            Vendor() as zammad,
            Offhook(_settings(server.port, receiver, zammad), self._folder) as house,
        ):
            self._url = house.url
            await until(lambda: server.clients == 1)
            house.desk.listen(lambda desks: _show(house, desks))
            bustle.begin()
            server.speed = SPEED
            await until(lambda: house.recorder.stored > 5)
            house.feed.publish(_something_odd())
            server.cut()
            await until(lambda: house.lines[0].link.health().reconnects == 1 and house.recorder.stored > 20)
            self._ready.set()
            await until(self._over.is_set, LONGEST_S)


def asked(expr: str) -> str:
    """A panel's question with Grafana's variables filled in: all of everything, the last ten minutes."""
    expr = re.sub(r"\$(pbx|queue|agent)\b", ".*", expr)
    expr = expr.replace("$__range", "10m").replace("$__rate_interval", RATE_WINDOW)
    assert "$" not in expr, expr
    return expr


def answers(query: Callable[[str], list[tuple[dict[str, str], float]]], expr: str) -> bool:
    """Whether there is at least one number: neither nothing nor NaN."""
    return any(value == value for _, value in query(expr))


def _settings(port: int, receiver: Receiver, zammad: Vendor) -> Settings:
    pbx = PbxSettings(
        name=PBX,
        port=port,
        username="demo",
        secret="a secret",
        trunks=["trunk"],
        keepalive_s=0.5,
        backoff_first_s=0.1,
        wrap_up_s=dict.fromkeys(("sales", "support", "billing", "orders"), 0.2),
    )
    webhook = WebhookSettings(name="site", url=receiver.url, secret=SECRET, events=tuple(WebhookEvent))
    desk = SourceSettings(name="desk", kind="zammad", options=zammad.options() | {"cti_token": CTI_TOKEN})
    crm = CrmSettings(default_region="IT", sources=(SourceSettings(name="book", kind="book"), desk))
    return Settings(pbx=(pbx,), web=WebSettings(listen="127.0.0.1:0"), crm=crm, webhook=(webhook,))


def _show(house: Offhook, desks: set[DeskId]) -> None:
    """As browsers do that show each card."""
    for desk in desks:
        for card in house.desk.view(desk).cards:
            house.desk.confirm_shown(desk, card.pop_id)


def _something_odd() -> OddityFound:
    """As the call model tells what it did not expect; the simulated PBX does nothing of the sort."""
    now, origin = datetime.now(UTC), Origin(PBX, "s", 1, "Hangup")
    return OddityFound(at=now, origin=origin, oddity=Oddity("leg-arrow", "made for the test", now, origin))
