"""What a real FreeSWITCH does beyond queues and phones: recorded by ``tests/freeswitch_live``, told as it happened."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cti.model import CallMerged, CallStarted, RingResult
from offhook.replay import START
from tests.cti.freeswitch_contract import FreeswitchContract
from tests.cti.story import differences, inner_differences, nearest
from tests.cti.told_contract import PAIRS, Recordings, subject

RECORDINGS = Path(__file__).parents[1] / "recordings" / "freeswitch-lab"
NAMES = sorted(path.parent.name for path in RECORDINGS.glob("*/truth.json"))
LABORATORY = Recordings({name: RECORDINGS / name for name in NAMES})


def test_the_recordings_are_here() -> None:
    assert {"fifo-on-the-line", "conference", "pickup-queue", "attended-by-key", "mailbox"} < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
class TestLaboratory(FreeswitchContract):
    recordings = LABORATORY

    def test_each_call_is_told_as_it_happened(self, name: str) -> None:
        told = LABORATORY.rows(name, "call")
        calls = {call.call_id: call for call in LABORATORY.calls(name)}
        wrong = []
        for want in LABORATORY.truth(name)["calls"]:
            got = nearest(want, told)
            assert got is not None, f"{want['id']} was not told"
            told.remove(got)
            wrong += differences(want, got) + inner_differences(want, calls[got["id"]], START)
        assert (wrong, told) == ([], [])

    def test_all_that_begins_ends(self, name: str) -> None:
        events = LABORATORY.events(name)
        merged = {event.call.call_id for event in events if isinstance(event, CallMerged)}
        for begin, end in PAIRS:
            begun = Counter(about[1] for about in map(subject, (one for one in events if isinstance(one, begin))))
            assert begun == Counter(about[1] for about in map(subject, (one for one in events if isinstance(one, end))))
        started = {event.call.call_id for event in events if isinstance(event, CallStarted)}
        assert started == merged | {call.call_id for call in LABORATORY.calls(name)}
        assert all(ring.result is not RingResult.RINGING for call in LABORATORY.calls(name) for ring in call.rings)
