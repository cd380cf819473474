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
