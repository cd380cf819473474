"""Each header that a recording holds is known; what is not known may hold anything."""

from __future__ import annotations

import doctest

import pytest

import cti.scrub_headers
from cti.scrub_headers import Holds, holds
from tests.cti.journaled import RECORDINGS


def test_the_examples_hold() -> None:
    assert doctest.testmod(cti.scrub_headers).failed == 0


def test_every_header_of_the_recordings_is_known() -> None:
    headers: set[str] = set()
    for path in RECORDINGS.glob("asterisk-*/*/events.ami"):
        if path.parent.name != "mix-1":
            lines = path.read_bytes().decode().split("\r\n")
            headers |= {line.partition(":")[0] for line in lines if ": " in line}
    unknown = {header for header in headers if header != "Value" and holds(header) is Holds.ANYTHING}
    assert {header for header in unknown if not header.endswith("AccountCode")} == set()
    assert len(headers) > 200


@pytest.mark.parametrize(
    ("header", "variable", "what"),
    [
        ("CallerIDNum", "", Holds.TEXT),
        ("OrigTransfererCallerIDName", "", Holds.NAMES),
        ("EffectiveConnectedLineName", "", Holds.NAMES),
        ("LocalTwoExten", "", Holds.TEXT),
        ("SecondBridgeUniqueid", "", Holds.IDS),
        ("Originator", "", Holds.ANYTHING),
        ("Value", "QUEUESTATUS", Holds.TEXT),
        ("Value", "__QUEUENAME", Holds.TEXT),
        ("Value", "CALLER_NAME", Holds.ANYTHING),
        ("Value", "RTPAUDIOQOSLOSS", Holds.IDS),
        ("Value", "", Holds.ANYTHING),
        ("", "", Holds.ANYTHING),
    ],
)
def test_what_a_header_holds(header: str, variable: str, what: Holds) -> None:
    assert holds(header, variable) is what
