"""What outsiders wrote moves no cursor, and a table in a file keeps its ids whole."""

from __future__ import annotations

import pytest

from offhook.terminal import WIDTH, printable, wide_console


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\r\n", "\x07", "\u202e", "\u2028", "\x9b31m", "\ud800"])
def test_nothing_moves_the_cursor(hostile: str) -> None:
    assert printable(f"Anna{hostile}Rossi").isprintable()


@pytest.mark.parametrize("name", ["Žofia Kováčová", "北京 客服", "Anna  Rossi", ""])
def test_names_stay_as_they_are(name: str) -> None:
    assert printable(name) == name


def test_a_narrow_terminal_does_not_cut_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert wide_console().width == WIDTH
