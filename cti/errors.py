"""One shape for every error that a person reads."""

from __future__ import annotations


class OffhookError(Exception):
    """An error that says what, why and what to do.

    ``ref`` is a stable kebab-case name to search the docs for (``docs/errors.md``). ``what`` begins in lower case and
    ends without a full stop; ``why`` gives the numbers with their units; ``hint`` is what to do now.
    """

    def __init__(self, ref: str, what: str, why: str = "", hint: str = "") -> None:
        self.ref, self.what, self.why, self.hint = ref, what, why, hint
        text = what + (f": {why}" if why else "") + (f" ({hint})" if hint else "")
        super().__init__(f"{text} [{ref}]")


def driver_words(error: BaseException) -> str:
    """What a database's driver said: its error's class and the first line, at most 300 characters.

    Without what SQLAlchemy wraps around it: that text holds the statement's parameters, and so numbers and names.
    https://docs.sqlalchemy.org/en/21/errors.html
    """
    driver = getattr(error, "orig", None) or error
    first = next(iter(str(driver).splitlines()), "")
    return f"{type(driver).__name__} {first}".strip()[:300]
