"""The FreeSWITCH recordings' calls, rebuilt from its CDRs alone: how much of the truth each kind gives back."""

from __future__ import annotations

import pytest

from tests.kpi.importers.fidelity import FIELDS, far_apart, table_in_docs
from tests.kpi.importers.freeswitch_logged import FOLDERS, KINDS, fidelity_table, score

#: Fields right of 242 calls' 13, and calls that there never were: no less, and no more. docs/gaps.md tells the same.
FLOORS = {
    "json_cdr": (3_140, 0),
    "json_cdr, first legs": (3_050, 4),
    "xml_cdr": (3_140, 0),
    "v_xml_cdr with json": (3_140, 0),
    "v_xml_cdr": (2_850, 5),
    "cdr_csv, Offhook's": (3_130, 0),
    "cdr_csv, example": (1_500, 15),
    "cdr_csv, recorded": (2_350, 49),
}


def test_every_recording_has_its_records() -> None:
    assert len(FOLDERS) == 31
    assert FLOORS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_as_much_of_the_truth_is_told_as_was_measured(kind: str) -> None:
    """``json_cdr`` and ``cdr_csv, recorded`` are FreeSWITCH's own files, the others are made out of the JSON."""
    result = score(kind)
    print(f"{kind:22} {result.told}/{result.calls} calls told, {result.exact} exact, "
          f"{result.fields}/{result.calls * len(FIELDS)} fields right, {result.ghosts} ghosts")  # fmt: skip
    floor, ghosts = FLOORS[kind]
    assert result.calls == 242
    assert result.fields >= floor
    assert result.ghosts <= ghosts


def test_the_docs_say_what_was_measured() -> None:
    """``fidelity_table`` writes it anew."""
    assert far_apart(table_in_docs("fidelity of FreeSWITCH"), fidelity_table()) == []
