"""mod_xml_cdr's files."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from kpi.importers.freeswitch_record import parse_json_record
from kpi.importers.freeswitch_xml import parse_xml_record
from kpi.importers.lines import BadLineError
from tests.kpi.importers.freeswitch_logged import FOLDERS, json_files, xml_of

WRITTEN = Path(__file__).parents[2] / "recordings" / "freeswitch-cdr"


def test_what_freeswitch_wrote_as_xml_tells_what_it_wrote_as_json() -> None:
    """Both files of each leg are a FreeSWITCH 1.11's own."""
    names = [path.name.removesuffix(".xml") for path in sorted(WRITTEN.glob("xml/*.xml"))]
    assert len(names) > 5
    for name in names:
        xml = parse_xml_record((WRITTEN / "xml" / f"{name}.xml").read_bytes())
        told = parse_json_record((WRITTEN / "json" / f"{name}.json").read_bytes())
        assert replace(xml, kind="json_cdr") == told


@pytest.mark.parametrize("name", ["S08", "S10", "S18", "S26"])
def test_the_xml_that_other_tests_are_made_with_tells_the_same_too(name: str) -> None:
    for _, raw in json_files(FOLDERS[name]):
        assert replace(parse_xml_record(xml_of(raw)), kind="json_cdr") == parse_json_record(raw)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no XML"),
        (b"<cdr><variables></cdr>", "no XML"),
        (b"<html/>", "another kind"),
        (b"<cdr/>", "no uuid"),
        (b'<!DOCTYPE cdr [<!ENTITY a "aaaa">]><cdr><variables><uuid>&a;</uuid></variables></cdr>', "document type"),
        (b"<cdr>" + b"<a>" * 5_000 + b"</a>" * 5_000 + b"</cdr>", "no uuid"),
    ],
)
def test_what_is_no_record_is_said(raw: bytes, why: str) -> None:
    with pytest.raises(BadLineError, match=why):
        parse_xml_record(raw)
