"""Label values for metrics: few, short and plain, whatever a PBX sends, and nobody's telephone number."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from kpi.columns import cut_key

LABEL_CHARS = 64
OTHER = "other"
COUNTED_FOLDED = 100_000  #: further values that share ``other`` are not told apart from these
_OUTSIDE = re.compile(r"\+?[0-9]{7,}")


def plain_label(value: str) -> str:
    r"""The value without control and invisible characters, at most 64 characters; a longer one ends in its digest.

    >>> plain_label("sa\nles\u202e")
    'sales'
    """
    if value.isprintable():
        return cut_key(value, LABEL_CHARS)
    shown = "".join(char for char in value if not unicodedata.category(char).startswith(("C", "Zl", "Zp")))
    return cut_key(shown, LABEL_CHARS)


def agent_label(agent: str) -> str:
    """An agent by extension; one who is known by a telephone outside only, by a name made from it.

    >>> agent_label("103"), agent_label("alice-laptop"), agent_label("393331112222")
    ('103', 'alice-laptop', 'outside-f8c1d7')
    """
    if _OUTSIDE.search(agent) is None:
        return agent
    return f"outside-{hashlib.sha256(agent.encode(errors='replace')).hexdigest()[:6]}"


def trunk_label(channel: str, trunks: Iterable[str]) -> str:
    """Which of the trunks, as the settings name them, a channel belongs to; ``other`` when to none of them.

    The channel's own name is no label: with some drivers it holds the number that was dialled.

    >>> trunk_label("PJSIP/carrier-0000003e", ["carrier"]), trunk_label("DAHDI/i1/0612345678-4", ["i1"])
    ('carrier', 'i1')
    >>> trunk_label("sofia/external/+3906@carrier.example", ["external"]), trunk_label("PJSIP/guest-1", ["carrier"])
    ('external', 'other')
    """
    name = channel.partition("/")[2]
    return next((trunk for trunk in trunks if name == trunk or name.startswith((f"{trunk}-", f"{trunk}/"))), OTHER)


class LabelBook:
    """At most ``limit`` different values of a label, or of a pair of them: who comes first keeps his own name.

    All further ones share ``other``, so that a PBX that makes up queues cannot fill Prometheus's memory. A value keeps
    its label as long as the process runs, because a counter must not move from one series to another.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._labels: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._own: set[tuple[str, ...]] = set()
        self._folded: set[int] = set()

    @property
    def folded(self) -> int:
        """How many different values share ``other``."""
        return len(self._folded)

    @property
    def own(self) -> list[tuple[str, ...]]:
        """The labels given out, but for ``other``, in order."""
        return sorted(self._own)

    def labels(self, *values: str) -> tuple[str, ...]:
        """The labels of ``values``; the first one is kept (the PBX, which the settings name), the last gives way."""
        known = self._labels.get(values)
        if known is None:
            known = self._choose(values)
            if len(self._labels) < 10 * self.limit:
                self._labels[values] = known
        return known

    def _choose(self, values: tuple[str, ...]) -> tuple[str, ...]:
        if hash(values) in self._folded:
            return (*map(plain_label, values[:-1]), OTHER)
        labels = tuple(plain_label(value) for value in values)
        if labels in self._own:
            return labels
        if len(self._own) >= self.limit:
            if len(self._folded) < COUNTED_FOLDED:
                self._folded.add(hash(values))
            return (*labels[:-1], OTHER)
        self._own.add(labels)
        return labels
