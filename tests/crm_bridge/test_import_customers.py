"""Files into the book: all or nothing, and twice is once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge import import_customers as module
from crm_bridge.book import CustomerBook
from crm_bridge.contact import Choice
from crm_bridge.headers import ImportKind
from crm_bridge.import_customers import ImportReport, import_file
from crm_bridge.number import parse_number
from crm_bridge.number_choices import NumberChoices
from crm_bridge.schema import customer_imports, metadata
from crm_bridge.text_file import ImportFileError
from tests.crm_bridge.scene import HOSTILE, START

GOOD = "id,name,phone,city\n1,Anna,3351234567,Roma\n2,Bruno,3351234568,\n"


async def bring(
    engine: AsyncEngine, folder: Path, content: str, kind: ImportKind = ImportKind.CUSTOMERS, skip_bad: bool = False
) -> ImportReport:
    path = folder / "file.csv"
    path.write_text(content, encoding="utf-8")
    return await import_file(engine, path, kind, region="IT", skip_bad=skip_bad)


async def rows_in(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        return {
            name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for name, table in metadata.tables.items()
        }


def outcome(report: ImportReport) -> tuple[bool, int, int, int, int]:
    return report.stored, report.added, report.changed, report.unchanged, report.bad_count


async def test_a_good_file_is_in_the_book(engine: AsyncEngine, tmp_path: Path) -> None:
    report = await bring(engine, tmp_path, GOOD)
    assert outcome(report) == (True, 2, 0, 0, 0)
    (anna,) = await CustomerBook(engine).find(parse_number("+39 335 123 4567", "IT"))
    assert (anna.name, anna.external_id, anna.fields) == ("Anna", "1", (("city", "Roma"),))


async def test_one_bad_row_keeps_everything_out(engine: AsyncEngine, tmp_path: Path) -> None:
    report = await bring(engine, tmp_path, GOOD + "3,,1\n")
    assert outcome(report) == (False, 0, 0, 0, 1)
    assert set((await rows_in(engine)).values()) == {0}


async def test_the_good_rows_alone_when_asked_for(engine: AsyncEngine, tmp_path: Path) -> None:
    report = await bring(engine, tmp_path, GOOD + "3,,1\n", skip_bad=True)
    assert outcome(report) == (True, 2, 0, 0, 1)
    assert [str(bad) for bad in report.bad] == ["line 4, name: there is no name"]


async def test_the_same_file_again_changes_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    await bring(engine, tmp_path, GOOD)
    before = await rows_in(engine)
    assert outcome(await bring(engine, tmp_path, GOOD)) == (True, 0, 0, 2, 0)
    after = await rows_in(engine)
    assert {name: count for name, count in after.items() if name != "customer_imports"} == {
        name: count for name, count in before.items() if name != "customer_imports"
    }


async def test_a_changed_row_changes_that_customer_and_keeps_what_hangs_on_him(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    await bring(engine, tmp_path, GOOD)
    await bring(engine, tmp_path, "order,customer id\nO-1,1\n", ImportKind.ORDERS)
    book = CustomerBook(engine)
    choices = NumberChoices(engine)
    await choices.store_choice("+393351234567", Choice("book", "1", "Dana", START))
    changed = await bring(engine, tmp_path, "id,name,phone,city\n1,Anna B,3400000001,Pisa\n2,Bruno,3351234568,\n")
    assert outcome(changed) == (True, 0, 1, 1, 0)
    (anna,) = await book.find(parse_number("3400000001", "IT"))
    assert (anna.contact_id, anna.name, anna.fields) == ("1", "Anna B", (("city", "Pisa"),))
    assert [order.reference for order in anna.orders] == ["O-1"]
    assert await choices.chosen("+393351234567") is not None
    assert [one.name for one in await book.find(parse_number("3351234567", "IT"))] == []


async def test_without_an_id_the_same_rows_are_the_same_customers(engine: AsyncEngine, tmp_path: Path) -> None:
    text = "name,phone\nAnna,3351234567\nBruno,\n"
    await bring(engine, tmp_path, text)
    assert outcome(await bring(engine, tmp_path, text)) == (True, 0, 0, 2, 0)


async def test_hostile_text_is_kept_as_it_was_sent(engine: AsyncEngine, tmp_path: Path) -> None:
    name = HOSTILE.replace('"', '""')
    await bring(engine, tmp_path, f'name,note\n"{name}","=cmd|\' /C calc\'!A0"\n')
    (one,) = await CustomerBook(engine).search("muller", 5)
    assert (one.name, one.notes) == (HOSTILE, "=cmd|' /C calc'!A0")


async def test_orders_and_incidents_hang_on_the_customer_they_name(engine: AsyncEngine, tmp_path: Path) -> None:
    await bring(engine, tmp_path, GOOD)
    first = "order,customer id,title,total,status\nO-1,1,Pump,12 €,open\nO-2,2,Filter,,open\n"
    assert outcome(await bring(engine, tmp_path, first, ImportKind.ORDERS)) == (True, 2, 0, 0, 0)
    second = first.replace("O-1,1,Pump,12 €,open", "O-1,1,Pump,12 €,delivered")
    assert outcome(await bring(engine, tmp_path, second, ImportKind.ORDERS)) == (True, 0, 1, 1, 0)
    incidents = "ticket,customer id,title\nT-1,1,Leak\n"
    assert outcome(await bring(engine, tmp_path, incidents, ImportKind.INCIDENTS)) == (True, 1, 0, 0, 0)
    (anna,) = await CustomerBook(engine).search("anna", 5)
    assert ([order.is_open for order in anna.orders], len(anna.open_incidents)) == ([False], 1)


async def test_an_order_of_nobody_is_a_bad_row(engine: AsyncEngine, tmp_path: Path) -> None:
    await bring(engine, tmp_path, GOOD)
    orders = "order,customer id\nO-1,1\nO-2,99\n"
    refused = await bring(engine, tmp_path, orders, ImportKind.ORDERS)
    assert outcome(refused) == (False, 0, 0, 0, 1)
    assert str(refused.bad[0]) == 'line 3, customer: no customer has the number "99"'
    assert (await rows_in(engine))["customer_orders"] == 0
    assert outcome(await bring(engine, tmp_path, orders, ImportKind.ORDERS, skip_bad=True)) == (True, 1, 0, 0, 1)


async def test_a_failure_half_way_leaves_the_book_as_it_was(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 10)
    full = "CREATE TRIGGER full BEFORE INSERT ON customers WHEN NEW.name = 'N77' BEGIN SELECT RAISE(ABORT, 'full'); END"
    async with engine.begin() as connection:
        await connection.execute(text(full))
    with pytest.raises(ImportFileError, match="full"):
        await bring(engine, tmp_path, "name\n" + "".join(f"N{i}\n" for i in range(100)))
    assert (await rows_in(engine))["customers"] == 0


async def test_many_rows_go_in_by_batches_and_the_progress_comes_to_the_end(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    path = tmp_path / "many.csv"
    path.write_text("id,name,phone\n" + "".join(f"{i},Name {i},+3933300{i:05}\n" for i in range(3000)))
    report = await import_file(engine, path, region="IT", progress=lambda done, size: told.append((done, size)))
    assert outcome(report) == (True, 3000, 0, 0, 0)
    assert told[-1][0] == told[-1][1] == path.stat().st_size
    assert await CustomerBook(engine).count() == 3000


async def test_each_import_leaves_its_trace(engine: AsyncEngine, tmp_path: Path) -> None:
    await bring(engine, tmp_path, GOOD + "3,,1\n", skip_bad=True)
    async with engine.connect() as connection:
        row = (await connection.execute(select(customer_imports))).one()
    assert (row.kind, row.source, row.rows_read, row.added, row.skipped) == ("customers", "file.csv", 3, 2, 1)
