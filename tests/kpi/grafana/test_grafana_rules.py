"""The rules file: Prometheus's own tool checks it, and each alert fires when it should and only then."""

from __future__ import annotations

import re
import subprocess

import yaml

from kpi.grafana.alerts import ALERTS
from kpi.grafana.make import FOLDER
from kpi.grafana.recordings import RECORDINGS
from kpi.grafana.rules import rules_text
from tests.source import ROOT

RULES = FOLDER / "rules" / "offhook.yml"
CASES = ROOT / "tests" / "kpi" / "grafana" / "rules_test.yml"


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)


def test_prometheus_takes_the_rules() -> None:
    checked = promtool("check", "rules", RULES)
    assert checked.returncode == 0, checked.stderr
    assert f"{len(ALERTS) + len(RECORDINGS)} rules found" in checked.stdout


def test_each_alert_fires_when_it_should_and_only_then() -> None:
    tested = promtool("test", "rules", CASES)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_each_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    cases = [case for group in yaml.safe_load(CASES.read_text())["tests"] for case in group["alert_rule_test"]]
    firing = {case["alertname"] for case in cases if case["exp_alerts"]}
    quiet = {case["alertname"] for case in cases if not case["exp_alerts"]}
    assert firing == quiet == {alert.name for alert in ALERTS}


def test_every_alert_leads_to_its_runbook() -> None:
    groups = yaml.safe_load(rules_text())["groups"]
    alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    assert {rule["annotations"]["runbook"] for rule in alerts} == {f"docs/alerts.md#{a.name.lower()}" for a in ALERTS}
    assert all(re.fullmatch(r"critical|warning", rule["labels"]["severity"]) for rule in alerts)
