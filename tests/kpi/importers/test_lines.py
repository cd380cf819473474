"""The records that readers make."""

from __future__ import annotations

from cti.pbx.asterisk_logs import AsteriskLogs
from kpi.importers.lines import BadLineError, Teller


def test_asterisks_logs_are_told_by_a_teller() -> None:
    teller: Teller = AsteriskLogs("milan")
    assert teller.is_phone("PJSIP/101-00000001")


def test_a_bad_line_is_told_in_words() -> None:
    assert str(BadLineError("it has no event")) == "it has no event"
