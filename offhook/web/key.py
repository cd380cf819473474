"""The key that signs cookies: random, made once, kept in a file that only this program's user reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import structlog

KEY_BYTES = 32

log = structlog.get_logger()


def fetch_key(path: Path) -> bytes:
    """The key in ``path``, made if there is none. Where it cannot be kept it is random each time."""
    try:
        return _read(path) or _make(path)
    except OSError as error:
        log.warning("the key of the pages cannot be kept", file=str(path), why=error.strerror)
        return secrets.token_bytes(KEY_BYTES)


def _read(path: Path) -> bytes | None:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    return key if len(key) == KEY_BYTES else None


def _make(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
    new.replace(path)
    return key
