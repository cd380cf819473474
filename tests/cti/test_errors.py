"""An error says what, why and what to do."""

from __future__ import annotations

import pytest

from cti.errors import OffhookError, driver_words


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OffhookError("disk-full", "the disk is full"), "the disk is full [disk-full]"),
        (OffhookError("disk-full", "the disk is full", "0 bytes free"), "the disk is full: 0 bytes free [disk-full]"),
        (OffhookError("disk-full", "the disk is full", hint="make room"), "the disk is full (make room) [disk-full]"),
        (
            OffhookError("disk-full", "the disk is full", "0 bytes free", "make room"),
            "the disk is full: 0 bytes free (make room) [disk-full]",
        ),
    ],
)
def test_the_text_has_all_that_is_known(error: OffhookError, text: str) -> None:
    assert str(error) == text


def test_the_parts_can_be_asked_for() -> None:
    error = OffhookError("disk-full", "the disk is full", "0 bytes free", "make room")
    assert (error.ref, error.what, error.why, error.hint) == (
        "disk-full",
        "the disk is full",
        "0 bytes free",
        "make room",
    )


def test_it_is_caught_as_an_exception() -> None:
    with pytest.raises(Exception, match=r"\[disk-full\]"):
        raise OffhookError("disk-full", "the disk is full")


class WrappedError(Exception):
    def __init__(self, orig: Exception | None) -> None:
        super().__init__("[SQL: SELECT 1] [parameters: ('+393351234567',)]")
        self.orig = orig


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("no room\nsecond line"), "OSError no room"),
        (TimeoutError(), "TimeoutError"),
        (WrappedError(ValueError("no such table: calls")), "ValueError no such table: calls"),
        (WrappedError(RuntimeError()), "RuntimeError"),
    ],
)
def test_a_driver_is_quoted_without_what_was_asked(error: Exception, words: str) -> None:
    assert driver_words(error) == words
    assert len(driver_words(OSError("x" * 1_000))) == 300
