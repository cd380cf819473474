"""docs/metrics.md names nothing that the running house does not serve, and all of calls, agents and health."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from kpi.metric_specs import SPECS
from offhook.run import Offhook
from tests.cti.scripted_pbx import ScriptedPbx
from tests.kpi.test_metric_specs import PAGE, ROW
from tests.offhook.house import pbx_settings, settings_for


async def test_the_page_tells_of_what_is_served(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx, Offhook(settings_for(pbx_settings(pbx)), tmp_path) as house:
        families = list(text_string_to_metric_families(house.metrics().decode()))
    served = {one.name + "_total" * (one.type == "counter"): one for one in families}
    documented = {name: kind for name, kind, _, _ in ROW.findall(PAGE)}
    kinds = {name: one.type for name, one in served.items()}
    assert documented.items() <= kinds.items()
    assert SPECS.keys() <= documented.keys() & served.keys()
