"""Text from anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_bridge.text_file import MAX_LINE, ImportFileError, clean_lines, clean_text, find_encoding


def written(folder: Path, raw: bytes) -> Path:
    path = folder / "list.csv"
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("raw", "encoding", "words"),
    [
        ("name\nŽofia\n".encode(), "utf-8", "UTF-8"),
        ("name\nŽofia\n".encode("utf-8-sig"), "utf-8-sig", "byte order mark"),
        ("name\nŽofia\n".encode("utf-16"), "utf-16", "byte order mark"),
        (b"name\nM\xfcller \x80 5\n", "cp1252", "byte 7 cannot be"),
        (b"name\nM\xfcller \x81\n", "latin-1", "read as Latin-1"),
        (b"", "utf-8", "UTF-8"),
    ],
)
def test_the_encoding_is_found_and_said(tmp_path: Path, raw: bytes, encoding: str, words: str) -> None:
    found = find_encoding(written(tmp_path, raw))
    assert found.encoding == encoding
    assert words in found.remark
    assert "".join(found.lines()) == raw.decode(encoding)


def test_a_wrong_byte_after_the_first_block_is_found_at_its_place(tmp_path: Path) -> None:
    raw = "é".encode() * (1 << 20) + b"\xe9\n"
    assert f"byte {(1 << 21) + 1:,} cannot be" in find_encoding(written(tmp_path, raw)).remark


def test_an_encoding_that_is_told_is_checked(tmp_path: Path) -> None:
    path = written(tmp_path, b"M\xfcller")
    assert find_encoding(path, "latin-1").remark == "latin-1 as told"
    with pytest.raises(ImportFileError, match="byte 2 cannot be in it"):
        find_encoding(path, "utf-8")
    with pytest.raises(ImportFileError, match="no encoding is called 'klingon'"):
        find_encoding(path, "klingon")


def test_a_workbook_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="import-not-text"):
        find_encoding(written(tmp_path, b"PK\x03\x04\x00\x00\xff\xfe"))


def test_a_file_that_is_not_there_or_is_a_folder_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(ImportFileError, match="import-unreadable"):
            find_encoding(path)


def test_a_line_without_an_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    text = find_encoding(written(tmp_path, b"name\n" + b"x" * (MAX_LINE + 10)))
    with pytest.raises(ImportFileError, match="line 2 is longer than 10,000,000 characters"):
        list(text.lines())


def test_progress_tells_the_bytes_and_comes_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    text = find_encoding(written(tmp_path, b"0123456789abcde\n" * 40_000))
    assert sum(len(line) for line in text.lines(lambda done, size: told.append((done, size)))) == text.size
    assert told == sorted(told)
    assert len(told) > 3
    assert told[-1] == (text.size, text.size)


def test_control_and_direction_characters_are_taken_out() -> None:
    assert clean_text("  A\x00nna\t\u202eRossi\u200b \r\n") == "A nna Rossi"
    assert clean_lines("one  two \r\n\r\nthree\x07") == "one two\n\nthree"
