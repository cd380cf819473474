"""CSV as other programs write it."""

from __future__ import annotations

import pytest

from crm_bridge.csv_table import MAX_CELL, Headings, read_table
from crm_bridge.headers import ImportKind
from crm_bridge.text_file import ImportFileError


def read(text: str, kind: ImportKind = ImportKind.CUSTOMERS) -> tuple[Headings, list[tuple[int, list[str]]]]:
    headings, rows = read_table(text.splitlines(keepends=True), kind)
    return headings, [(line, list(row)) for line, row in rows]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    headings, rows = read(
        separator.join(["Name", "Telefono"]) + "\n" + separator.join(["Rossi, Anna; | \tx", "02"]) + "\n"
    )
    assert headings.separator == separator
    assert headings.fields == ("name", "phone")
    assert len(rows) == 1


def test_what_a_spreadsheet_puts_before_and_between_is_passed_over() -> None:
    headings, rows = read("\ufeffsep=;\r\nName;Tel\r\n\r\n;;\r\nAnna;02\r\n")
    assert headings.fields == ("name", "phone")
    assert rows == [(5, ["Anna", "02"])]


def test_a_row_of_several_lines_is_named_by_the_first() -> None:
    _, rows = read('name,note\nAnna,"one\ntwo"\nBruno,x\n')
    assert [(line, row[0]) for line, row in rows] == [(2, "Anna"), (4, "Bruno")]


def test_columns_without_a_meaning_are_kept_by_their_own_name() -> None:
    headings, rows = read("name,City,,phone\nAnna,Roma,x,02\n")
    assert headings.unknown == ("City",)
    assert headings.split(rows[0][1]) == ([("name", "Anna"), ("phone", "02")], [("City", "Roma")])
    assert headings.own_name("phone") == "phone"


def test_a_short_row_has_no_cells_for_the_rest() -> None:
    headings, _ = read("name,phone\nAnna\n")
    assert headings.split(["Anna"]) == ([("name", "Anna")], [])


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("", "import-empty"),
        ("\n\n ; ;\n", "import-empty"),
        ("sep=;\n", "import-empty"),
        ("Farbe;Größe\nrot;7\n", "import-no-column"),
        ("a," * 300 + "name\n", "import-no-column"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(text: str, ref: str) -> None:
    with pytest.raises(ImportFileError, match=ref):
        read(text)


def test_an_order_has_to_name_its_customer() -> None:
    with pytest.raises(ImportFileError, match="order's customer"):
        read("order,title\n1,x\n", ImportKind.ORDERS)


def test_a_quotation_mark_that_is_never_closed_is_told_with_its_line() -> None:
    text = 'name,note\nAnna,x\nBruno,"' + ("y" * 1000 + "\n") * (MAX_CELL // 1000 + 2)
    with pytest.raises(ImportFileError, match="begins in line 3 has no end"):
        read(text)
