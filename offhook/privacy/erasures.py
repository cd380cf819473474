"""Which people were erased, and when: to prove it, and to erase them again when a backup or an import brings them back.

``erasures.jsonl`` lies beside ``offhook.toml``, not in the database: a backup of that is put back without it. A line
holds no number but its digest under the key in ``erasures.key``: who has the one file and not the other learns nobody.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from offhook.privacy.kept import PersonError

FILE_NAME, KEY_NAME = "erasures.jsonl", "erasures.key"
_KEY_BYTES = 32


class Step(StrEnum):
    """How far an erasure came. Begun and not done: it was interrupted, and the same command finishes it."""

    BEGUN = "begun"
    DONE = "done"
    AGAIN = "again"  #: what was back of somebody who shared his number


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log. ``counts`` are rows, messages and calls by the place in which they were.

    ``shared``: somebody else had the number and stayed. ``who`` are digests of the erased customers' keys in the book.
    """

    at: datetime
    digest: str
    step: Step
    counts: dict[str, int] = {}
    shared: bool = False
    who: tuple[str, ...] = ()


class ErasureLog:
    """The log in ``folder``. Its methods raise PersonError: a file cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self._path, self._key_path = folder / FILE_NAME, folder / KEY_NAME

    def digest(self, text: str) -> str:
        """What stands in the log for this number, or for this customer's key in the book."""
        return hmac.digest(self._key(), text.encode(), "sha256").hex()

    def note(
        self,
        at: datetime,
        e164: str,
        step: Step,
        counts: Mapping[str, int] | None = None,
        *,
        shared: bool = False,
        who: Collection[str] = (),
    ) -> None:
        """Add a line, and have the disk keep it; ``who`` are customers' keys in the book."""
        erasure = Erasure(
            at=at,
            digest=self.digest(e164),
            step=step,
            counts=dict(counts or {}),
            shared=shared,
            who=tuple(self.digest(one) for one in who),
        )
        self._append(msgspec.json.encode(erasure))

    def _append(self, line: bytes) -> None:
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(file, line + b"\n")
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise _unusable(self._path, error) from error

    def read(self) -> list[Erasure]:
        """All lines in order. One that was cut by a crash is passed over."""
        try:
            lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        except OSError as error:
            raise _unusable(self._path, error) from error
        return [erasure for line in lines if (erasure := _parsed(line)) is not None]

    def _key(self) -> bytes:
        try:
            if not self._key_path.exists():
                self._make_key()
            key = self._key_path.read_bytes()
        except OSError as error:
            raise _unusable(self._key_path, error) from error
        if len(key) != _KEY_BYTES:
            why = f"it holds {len(key)} bytes, not {_KEY_BYTES}"
            raise PersonError("person-log-unusable", f"{self._key_path} is no key", why, "put the right one back")
        return key

    def _make_key(self) -> None:
        made = self._key_path.with_suffix(".new")
        made.unlink(missing_ok=True)
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        made.replace(self._key_path)


def _parsed(line: bytes) -> Erasure | None:
    try:
        return msgspec.json.decode(line, type=Erasure)
    except msgspec.DecodeError:
        return None


def _unusable(path: Path, error: OSError) -> PersonError:
    why = error.strerror or type(error).__name__
    hint = "check that the user who runs this may read and write there, and that there is room"
    return PersonError("person-log-unusable", f"the log of erasures cannot be used: {path}", why, hint)
