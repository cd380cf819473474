"""A list looked through from end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from crm_bridge.quality.blocks import MOST_OF_A_BLOCK
from crm_bridge.quality.entry import Entry, EntryNumber
from crm_bridge.quality.look import MOST_PAIRS, NAMED, Batch, Look
from crm_bridge.quality.task import QualityReport, TaskKind
from tests.crm_bridge.scene import HOSTILE

ONE, TWO = "+393351234567", "+393351234568"


def entry(record: int, name: str, *numbers: str, whole: int | None = None, email: str | None = None) -> Entry:
    known = tuple(EntryNumber(number, number) for number in numbers)
    return Entry(record=str(record), whole=str(whole or record), name=name, numbers=known, email=email)


class Kept:
    """Records in memory; how often they were read again is counted."""

    name = "list"

    def __init__(self, *entries: Entry) -> None:
        self.entries = entries
        self.fetched = 0

    async def batches(self) -> AsyncIterator[Batch]:
        for start in range(0, len(self.entries), 7):
            yield list(enumerate(self.entries[start : start + 7], start))

    async def fetch(self, places: Sequence[int]) -> Mapping[int, Entry]:
        self.fetched += len(places)
        return {place: self.entries[place] for place in places}

    def merge_words(self, one: Entry, other: Entry) -> str:
        return f"merge {one.whole} {other.whole}"


async def look(*entries: Entry, most_pairs: int = MOST_PAIRS) -> QualityReport:
    return await Look(Kept(*entries), "IT", most_pairs).report()


async def test_each_kind_of_trouble_is_a_task() -> None:
    report = await look(
        entry(1, "Anna Rossi", ONE),
        entry(2, "Rossi Anna", ONE),
        entry(3, "Short", "101"),
        entry(4, "Mute", email="nobody"),
    )
    counts = {kind.value: count for kind, count in report.counts.items() if count}
    assert counts == {"duplicate": 1, "shared_number": 1, "unusable_number": 1, "unusable_email": 1, "no_number": 1}
    (twin,) = report.of(TaskKind.DUPLICATE)
    assert (twin.record, twin.other, twin.suggestion) == ("1", "2", "merge 1 2")
    assert twin.why.startswith("name 100, same mobile")
    assert report.looked_at == {"list": 4}


async def test_two_are_told_once_whatever_they_have_in_common() -> None:
    report = await look(
        entry(1, "Anna Rossi", ONE, TWO, email="a@example.com"), entry(2, "Anna Rossi", ONE, TWO, email="a@example.com")
    )
    assert report.counts[TaskKind.DUPLICATE] == 1
    assert report.counts[TaskKind.SHARED_NUMBER] == 2


async def test_parts_of_one_customer_are_no_duplicates_and_share_nothing() -> None:
    report = await look(
        entry(1, "Anna Rossi"), entry(2, "Anna Rossi", ONE, whole=1), entry(3, "A. Rossi", ONE, whole=1)
    )
    assert sum(report.counts.values()) == 0
    assert report.looked_at == {"list": 1}


async def test_a_part_that_is_like_another_customer_is_told_by_its_whole() -> None:
    report = await look(entry(1, "Anna R"), entry(2, "Anna Rossi", ONE, whole=1), entry(3, "Anna Rossi", ONE))
    (twin,) = report.of(TaskKind.DUPLICATE)
    assert {twin.record, twin.other} == {"1", "3"}


async def test_all_who_share_a_number_are_counted_though_some_have_more_in_common() -> None:
    names = ["Anna Rossi", "Anna Rossi", *(f"Other{n} {'abcdefgh'[n] * 5}" for n in range(6))]
    report = await look(*(entry(n + 1, name, ONE) for n, name in enumerate(names)))
    (shared,) = report.of(TaskKind.SHARED_NUMBER)
    assert shared.why.startswith(f"{len(names)} customers have it: Anna Rossi, Anna Rossi")
    assert shared.why.endswith(f"and {len(names) - NAMED} more")


async def test_the_work_on_what_all_have_in_common_is_bounded() -> None:
    crowd = Kept(*(entry(n, f"Anna {n:06}", ONE) for n in range(MOST_OF_A_BLOCK + 500)))
    report = await Look(crowd, "IT").report()
    assert crowd.fetched <= 2 * (MOST_OF_A_BLOCK + 500)
    (shared,) = report.of(TaskKind.SHARED_NUMBER)
    assert shared.why.startswith(f"more than {MOST_OF_A_BLOCK:,} customers")


async def test_pairs_that_were_not_compared_are_told_of() -> None:
    entries = [entry(n, "Anna Rossi", ONE) for n in range(1, 11)]
    report = await look(*entries, most_pairs=5)
    assert report.remarks == ("5 pairs were compared; there are more that were not",)
    assert report.counts[TaskKind.DUPLICATE] == 5


async def test_hostile_names_are_names() -> None:
    report = await look(entry(1, HOSTILE, ONE), entry(2, HOSTILE, ONE))
    assert report.of(TaskKind.DUPLICATE)[0].name == HOSTILE
    assert (await look()).tasks == ()
