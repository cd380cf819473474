"""What a form sends becomes a note that can be kept."""

from __future__ import annotations

from crm_bridge.call_note import MAX_DISPOSITION, MAX_NOTE, NotedCustomer, NotedText, clean_note, noted_customer
from crm_bridge.contact import Contact


def test_what_comes_from_a_form_is_cleaned_and_bounded() -> None:
    assert clean_note("  a\x00b \r\n  c\u202e\n", " Offer\n made ") == NotedText("a b\nc", "Offer made")
    text = clean_note("n" * 99_999, "d" * 999)
    assert (len(text.note), len(text.disposition)) == (MAX_NOTE, MAX_DISPOSITION)


def test_a_customer_is_kept_by_source_and_id_and_bounded() -> None:
    long = Contact(source="s" * 200, contact_id="i" * 500, name="n" * 999)
    kept = noted_customer(long, "+391", on_behalf=True)
    assert [len(part or "") for part in (kept.source, kept.contact_id, kept.name)] == [100, 255, 255]
    assert (kept.on_behalf, kept.match_key) == (True, "+391")
    assert noted_customer(None, None) == NotedCustomer()
