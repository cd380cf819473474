"""A month that has been, in FreeSWITCH's names."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from cti.model import LegRole
from kpi.batch import Batch
from offhook.simulator.freeswitch.past import in_freeswitch_names
from offhook.simulator.history import History
from offhook.simulator.people import Public
from offhook.simulator.sites import DEMO
from offhook.simulator.traffic import Traffic

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def test_only_the_names_of_channels_differ() -> None:
    traffic = Traffic(calls_per_hour=20.0, break_every_s=900.0)
    public = Public(random.Random(1), [])
    history = History("demo", DEMO, public, traffic, began_at=MONDAY, ends_at=MONDAY + timedelta(days=1), seed=1)
    (before, *_) = history.batches()
    after = in_freeswitch_names(before)
    assert len(before.calls) > 30
    channels = {leg.channel for call in after.calls for leg in call.legs}
    assert channels
    assert all(channel.startswith("sofia/internal/") for channel in channels)
    agents = {leg.number for call in after.calls for leg in call.legs if leg.role is LegRole.AGENT}
    assert agents <= set(DEMO.agents)
    assert [(call.call_id, call.outcome, call.talks) for call in after.calls] == [
        (call.call_id, call.outcome, call.talks) for call in before.calls
    ]
    assert {span.reason for span in before.spans} > {None}
    assert {span.reason for span in after.spans} == {None}
    assert [span.key for span in after.spans] == [span.key for span in before.spans]
    assert in_freeswitch_names(Batch()) == Batch()
