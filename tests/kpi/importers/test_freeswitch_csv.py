"""mod_cdr_csv's lines, of any template."""

from __future__ import annotations

import re
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from kpi.importers.freeswitch_csv import OFFHOOK, OFFHOOK_COLUMNS, TEMPLATES, parse_csv_record
from kpi.importers.lines import BadLineError
from tests.kpi.importers.freeswitch_logged import FOLDERS, OWN_COLUMNS, csv_of, json_files

ROOT = Path(__file__).parents[3]
WRITTEN = ROOT / "tests" / "recordings" / "freeswitch-cdr"
[CALLER] = [raw for name, raw in json_files(FOLDERS["S18"]) if name.startswith("a_")]
UUID = re.search(rb'"uuid":"([^"]+)"', CALLER)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_each_of_freeswitchs_own_templates_is_known(name: str) -> None:
    leg = parse_csv_record(csv_of(CALLER, TEMPLATES[name]))
    assert UUID is not None
    assert leg.uuid == UUID[1].decode()
    assert leg.profiles[-1].number == "+393331234518" or leg.profiles[-1].number.startswith("+")
    assert leg.ended_us - leg.began_us < 60_000_000


def test_offhooks_template_tells_more() -> None:
    leg = parse_csv_record(csv_of(CALLER, OFFHOOK_COLUMNS), 9)
    assert leg.offset == 9
    assert leg.variables["cc_queue"]
    assert leg.profiles[0].destination == "+390221000100"
    assert leg.began_us % 1_000_000
    assert '"' in leg.profiles[0].name


def test_the_template_in_the_dialplans_is_the_one_that_is_read() -> None:
    sample = (ROOT / "dialplans/freeswitch/cdr_csv.conf.xml.sample").read_text()
    template = re.search(r'<template name="offhook">(.*)</template>', sample)
    assert template is not None
    assert template[1] == ",".join([f'"{OFFHOOK}"', *(f'"${{{name}}}"' for name in OFFHOOK_COLUMNS)])


def test_what_freeswitch_wrote_is_read() -> None:
    lines = (WRITTEN / "example.csv").read_bytes().splitlines()
    legs = [parse_csv_record(line) for line in lines]
    assert len(legs) > 5
    assert all(leg.variables["hangup_cause"] for leg in legs)


def test_columns_may_be_named() -> None:
    line = (FOLDERS["S01"] / "cdr.csv").read_bytes().splitlines()[0]
    with pytest.raises(BadLineError, match="19 columns"):
        parse_csv_record(line)
    assert parse_csv_record(line, columns=OWN_COLUMNS).variables["cc_agent"] == "101"


def test_quotes_and_commas_in_a_callers_name_do_not_move_the_columns() -> None:
    name = r'a","b \"c\"", "d'
    row = (
        f'"{name}","+39","7001","default","2026-11-21 19:22:20","","2026-11-21 19:22:28","8","0","X","{"u" * 20}","",""'
    )
    leg = parse_csv_record(f'{row},"",""\n'.encode())
    assert (leg.variables["caller_id_name"], leg.uuid, leg.variables["hangup_cause"]) == (
        name.replace('", "', '","'),
        "u" * 20,
        "X",
    )


def test_local_times_are_of_the_zone_that_is_named() -> None:
    line = csv_of(CALLER, TEMPLATES["example"])
    east = parse_csv_record(line, zone=timezone(timedelta(hours=2)))
    assert parse_csv_record(line).began_us - east.began_us == 7_200_000_000


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"x",
        b'"',
        b'"a"',
        b'"a","b"\n',
        b"\x00" * 50,
        b'"' * 400,
        b'"offhook-1","a"',
        b"INSERT INTO cdr VALUES ()",
    ],
)
def test_what_is_no_record_is_said(line: bytes) -> None:
    with pytest.raises(BadLineError):
        parse_csv_record(line)
