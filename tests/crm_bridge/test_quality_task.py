"""Tasks as they are found."""

from __future__ import annotations

from crm_bridge.quality.task import QualityReport, Task, TaskKind, TaskList, joined_report


def task(kind: TaskKind, record: str = "1", score: float | None = None) -> Task:
    return Task(kind=kind, source="book", record=record, name="A", what="x", why="y", suggestion="z", score=score)


def test_all_are_counted_and_only_so_many_kept() -> None:
    found = TaskList(most=2)
    for n in range(5):
        found.add(task(TaskKind.NO_NUMBER, str(n)))
    assert found.counts[TaskKind.NO_NUMBER] == 5
    assert [one.record for one in found.tasks()] == ["0", "1"]


def test_the_surest_duplicates_come_first() -> None:
    found = TaskList()
    for score in (0.8, 0.99, 0.9):
        found.add(task(TaskKind.NO_NUMBER))
        found.add(task(TaskKind.DUPLICATE, score=score))
    assert [one.score for one in found.tasks()] == [0.99, 0.9, 0.8, None, None, None]


def test_reports_of_several_sources_are_one() -> None:
    def report(name: str) -> QualityReport:
        counts = dict.fromkeys(TaskKind, 2)
        tasks = (task(TaskKind.DUPLICATE), task(TaskKind.NO_NUMBER))
        return QualityReport(looked_at={name: 7}, counts=counts, tasks=tasks, remarks=(name,))

    both = joined_report([report("book"), report("list")])
    assert both.looked_at == {"book": 7, "list": 7}
    assert set(both.counts.values()) == {4}
    assert [one.kind.value for one in both.tasks] == ["duplicate", "duplicate", "no_number", "no_number"]
    assert both.remarks == ("book", "list")
    assert joined_report([]).tasks == ()
