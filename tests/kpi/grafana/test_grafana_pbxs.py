"""The dashboard of health shows every metric of health."""

from __future__ import annotations

import re

from kpi.grafana.alerts import ALERTS
from kpi.grafana.pbxs import PBXS
from kpi.metric_specs import SPECS, Section


def test_every_metric_of_health_is_shown_or_watched() -> None:
    asked = " ".join(query.expr for view in PBXS.views for query in view.queries)
    watched = " ".join(alert.expr for alert in ALERTS)
    names = set(re.findall(r"offhook_\w+", f"{asked} {watched}"))
    health = {name for name, spec in SPECS.items() if spec.section is Section.HEALTH}
    told_elsewhere = {"offhook_gaps_open", "offhook_link_attempts_failed_total", "offhook_link_bytes_total"}
    assert health - names == told_elsewhere
