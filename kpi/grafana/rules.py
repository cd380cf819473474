"""Recording and alert rules as a file for Prometheus."""

from __future__ import annotations

from typing import Any

import yaml

from kpi.grafana.alerts import ALERTS, Alert
from kpi.grafana.recordings import RECORDINGS

HEAD = """\
# Made by `python -m kpi.grafana.make`: change the source, not this file.
# What to do on each alert: docs/alerts.md
"""


def rules_text() -> str:
    """The rules as YAML."""
    recorded = [{"record": name, "expr": expr} for name, expr in RECORDINGS.items()]
    groups = [
        {"name": "offhook-recordings", "rules": recorded},
        {"name": "offhook-alerts", "rules": [_alert(alert) for alert in ALERTS]},
    ]
    body: str = yaml.safe_dump({"groups": groups}, sort_keys=False, width=110, allow_unicode=True)
    return HEAD + body


def _alert(alert: Alert) -> dict[str, Any]:
    rule: dict[str, Any] = {"alert": alert.name, "expr": alert.expr}
    if alert.lasting:
        rule["for"] = alert.lasting
    rule["labels"] = {"severity": alert.severity.value}
    rule["annotations"] = {
        "summary": alert.summary,
        "description": alert.description,
        "runbook": f"docs/alerts.md#{alert.name.lower()}",
    }
    return rule
