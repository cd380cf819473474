"""What a source said lately: shown at once at the next call, and marked with its age where it is no longer fresh."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from crm_bridge.contact import Contact

#: answers of one source that are kept; the one used longest ago goes first
MOST_ANSWERS: Final = 10_000


class Kept(NamedTuple):
    """An answer from before, and how many seconds ago the source gave it."""

    contacts: Sequence[Contact]
    age_s: float
    fresh: bool


class AnswerCache:
    """One source's answers by match key. Fresh for ``fresh_s``, shown as old for ``stale_s`` more, then forgotten."""

    def __init__(self, fresh_s: float, stale_s: float, most: int = MOST_ANSWERS) -> None:
        self._fresh_s, self._stale_s, self._most = fresh_s, stale_s, most
        self._answers: OrderedDict[str, tuple[Sequence[Contact], float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: str, now: float) -> Kept | None:
        """The answer for ``key`` if it is not too old to be shown."""
        found = self._answers.get(key)
        if found is None:
            return None
        contacts, read_at = found
        age_s = max(0.0, now - read_at)
        if age_s >= self._fresh_s + self._stale_s:
            del self._answers[key]
            return None
        self._answers.move_to_end(key)
        return Kept(contacts, age_s, age_s < self._fresh_s)

    def put(self, key: str, contacts: Sequence[Contact], now: float) -> None:
        """Keep an answer in place of an earlier one. Nothing is kept where both times are 0."""
        if self._fresh_s + self._stale_s <= 0:
            return
        self._answers[key] = (contacts, now)
        self._answers.move_to_end(key)
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)

    def forget(self) -> None:
        """Drop everything: a customer was changed, or erased."""
        self._answers.clear()
