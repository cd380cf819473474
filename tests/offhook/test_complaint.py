"""Errors in a person's words."""

from __future__ import annotations

from pathlib import Path

from cti.errors import OffhookError
from offhook.complaint import complaint, exit_status
from offhook.settings import SettingsError
from offhook.settings_check import Problem


def test_an_error_says_what_why_and_what_to_do() -> None:
    told = complaint(OffhookError("some-ref", "it broke", "3 of 4 wheels", "add one"))
    assert told.splitlines() == [
        "error: it broke",
        "  why: 3 of 4 wheels",
        "  do:  add one",
        "  ref: some-ref (see docs/errors.md)",
    ]
    assert complaint(OffhookError("some-ref", "it broke")).count("\n") == 1


def test_settings_have_a_line_for_each_problem() -> None:
    one, two = Problem("a-b", "x.y", "is wrong"), Problem("c-d", "", "is gone")
    told = complaint(SettingsError(Path("offhook.toml"), [one, two])).splitlines()
    assert told[:3] == ["error: offhook.toml has 2 problems", "  x.y: is wrong [a-b]", "  is gone [c-d]"]
    assert "has 1 problem\n" in complaint(SettingsError(Path("offhook.toml"), [one]))


def test_what_came_from_outside_cannot_move_the_cursor() -> None:
    told = complaint(OffhookError("some-ref", "got \x1b[2J", "line\nerror: forged"))
    assert "\x1b" not in told
    assert "\nerror: forged" not in told


def test_the_exit_status_tells_whether_to_try_again() -> None:
    assert exit_status(OffhookError("store-unreachable", "x")) == 75
    assert exit_status(OffhookError("link-login-refused", "x")) == 2
