"""An error as a person reads it on the terminal."""

from __future__ import annotations

from cti.errors import OffhookError
from offhook.settings import SettingsError

DOCS = "docs/errors.md"

#: the program may be started again by itself after these; after any other a person has to act first
PASSING = frozenset({"store-unreachable", "web-cannot-listen"})
EXIT_ACT = 2
EXIT_PASSING = 75  # EX_TEMPFAIL of sysexits.h


def complaint(error: OffhookError) -> str:
    """The whole error in some lines: what, why, what to do, and its name in the docs."""
    if isinstance(error, SettingsError):
        count = len(error.problems)
        head = f"error: {error.path} has {count} problem{'s' if count > 1 else ''}"
        lines = [head, *(f"  {problem}" for problem in error.problems), f"  ({DOCS} explains the names in brackets)"]
    else:
        lines = [f"error: {error.what}"]
        lines += [f"  why: {error.why}"] if error.why else []
        lines += [f"  do:  {error.hint}"] if error.hint else []
        lines += [f"  ref: {error.ref} (see {DOCS})"]
    return "\n".join(map(_printable, lines))


def exit_status(error: OffhookError) -> int:
    """2: somebody has to act; 75: it may pass by itself, and a service manager may try again."""
    return EXIT_PASSING if error.ref in PASSING else EXIT_ACT


def _printable(line: str) -> str:
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in line)
