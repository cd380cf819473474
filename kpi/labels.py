"""Label values for metrics: few, short and plain, whatever a PBX sends."""

from __future__ import annotations

import unicodedata

from kpi.columns import cut_key

LABEL_CHARS = 64
OTHER = "other"


def plain_label(value: str) -> str:
    r"""The value without control and invisible characters, at most 64 characters; a longer one ends in its digest.

    >>> plain_label("sa\nles\u202e")
    'sales'
    """
    shown = "".join(char for char in value if not unicodedata.category(char).startswith(("C", "Zl", "Zp")))
    return cut_key(shown, LABEL_CHARS)


class LabelBook:
    """At most ``limit`` different values of a label, or of a pair of them: who comes first keeps his own name.

    All further ones share ``other``, so that a PBX that makes up queues cannot fill Prometheus's memory. A value keeps
    its label as long as the process runs, because a counter must not move from one series to another.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._labels: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._own: set[tuple[str, ...]] = set()

    def labels(self, *values: str) -> tuple[str, ...]:
        """The labels of ``values``; the first one is kept (the PBX, which the settings name), the last gives way."""
        known = self._labels.get(values)
        if known is None:
            known = self._choose(values)
            if len(self._labels) < 10 * self.limit:
                self._labels[values] = known
        return known

    def _choose(self, values: tuple[str, ...]) -> tuple[str, ...]:
        labels = tuple(plain_label(value) for value in values)
        if labels in self._own:
            return labels
        if len(self._own) >= self.limit:
            return (*labels[:-1], OTHER)
        self._own.add(labels)
        return labels
