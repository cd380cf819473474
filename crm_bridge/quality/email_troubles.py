"""Why an e-mail address is of no use: by the rules of the standards, nobody is asked."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

_ASK: Final = "ask for it at the next call, or remove it"


def email_trouble(written: str) -> tuple[str, str] | None:
    """Why this cannot be an address, and what to do; None where it can.

    >>> email_trouble("anna@example.com"), email_trouble("anna@@example.com")[1]
    (None, 'ask for it at the next call, or remove it')
    """
    text = written.strip()
    if text.count("@") > 1 and any(mark in text for mark in ",; /|"):
        return "there are several addresses in one field", "keep one there, the others in fields of their own"
    validate, wrong = _validator()
    try:
        validate(text[:400], check_deliverability=False)
    except wrong as error:
        return _plain(str(error)), _ASK
    return None


@cache
def _validator() -> tuple[Any, type[Exception]]:
    """email-validator takes a tenth of a second to import: only who looks for troubles pays for it."""
    from email_validator import EmailNotValidError, validate_email

    return validate_email, EmailNotValidError


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:200]
