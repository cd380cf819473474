"""Fifos, told from the records that a FreeSWITCH 1.11 wrote of them with percent-encoded values."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from cti.model import Call, CallOutcome, EndedBy, StayOutcome
from cti.pbx.freeswitch_logs import FreeswitchLogs
from kpi.importers.freeswitch_gathering import LegGathering
from kpi.importers.freeswitch_record import parse_json_record

WRITTEN = Path(__file__).parents[2] / "recordings" / "freeswitch-cdr" / "fifo.tar.gz"


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    """In the order in which they came."""
    with tarfile.open(WRITTEN) as tar:
        files = [tar.extractfile(member) for member in tar]
        legs = [parse_json_record(file.read()) for file in files if file is not None]
    gathering, teller = LegGathering(), FreeswitchLogs("hq")
    for leg in sorted(legs, key=lambda leg: leg.noted_at):
        gathering.take(leg)
    told = [call for logged in gathering.rest() for call in teller.tell(logged)]
    return sorted(told, key=lambda call: call.offered_at)


def test_each_wait_ends_as_it_did(calls: list[Call]) -> None:
    """Answered, rung at two phones, missed and rung again, given up, timed out, left by a key, taken on the line."""
    told = [[(stay.queue, stay.outcome, stay.key) for stay in call.stays] for call in calls]
    answered = [("orders", StayOutcome.ANSWERED, None)]
    assert told[:3] == [answered] * 3
    assert told[3:6] == [
        [("orders", StayOutcome.ABANDONED, None)],
        [("orders", StayOutcome.TIMEOUT, None)],
        [("orders", StayOutcome.EXIT_KEY, "1")],
    ]
    assert told[6:] == [answered, answered, [("returns", StayOutcome.ANSWERED, None)]]


def test_who_rang_who_answered_and_who_ended_it(calls: list[Call]) -> None:
    assert [(call.agents_rung, call.answered_by) for call in calls] == [
        (("101",), ("101",)), (("101", "102"), ("102",)), (("101",), ("101",)), (("101",), ()), ((), ()), ((), ()),
        ((), ("101",)), ((), ("101",)), (("101",), ("101",)),
    ]  # fmt: skip
    assert [call.outcome for call in calls[3:6]] == [
        CallOutcome.ABANDONED, CallOutcome.TIMEOUT, CallOutcome.EXIT_KEY
    ]  # fmt: skip
    assert [call.ended_by for call in calls[:4]] == [
        EndedBy.AGENT, EndedBy.CUSTOMER, EndedBy.CUSTOMER, EndedBy.CUSTOMER
    ]  # fmt: skip
    assert all(0.4 < (talk.talk_s or 0) < 2 for call in calls for talk in call.talks)
