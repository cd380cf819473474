"""The ready AMI user and its contract, held against what the dialect reads and what a real PBX sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cti.pbx.asterisk_events import WANTED

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "dialplans/asterisk/manager.conf.sample"
CONTRACT = ROOT / "dialplans/asterisk/CONTRACT.md"
EVENT = re.compile(rb"^Event: (\w+)\r\nPrivilege: (\w+),all\r$", re.MULTILINE)
OPTIONAL = {"VarSet", "Newexten"}  # the contract says what is lost without them


def read_classes() -> set[str]:
    line = next(line for line in SAMPLE.read_text().splitlines() if line.startswith("read = "))
    return set(line.removeprefix("read = ").split(","))


def classes_of_events(pbx: str) -> dict[str, str]:
    """Each event of the recordings with the class that the PBX sent it under."""
    streams = [path.read_bytes() for path in (ROOT / "tests/recordings" / pbx).glob("*/events.ami")]
    return {name.decode(): kind.decode() for stream in streams for name, kind in EVENT.findall(stream)}


@pytest.mark.parametrize("pbx", ["asterisk-16", "asterisk-22"])
def test_the_sample_user_gets_every_event_that_is_read(pbx: str) -> None:
    sent = classes_of_events(pbx)
    needed = {name: kind for name, kind in sent.items() if name in WANTED - OPTIONAL}
    assert len(needed) > 25
    assert {name for name, kind in needed.items() if kind not in read_classes()} == set()


@pytest.mark.parametrize("pbx", ["asterisk-16", "asterisk-22"])
def test_the_sample_user_has_no_class_too_many(pbx: str) -> None:
    used = {kind for name, kind in classes_of_events(pbx).items() if name in (WANTED - OPTIONAL) | {"FullyBooted"}}
    assert read_classes() == used


def test_the_contract_names_each_event() -> None:
    named = set(re.findall(r"`(\w+)`", CONTRACT.read_text()))
    assert WANTED - named == set()
