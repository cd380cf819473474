"""The tables hold what the records hold."""

from __future__ import annotations

import pytest
from sqlalchemy import Table

from cti.model import Call, CallOutcome, RingResult, StayOutcome, TransferKind
from kpi import schema
from kpi.batch import Mark, Span
from kpi.rows import PARTS
from kpi.tally import Tally, TallyKey


@pytest.mark.parametrize("table", PARTS, ids=lambda table: table.name)
def test_a_part_has_a_column_for_each_field(table: Table) -> None:
    assert {column.name for column in table.columns} == {"pbx", "call_id", "n", *PARTS[table].__struct_fields__}


def test_a_call_has_a_place_for_each_field() -> None:
    elsewhere = {"caller", "origin", *(table.name for table in PARTS)}
    assert set(Call.__struct_fields__) - elsewhere <= {column.name for column in schema.calls.columns}
    assert {table.name for table in PARTS} <= set(Call.__struct_fields__)


def test_a_tally_has_a_column_for_each_number() -> None:
    columns = {column.name for column in schema.tallies.columns}
    counted = {"calls": CallOutcome, "stays": StayOutcome, "rings": RingResult, "transfers": TransferKind}
    words = {f"{field}_{word.value}" for field, kind in counted.items() for word in kind}
    assert columns == {*TallyKey._fields, *Tally.__struct_fields__, *words} - counted.keys()


def test_spans_and_marks_have_a_column_for_each_field() -> None:
    assert {column.name for column in schema.agent_spans.columns} == set(Span.__struct_fields__)
    assert {column.name for column in schema.journal_marks.columns} == set(Mark.__struct_fields__)


def test_every_key_fits_a_postgresql_index_row() -> None:
    for table in schema.metadata.sorted_tables:
        widths = [getattr(column.type, "length", None) or getattr(column.type.impl, "length", None) or 8
                  for column in table.primary_key if hasattr(column.type, "impl")]  # fmt: skip
        assert sum(widths) * 4 < 2_700, table.name
