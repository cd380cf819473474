"""Rows and records are the same, both ways."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import given

from cti.model import Call
from kpi import rows, schema
from kpi.items import tallies_of
from tests.kpi.calls import answered_call, calls


@given(calls)
def test_a_call_is_the_same_after_its_rows(call: Call) -> None:
    parts = {
        table: [rows.part_from(table, cast(Any, row)) for row in rows.part_rows(table, [call])] for table in rows.PARTS
    }
    row = rows.call_row(call, "+39")
    assert rows.call_from(cast(Any, row), parts) == call
    assert row.keys() == {column.name for column in schema.calls.columns}


@given(calls)
def test_a_tally_is_the_same_after_its_row(call: Call) -> None:
    for key, tally in tallies_of(call).items():
        row = cast(Any, rows.tally_row(key, tally))
        assert (rows.tally_key_from(row), rows.tally_from(row)) == (key, tally)
        assert row.keys() == {column.name for column in schema.tallies.columns}


def test_parts_are_numbered_within_their_call() -> None:
    two = [answered_call("1", stays=answered_call().stays * 2), answered_call("2")]
    numbered = [(row["call_id"], row["n"]) for row in rows.part_rows(schema.stays, two)]
    assert numbered == [("1", 0), ("1", 1), ("2", 0)]


def test_keys_are_as_the_database_gives_them_back() -> None:
    call = answered_call("i" * 300, stay_queue="q\x00", agent="a" * 300)
    assert [len(part) for part in rows.call_key(call)] == [5, schema.ID_CHARS]
    cut = {rows.storable_key(key) for key in tallies_of(call)}
    assert {key.queue for key in cut} == {"q\ufffd"}
    assert {len(key.agent) for key in cut} == {0, schema.NAME_CHARS}
