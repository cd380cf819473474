"""Alerts: each in words, each with its page of what to do, each question a part of its limit."""

from __future__ import annotations

import re

import pytest

from kpi.grafana.alerts import ALERTS, Alert
from kpi.metric_specs import SPECS
from tests.source import ROOT

RUNBOOK = (ROOT / "docs" / "alerts.md").read_text()
EACH = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)


@EACH
def test_an_alert_says_what_and_what_to_do(alert: Alert) -> None:
    assert alert.summary
    assert len(alert.description) > 30
    section = RUNBOOK.partition(f"\n## {alert.name}\n")[2].partition("\n## ")[0]
    assert len(section.strip()) > 100, f"docs/alerts.md has no section {alert.name}"


def test_no_runbook_is_of_an_alert_that_there_is_not() -> None:
    assert set(re.findall(r"^## (Offhook\w+)$", RUNBOOK, re.MULTILINE)) == {alert.name for alert in ALERTS}


def test_names_are_unique() -> None:
    assert len({alert.name for alert in ALERTS}) == len(ALERTS)


@EACH
def test_the_questions_are_parts_of_the_limit(alert: Alert) -> None:
    assert alert.vectors
    assert all(vector in alert.expr for vector in alert.vectors)


@EACH
def test_words_use_only_labels_that_the_metrics_have(alert: Alert) -> None:
    known = {label for spec in SPECS.values() for label in spec.labels} | {"instance", "source", "target"}
    used = set(re.findall(r"\$labels\.(\w+)", alert.summary + alert.description))
    assert used <= known
