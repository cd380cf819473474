"""Writes the dashboards and rules: ``python -m kpi.grafana.make``. What it writes is kept beside the code."""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from kpi.grafana.agents import AGENTS
from kpi.grafana.frame import dashboard_of
from kpi.grafana.overview import OVERVIEW
from kpi.grafana.pbxs import PBXS
from kpi.grafana.queues import QUEUES
from kpi.grafana.rules import rules_text

FOLDER = Path(__file__).parent
PAGES = (OVERVIEW, QUEUES, AGENTS, PBXS)


def files() -> dict[str, str]:
    """Each file's text by its path in this folder."""
    boards = {f"dashboards/{page.uid}.json": dashboard_of(page) for page in PAGES}
    texts = {path: json.dumps(board, cls=JSONEncoder, indent=2) + "\n" for path, board in boards.items()}
    return texts | {"rules/offhook.yml": rules_text()}


def write(folder: Path = FOLDER) -> None:
    """Write them all."""
    for path, text in files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
