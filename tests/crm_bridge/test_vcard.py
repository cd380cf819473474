"""vCards of all versions, good and broken."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from crm_bridge.rows import RowError
from crm_bridge.vcard import CardText, parse_card, split_cards

V4 = (
    "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:4fbe8971\r\nFN;PID=1.1:Žofia Müller\r\nN:Müller;Žofia;;;\r\n"
    'TEL;VALUE=uri;PREF=1;TYPE="voice,home":tel:+39-02-2100-0100;ext=5\r\nTEL;TYPE=cell:335 1234567\r\n'
    "ORG:Acme\\, Inc.;Sales\r\nNOTE:one\\ntwo\\, three\r\nEMAIL;TYPE=work:z@example.com\r\nLANG:de\r\n"
    "ADR:;;Via Roma 1;Milano;;20100;Italy\r\nitem1.TEL:02 1234567\r\nEND:VCARD\r\n"
)
V3 = (
    "BEGIN:VCARD\nVERSION:3.0\nFN:Very long\n  name\nN:name;Very long;;;\nTEL;TYPE=WORK,VOICE:+393351234567\n"
    "TEL;TYPE=fax:+390299999999\nPHOTO;ENCODING=b;TYPE=JPEG:QUJ\n DEF\nCATEGORIES:a,b\nEND:VCARD\n"
)
V2 = (
    "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C5=BD;Ana\n"
    "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C5=BDofia=20=\nM\nTEL;CELL:+393351234567\nEND:VCARD\n"
)


def cards(text: str) -> list[CardText]:
    return list(split_cards(text.splitlines(keepends=True)))


def only(text: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    (card,) = cards(text)
    ours, others = parse_card(card)
    return dict(ours), list(others)


def test_version_4_with_addresses_for_numbers() -> None:
    (card,) = cards(V4)
    ours, others = parse_card(card)
    assert dict(ours)["name"] == "Žofia Müller"
    assert [cell for cell in ours if cell[0] in ("home", "mobile", "phone")] == [
        ("home", "tel:+39-02-2100-0100;ext=5"),
        ("mobile", "335 1234567"),
        ("phone", "02 1234567"),
    ]
    named = dict(ours)
    assert (named["company"], named["notes"], named["language"]) == ("Acme, Inc.", "one\ntwo, three", "de")
    assert (named["external_id"], named["email"]) == ("urn:uuid:4fbe8971", "z@example.com")
    assert [name for name, _ in others] == ["Address"]


def test_version_3_with_a_folded_name_a_fax_and_a_broken_picture() -> None:
    ours, others = only(V3)
    assert (ours["name"], ours["work"]) == ("Very long name", "+393351234567")
    assert "+390299999999" not in ours.values()
    assert dict(others) == {"Categories": "a b"}


def test_version_2_with_quoted_printable() -> None:
    ours, _ = only(V2)
    assert (ours["name"], ours["mobile"], ours["last_name"]) == ("Žofia M", "+393351234567", "Ž")


def test_each_card_is_named_by_its_line_and_what_is_between_is_passed_over() -> None:
    assert [card.line for card in cards("\n" + V3 + "rubbish\n" + V2)] == [2, 14]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("BEGIN:VCARD\nVERSION:3.0\nFN:x\nthis is no line\nEND:VCARD\n", "no proper vCard"),
        ("BEGIN:VCARD\nFN:x\n", "no END:VCARD"),
        ("BEGIN:VCARD\n" + "NOTE:x\n" * 6000 + "END:VCARD\n", "more than 5000 lines"),
    ],
)
def test_a_broken_card_says_why(text: str, words: str) -> None:
    (card,) = cards(text)
    with pytest.raises(RowError, match=words):
        parse_card(card)


def test_a_broken_card_spoils_no_other() -> None:
    found = cards("BEGIN:VCARD\nVERSION:3.0\nFN:x\n" + V3)
    assert [bool(card.problem) for card in found] == [True, False]
    assert dict(parse_card(found[1])[0])["name"] == "Very long name"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_in_a_card_is_read_or_refused(text: str) -> None:
    for card in cards(f"BEGIN:VCARD\nVERSION:3.0\nFN:x\n{text}\nEND:VCARD\n"):
        try:
            parse_card(card)
        except RowError as error:
            assert str(error)
