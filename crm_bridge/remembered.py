"""What was learnt last, under a bound."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

_Record = TypeVar("_Record")


class Remembered(Generic[_Record]):
    """The records learnt last: where calls were written in CRMs in which one cannot look for a call, or not at once.

    >>> seen = Remembered[str](most=1)
    >>> seen.put("main:1", "5")
    >>> seen.put("main:2", "6")
    >>> seen.get("main:1"), seen.get("main:2")
    (None, '6')
    """

    def __init__(self, most: int = 2_000) -> None:
        self._most = most
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def get(self, key: str) -> _Record | None:
        """What is remembered under ``key``; None if nothing is."""
        return self._records.get(key)

    def put(self, key: str, record: _Record) -> None:
        """Remember it, and forget the oldest if they are too many."""
        self._records.pop(key, None)
        self._records[key] = record
        if len(self._records) > self._most:
            self._records.popitem(last=False)
