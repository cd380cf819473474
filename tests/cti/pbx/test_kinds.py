"""A kind of PBX is a module with a dialect, found by its name."""

from __future__ import annotations

import pytest

from cti.pbx.kinds import find_kinds
from cti.pbx.settings import PbxSettings
from cti.recording import KINDS


def test_the_kinds_are_those_of_which_there_are_recordings() -> None:
    assert set(find_kinds()) == {"asterisk", "freeswitch"} == set(KINDS.values())


@pytest.mark.parametrize("kind", find_kinds())
def test_a_kind_makes_a_dialect_of_its_own_name(kind: str) -> None:
    dialect = find_kinds()[kind](PbxSettings(name="hq", kind=kind, username="offhook"))
    assert dialect.kind == kind
    assert dialect.wire(1 << 16).banner is None
    assert len(dialect.wanted) > 10
