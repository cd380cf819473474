"""What the readers make is what the dialect takes."""

from __future__ import annotations

import pytest

from cti.pbx import asterisk_log_lines as wanted
from kpi.importers import lines


@pytest.mark.parametrize("name", ["QueueLine", "CelRow", "CdrRow", "LoggedCall"])
def test_each_record_has_all_that_is_asked_of_it(name: str) -> None:
    asked = {one for one in vars(getattr(wanted, name)) if not one.startswith("_")}
    assert asked
    assert asked <= set(getattr(lines, name).__struct_fields__)
