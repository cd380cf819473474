"""What the reader of FreeSWITCH's records gives is what the teller takes."""

from __future__ import annotations

from cti.pbx.freeswitch_cdr_legs import CdrLeg, LoggedLegs, Peer, Profile, Step
from kpi.importers import lines
from kpi.importers.freeswitch_record import parse_json_record
from tests.kpi.importers.freeswitch_logged import FOLDERS, json_files


def test_the_readers_records_are_what_is_told_from() -> None:
    leg: CdrLeg = parse_json_record(json_files(FOLDERS["S08"])[0][1])
    profile: Profile = leg.profiles[-1]
    peer: Peer = lines.Peer("1")
    step: Step = lines.Step("bridge", "user/101", 1)
    logged: LoggedLegs = lines.LoggedCall(legs=(leg,))  # type: ignore[arg-type]
    assert logged.legs[0].uuid == leg.uuid
    assert profile.destination
    assert (peer.uuid, step.app) == ("1", "bridge")
