"""``offhook demo`` as a newcomer types it."""

from __future__ import annotations

from pathlib import Path

from tests.offhook.called import call


def test_a_folder_that_holds_something_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("not to be touched")
    done = call("demo", "--keep", tmp_path, "--listen", "127.0.0.1:0", "--seconds", "0.1")
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]
