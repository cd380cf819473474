"""Both simulated PBXs are sites: the same traffic drives them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from offhook.simulator.freeswitch.plant import FreeswitchPlant
from offhook.simulator.plant import Plant
from offhook.simulator.site import Site
from offhook.simulator.sites import DEMO

STARTED_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("make", [Plant, FreeswitchPlant], ids=["asterisk", "freeswitch"])
def test_a_site_has_people_and_queues(make: type[Plant] | type[FreeswitchPlant]) -> None:
    site: Site = make(DEMO, seed=1, started_at=STARTED_AT)
    site.log_in("103", "support")
    assert [queue.plan.name for queue in site.queues_of("103")] == ["support"]
    assert site.is_free("103")
    site.pause("103", True, "lunch")
    assert site.lines["support"].members["103"].paused
    site.log_out("103", "support")
    assert list(site.queues_of("103")) == []
    assert site.now() == STARTED_AT
