"""What the terminal shows before customers are made one, and of those who were."""

from __future__ import annotations

import msgspec

from crm_bridge.contact import Contact, ContactNumber
from crm_bridge.merging import Merge
from offhook.customer_merges import merge_line, preview_lines
from tests.crm_bridge.scene import START

ANNA = Contact(source="book", contact_id="1", name="Anna", external_id="A1", numbers=(ContactNumber("335 1", "+391"),))
TWIN = Contact(
    source="book",
    contact_id="2",
    name="Anna \x1b[2J",
    email="anna@example.com",
    numbers=(ContactNumber("335 1", "+391"), ContactNumber("335 2", "+392")),
)
MERGE = Merge(
    merge_id=3, kept_id=1, kept_name="Anna", gone_id=2, gone_name="A\x1b[2J", merged_by="Dana", merged_at=START
)


def test_the_preview_tells_what_is_new() -> None:
    lines = preview_lines(ANNA, TWIN)
    assert lines[0] == "kept:   id:1 Anna, No. A1, 335 1"
    assert lines[1].startswith("joins:  id:2 Anna ?[2J")
    assert "  335 1" in lines
    assert "  335 2  (new here)" in lines
    assert "  e-mail: anna@example.com  (new here)" in lines
    assert "  own number: A1" in lines
    assert all(line.isprintable() for line in lines)


def test_a_merge_is_one_line_with_its_undoing() -> None:
    assert merge_line(MERGE) == "3: id:2 A?[2J is a part of id:1 Anna, by Dana on 2026-11-21 09:00 UTC"
    undone = msgspec.structs.replace(MERGE, undone_by="Kim", undone_at=START)
    assert merge_line(undone).endswith("; undone by Kim on 2026-11-21 09:00 UTC")
