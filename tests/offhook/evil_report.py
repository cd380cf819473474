"""A to-do list of one task, whose words are all hostile."""

from __future__ import annotations

from crm_bridge.quality.task import QualityReport, Task, TaskKind

EVIL = '=HYPERLINK("http://x")\x1b[2J'
TASK = Task(
    kind=TaskKind.DUPLICATE,
    source="book",
    record="1",
    own_number="@A1",
    name=EVIL,
    what=EVIL,
    why="+39",
    suggestion="offhook customers merge id:1 id:2",
    score=0.96,
    other="2",
    other_name="-2",
)
REPORT = QualityReport(
    looked_at={"book": 1_234},
    counts=dict.fromkeys(TaskKind, 0) | {TaskKind.DUPLICATE: 2},
    tasks=(TASK,),
    remarks=(EVIL,),
)
