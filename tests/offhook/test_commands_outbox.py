"""``offhook outbox`` as an admin types it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm_bridge.outbox import Entry, Outbox, State
from offhook.outbox_list import with_outbox
from offhook.settings import Settings
from tests.offhook.called import call
from tests.offhook.house import write_settings

NOW = datetime.now(UTC)


async def fill(box: Outbox) -> None:
    entries = [
        Entry(target=target, kind="call", key=f"main:{n}.0", payload="{}", due_at=NOW)
        for n, target in enumerate(("crm:odoo", "crm:odoo", "webhook:site"))
    ]
    await box.store(entries, NOW)
    for row in await box.claim("crm:odoo", 9, NOW):
        await box.bury(row, "the CRM does not take the call: HTTP 422")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    asyncio.run(with_outbox(Settings(), tmp_path, fill))
    return write_settings(tmp_path, 5038)


def states(folder: Path) -> list[tuple[str, State]]:
    rows = asyncio.run(with_outbox(Settings(), folder, Outbox.fetch))
    return sorted((row.key, row.state) for row in rows)


def test_dead_letters_are_told_with_their_reason(config: Path) -> None:
    done = call("outbox", "list", "--dead", "--waiting", "-c", config)
    assert done.exit_code == 1
    assert "HTTP 422" in done.output
    assert "main:2.0" in done.output
    short = call("outbox", "list", "--target", "webhook:site", "-c", config)
    assert (short.exit_code, "crm:odoo" in short.output) == (0, False)


def test_an_empty_outbox_is_told_in_a_word(tmp_path: Path) -> None:
    done = call("outbox", "list", "-c", write_settings(tmp_path, 5038))
    assert (done.exit_code, done.output) == (0, "nothing\n")


def test_one_or_all_are_tried_again(config: Path) -> None:
    assert call("outbox", "retry", "1", "-c", config).output == "1 to be told again\n"
    assert call("outbox", "retry", "-c", config).output == "1 to be told again\n"
    assert call("outbox", "retry", "--target", "crm:odoo", "-c", config).output == "there is none\n"
    assert [state for _, state in states(config.parent)] == [State.WAITING] * 3


def test_what_is_dropped_is_told_never(config: Path) -> None:
    assert call("outbox", "drop", "2", "-c", config).output == "dropped\n"
    again = call("outbox", "drop", "2", "-c", config)
    assert (again.exit_code, again.output) == (1, "there is none that has not arrived\n")
    assert ("main:1.0", State.DROPPED) in states(config.parent)
