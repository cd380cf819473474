"""A real Prometheus server on loopback, with its own configuration and data, for tests that ask it in PromQL."""

from __future__ import annotations

import json
import shutil
import urllib.parse
import urllib.request
from datetime import datetime
from pathlib import Path

from tests.pbx.lab.processes import Program, free_port, until

CONFIG = """
global:
  scrape_interval: {interval_s}s
  scrape_timeout: {interval_s}s
  evaluation_interval: {evaluation_s}s
scrape_configs:
  - job_name: offhook
    static_configs:
      - targets: ["{target}"]
{extra}
"""


class PrometheusServer:
    """One Prometheus that scrapes ``target`` (host:port, path /metrics) every ``interval_s`` seconds."""

    def __init__(self, folder: Path, target: str, interval_s: int = 1, extra: str = "", evaluation_s: int = 60) -> None:
        binary = shutil.which("prometheus")
        assert binary, "prometheus is missing: apt-get install prometheus"
        self.port = free_port()
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(interval_s=interval_s, target=target, extra=extra, evaluation_s=evaluation_s))
        self._program = Program(
            [binary, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
             "--storage.tsdb.retention.time=30y", f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"],
            folder / "prometheus.log",
        )  # fmt: skip

    def wait_ready(self) -> None:
        """Return when the server answers queries and its target was scraped once."""
        until("Prometheus scrapes its target", lambda: self.value("up") == 1, 30, self._program.output)

    def wait_awake(self) -> None:
        """Return when the server answers queries, whether it has a target or not."""
        until("Prometheus answers", lambda: self.value("sum(vector(1))") == 1, 30, self._program.output)

    def query(self, promql: str, at: datetime | None = None) -> list[tuple[dict[str, str], float]]:
        """Return the instant vector, as of ``at``: each row's labels and its value; empty until the server is up."""
        asked = {"query": promql} | ({} if at is None else {"time": f"{at.timestamp():.3f}"})
        address = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode(asked)
        try:
            with urllib.request.urlopen(address, timeout=10) as reply:
                answer = json.load(reply)
        except urllib.error.HTTPError as refused:
            if refused.code != 503:
                raise AssertionError(f"{promql}: {refused.read().decode()}") from refused
            return []
        except OSError:
            return []
        return [(row["metric"], float(row["value"][1])) for row in answer["data"]["result"]]

    def value(self, promql: str) -> float | None:
        """Return the one value of the query, None when it has no row; AssertionError when it has several."""
        rows = self.query(promql)
        assert len(rows) < 2, f"{promql} has {len(rows)} rows: {rows}"
        return rows[0][1] if rows else None

    def stop(self) -> None:
        self._program.stop()
