"""Signals put in order."""

from __future__ import annotations

from cti.model import Origin
from cti.pbx.asterisk_script import Script
from cti.signals import LegAnswered, LegHeld, LegRang
from tests.cti.pbx.written import at


def test_places_decide_and_at_one_place_who_came_first() -> None:
    script = Script(Origin("milan", "cel", 0, "x"))
    script.add(2, at(0), LegHeld, "1", None)
    script.add(1, at(9), LegRang, "1", None)
    script.add(1, at(3), LegAnswered, "1", None)
    assert [type(signal) for signal in script] == [LegRang, LegAnswered, LegHeld]
    assert [signal.at for signal in script] == [at(9), at(3), at(0)]
