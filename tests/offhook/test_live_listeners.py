"""The whole house with a help desk that keeps a log of callers: from the PBX's socket to the help desk's entry."""

from __future__ import annotations

from pathlib import Path

import msgspec

from crm_bridge.settings import CrmSettings, SourceSettings
from offhook.run import Offhook
from tests.crm_bridge.scene import until
from tests.crm_bridge.vendors.zammad import CTI_TOKEN, Vendor
from tests.cti.scripted_pbx import ScriptedPbx
from tests.offhook.house import pbx_settings, recorded, settings_for


async def test_a_call_is_in_the_caller_log_of_zammad_and_not_again_after_a_start(tmp_path: Path) -> None:
    async with ScriptedPbx() as pbx, Vendor() as zammad:
        options = zammad.options() | {"cti_token": CTI_TOKEN}
        crm = CrmSettings(sources=(SourceSettings(name="desk", kind="zammad", options=options),))
        settings = msgspec.structs.replace(settings_for(pbx_settings(pbx)), crm=crm)
        async with Offhook(settings, tmp_path) as house:
            await until(lambda: house.lines[0].link.connected)
            await pbx.send(recorded("S01"))
            await until(lambda: house.recorder.stored == 1)
            await until(lambda: [one["event"] for one in zammad.heard][-1:] == ["hangup"])
            await until(lambda: 'offhook_cti_push_total{result="sent",source="desk"} 3.0' in house.metrics().decode())
        assert [one["event"] for one in zammad.heard] == ["newCall", "answer", "hangup"]
        [entry] = zammad.caller_log.values()
        assert (entry["direction"], entry["queue"], entry["cause"]) == ("in", "sales", "normalClearing")
        async with Offhook(settings, tmp_path) as house:
            await until(lambda: house.lines[0].link.connected)
        assert len(zammad.heard) == 3
