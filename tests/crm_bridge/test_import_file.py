"""Files read to their end, with all that is wrong in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_bridge import import_file as module
from crm_bridge.headers import ImportKind
from crm_bridge.import_file import Reading, read_file
from crm_bridge.rows import CustomerRow
from crm_bridge.text_file import ImportFileError
from tests.crm_bridge.test_vcard import V2, V3, V4


def read(folder: Path, content: str | bytes, kind: ImportKind = ImportKind.CUSTOMERS) -> Reading:
    path = folder / "list.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, kind, region="IT")


def test_bad_rows_are_listed_with_line_column_and_reason(tmp_path: Path) -> None:
    text = "Nome completo;Cellulare;Saldo\nAnna;335 1234567;1\n;335 1234568;\nBruno;x1;\nCarla;;viel\nDario;;;;;7\n"
    with read(tmp_path, text) as reading:
        assert [str(bad) for bad in reading.bad] == [
            "line 3, Nome completo: there is no name",
            'line 4, Cellulare: "x1" is no telephone number: no number has this form',
            'line 5, Saldo: "viel" is no amount of money',
            "line 6: 6 cells, but only 3 columns have a name",
        ]
        assert (reading.rows_read, reading.good, reading.bad_count) == (5, 1, 4)
        assert [row.name for row in reading.rows() if isinstance(row, CustomerRow)] == ["Anna"]


def test_the_rows_can_be_read_again(tmp_path: Path) -> None:
    with read(tmp_path, "name\n" + "".join(f"N{i}\n" for i in range(100))) as reading:
        assert list(reading.rows()) == list(reading.rows())
        assert len(list(reading.rows())) == 100


def test_how_the_file_was_read_is_told(tmp_path: Path) -> None:
    with read(tmp_path, "name;Città\nMüller;x\n".encode("cp1252")) as reading:
        assert reading.remarks[0].startswith("encoding: not UTF-8")
        assert reading.remarks[1:] == [
            "separator: semicolon",
            "columns without a meaning here, kept as further fields: Città",
        ]
        assert len(reading.sha256) == 64


def test_the_same_customer_twice_in_a_file(tmp_path: Path) -> None:
    with read(tmp_path, "id,name,phone\n1,Anna,\n1,Other,\n,Bruno,3351234567\n,Bruno,3351234567\n") as reading:
        assert [str(bad) for bad in reading.bad] == ["line 3, id: the same number as in line 2"]
        assert [str(doubt) for doubt in reading.doubts] == [
            "line 5: the same name and numbers as in line 4, taken once"
        ]
        assert reading.good == 2


def test_vcards_are_known_by_their_content(tmp_path: Path) -> None:
    with read(tmp_path, V4 + V3 + V2 + "BEGIN:VCARD\nVERSION:3.0\nTEL:3351234567\nEND:VCARD\n") as reading:
        names = [row.name for row in reading.rows() if isinstance(row, CustomerRow)]
        assert names == ["Žofia Müller", "Very long name", "Žofia M"]
        assert [(bad.line, bad.why) for bad in reading.bad] == [(33, "there is no name")]


@pytest.mark.parametrize(
    ("content", "kind", "ref"),
    [
        ("", ImportKind.CUSTOMERS, "import-empty"),
        (V3, ImportKind.ORDERS, "import-no-column"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", ImportKind.CUSTOMERS, "import-not-text"),
        ("name,note\n" + 'A,"' + "x" * 200_000, ImportKind.CUSTOMERS, "import-broken-csv"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(
    tmp_path: Path, content: str | bytes, kind: ImportKind, ref: str
) -> None:
    with pytest.raises(ImportFileError, match=ref):
        read(tmp_path, content, kind)


def test_of_very_many_bad_rows_the_first_are_kept_and_all_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PROBLEMS", 3)
    with read(tmp_path, "name,phone\n" + "A,x\n" * 50) as reading:
        assert (len(reading.bad), reading.bad_count) == (3, 50)
