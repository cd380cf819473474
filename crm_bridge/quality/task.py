"""One thing to do about a list of customers, and all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

#: tasks of one kind that are kept; all are counted
MOST_OF_A_KIND: Final = 50_000


class TaskKind(StrEnum):
    """What is wrong, in the order in which it is told."""

    DUPLICATE = "duplicate"  #: two records are most likely one customer
    SHARED_NUMBER = "shared_number"  #: several customers have this number: a pop can only offer a choice
    UNUSABLE_NUMBER = "unusable_number"  #: a call from it will not be known, or it cannot be called
    UNUSABLE_EMAIL = "unusable_email"
    NO_NUMBER = "no_number"  #: no call will ever be known as his
    UNREADABLE = "unreadable"  #: a row of a file that is left out as a whole


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with which record, why, and what to do.

    ``record`` is the source's own id of it, ``own_number`` the customer number that people use. ``other`` is the second
    record of a duplicate. ``score`` is 0 to 1, None where nothing is guessed.
    """

    kind: TaskKind
    source: str
    record: str
    name: str
    what: str
    why: str
    suggestion: str
    own_number: str | None = None
    other: str | None = None
    other_number: str | None = None
    other_name: str | None = None
    score: float | None = None


class QualityReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at, how much is wrong, and the tasks: at most MOST_OF_A_KIND of each kind, duplicates first.

    ``looked_at`` are customers by source. ``remarks`` tell what was not looked at, and why.
    """

    looked_at: dict[str, int]
    counts: dict[TaskKind, int]
    tasks: tuple[Task, ...]
    remarks: tuple[str, ...] = ()

    def of(self, kind: TaskKind) -> tuple[Task, ...]:
        """The tasks of one kind."""
        return tuple(task for task in self.tasks if task.kind is kind)


class TaskList:
    """Tasks as they are found: all counted, the first MOST_OF_A_KIND of each kind kept."""

    def __init__(self, most: int = MOST_OF_A_KIND) -> None:
        self.counts = dict.fromkeys(TaskKind, 0)
        self.remarks: list[str] = []
        self._most = most
        self._kept: dict[TaskKind, list[Task]] = {kind: [] for kind in TaskKind}

    def add(self, task: Task) -> None:
        """Count it, and keep it if there are not too many of its kind."""
        self.counts[task.kind] += 1
        if len(self._kept[task.kind]) < self._most:
            self._kept[task.kind].append(task)

    def tasks(self) -> tuple[Task, ...]:
        """What is kept, by kind; duplicates by their score."""
        self._kept[TaskKind.DUPLICATE].sort(key=lambda one: -(one.score or 0))
        return tuple(task for kept in self._kept.values() for task in kept)


def joined_report(reports: Sequence[QualityReport]) -> QualityReport:
    """Several sources' reports as one."""
    counts = {kind: sum(one.counts[kind] for one in reports) for kind in TaskKind}
    return QualityReport(
        looked_at={name: count for one in reports for name, count in one.looked_at.items()},
        counts=counts,
        tasks=tuple(task for kind in TaskKind for one in reports for task in one.of(kind)),
        remarks=tuple(remark for one in reports for remark in one.remarks),
    )
