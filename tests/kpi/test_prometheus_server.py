"""A real Prometheus reads the metrics, and the queries of the documentation run on it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cti.model import StayOutcome
from kpi.live import LiveBoard
from kpi.prometheus import KpiCollector
from tests.kpi.calls import abandoned_call, answered_call
from tests.kpi.scraping import exposition, totals_of
from tests.prometheus.server import PrometheusServer

ROOT = Path(__file__).parent.parent.parent
QUERIES = re.findall(r"```promql\n(.*?)```", (ROOT / "docs" / "metrics.md").read_text(), re.DOTALL)
CALLS = [answered_call("1", wait=20), answered_call("2", wait=21), abandoned_call("3", wait=4)]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    collector = KpiCollector(totals_of(*CALLS), LiveBoard())

    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(exposition(collector))

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Metrics) as site:
        threading.Thread(target=site.serve_forever).start()
        server = PrometheusServer(tmp_path_factory.mktemp("prometheus"), f"127.0.0.1:{site.server_port}")
        server.wait_ready()
        yield server
        server.stop()
        site.shutdown()


def test_prometheus_has_the_numbers_of_the_calls(prometheus: PrometheusServer) -> None:
    assert prometheus.value("sum(offhook_calls_total)") == 3
    assert prometheus.value('offhook_stays_total{queue="sales",outcome="abandoned"}') == 1
    assert prometheus.value('offhook_wait_seconds_bucket{queue="sales",outcome="answered",le="20.0"}') == 1
    assert prometheus.value('offhook_wait_seconds_sum{queue="sales",outcome="answered"}') == 41
    outcomes = {labels["outcome"] for labels, _ in prometheus.query("offhook_stays_total")}
    assert outcomes == set(StayOutcome)


@pytest.mark.parametrize("query", QUERIES)
def test_the_documented_queries_run(prometheus: PrometheusServer, query: str) -> None:
    prometheus.query(query)
    whole = query.replace("increase(", "last_over_time(")
    assert len(prometheus.query(whole)) == 1
