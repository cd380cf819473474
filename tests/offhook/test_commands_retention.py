"""``offhook retention`` as an admin types it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.offhook.called import call
from tests.offhook.privacy.someone import site, stored


def test_it_counts_and_lets_go(tmp_path: Path) -> None:
    file, settings = site(tmp_path)

    async def fill() -> None:
        async with stored(tmp_path, settings):
            pass

    asyncio.run(fill())
    with file.open("a") as more:
        more.write("[retention]\nnotes_days = 36600\nchoices_days = 0\n")
    dry = call("retention", "--dry-run", "-c", file)
    assert dry.exit_code == 0, dry.output
    assert "calls: kept for ever" in dry.output
    assert "would go" in dry.output
    done = call("retention", "-c", file)
    assert done.exit_code == 0, done.output
    assert "notes: 0 older than 36600 days" in done.output
    assert "choices: kept for ever" in done.output


def test_settings_that_are_not_there_are_told(tmp_path: Path) -> None:
    assert call("retention", "-c", tmp_path / "none.toml").exit_code == 2
