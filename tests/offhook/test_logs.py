"""What the log shows of a caller, and what a caller cannot do to it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from offhook.logs import LogSettings, mask_number, set_up_logs


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def logged(settings: LogSettings, text: str = "call offered", **values: Any) -> str:
    out = io.StringIO()
    set_up_logs(settings, out)
    structlog.get_logger("test").info(text, **values)
    return out.getvalue()


def test_numbers_and_names_are_hidden() -> None:
    line = logged(LogSettings(), caller="+493012345678", caller_name="Greta Muster", agent="101")
    assert "493012345678" not in line
    assert "Greta" not in line
    assert "+49…78" in line
    assert "agent=101" in line


def test_numbers_inside_a_text_are_cut_too() -> None:
    line = logged(LogSettings(), "who is 03012345678?", detail="tel +1 (202) 555-0123", more=["0301234567"])
    assert "12345" not in line
    assert "555" not in line


def test_ids_and_counts_stay_whole() -> None:
    line = logged(LogSettings(format="json"), call_id="1700000000.12", offset=123456789, channel="1700000000.12")
    row = json.loads(line)
    assert (row["call_id"], row["offset"], row["channel"]) == ("1700000000.12", 123456789, "1700000000.12")


def test_debug_shows_people() -> None:
    assert "493012345678" in logged(LogSettings(level="debug"), caller="+493012345678")


@pytest.mark.parametrize("form", ["console", "json"])
def test_a_hostile_value_cannot_forge_a_line(form: Any) -> None:
    line = logged(LogSettings(format=form), detail="x\r\n2026-01-01 [info] forged\x1b[2J\u202etxt")
    assert line.count("\n") == 1
    assert "\x1b[2J" not in line
    assert "\u202e" not in line


def test_a_traceback_stays_readable_and_is_masked() -> None:
    out = io.StringIO()
    set_up_logs(LogSettings(), out)
    try:
        raise ValueError("cannot call 03012345678\n2026-01-01 [info] forged")
    except ValueError:
        structlog.get_logger("test").exception("no call")
    lines = out.getvalue().splitlines()
    assert "Traceback" in lines[1]
    assert all(line.startswith("    ") for line in lines[2:])
    assert "12345678" not in out.getvalue()


def test_libraries_log_in_the_same_form() -> None:
    out = io.StringIO()
    set_up_logs(LogSettings(format="json"), out)
    logging.getLogger("some.library").warning("lost %s", "+493012345678")
    row = json.loads(out.getvalue())
    assert row["event"] == "lost +49…78"
    assert row["level"] == "warning"


def test_what_is_below_the_level_is_not_written() -> None:
    assert logged(LogSettings(level="error")) == ""


def test_a_number_keeps_country_and_end() -> None:
    assert mask_number("+49 30 1234567") == "+49…67"
    assert mask_number("0301234567") == "…67"
