"""What each kind of log can tell."""

from __future__ import annotations

import pytest

from cti.pbx.log_settings import KINDS_OF
from kpi.importers.kinds import ALL_KINDS, missing_of, tells_all


@pytest.mark.parametrize(
    ("kinds", "missing"),
    [
        ((), "no logs"), (("queue_log",), "in queues"), (("cdr",), "no waits"), (("queue_log", "cdr"), None),
        (("cel",), None), (("json_cdr",), None), (("cdr_csv",), None), (("v_xml_cdr",), None),
    ],
)  # fmt: skip
def test_what_is_missing_is_said(kinds: tuple[str, ...], missing: str | None) -> None:
    told = missing_of(kinds)
    assert told == missing if missing is None else missing in (told or "")


def test_the_kinds_that_tell_all_and_those_of_the_settings() -> None:
    assert [kind for kind in ALL_KINDS if tells_all([kind])] == ["cel", "json_cdr", "xml_cdr", "v_xml_cdr"]
    assert set(ALL_KINDS) == {kind for kinds in KINDS_OF.values() for kind in kinds}
