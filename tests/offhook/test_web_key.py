"""The key stays the same over restarts, and is nobody else's."""

from __future__ import annotations

import stat
from pathlib import Path

from offhook.web.key import KEY_BYTES, fetch_key


def test_the_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "offhook.key"
    key = fetch_key(path)
    assert len(key) == KEY_BYTES
    assert fetch_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["offhook.key"]


def test_a_broken_key_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "offhook.key"
    path.write_bytes(b"short")
    assert len(fetch_key(path)) == KEY_BYTES


def test_a_key_that_cannot_be_kept_is_random(tmp_path: Path) -> None:
    path = tmp_path / "none" / "offhook.key"
    assert fetch_key(path) != fetch_key(path)
