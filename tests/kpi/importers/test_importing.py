"""A site's years before Offhook: again and again the same, stopped and gone on, in little memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.model import Call
from cti.pbx.asterisk_logs import AsteriskLogs
from kpi.importers.cel import parse_cel_row
from kpi.importers.gathering import written_at
from kpi.importers.importing import HistoryImport, Imported
from kpi.importers.log_file import LogFile
from kpi.reading import CallFilter
from kpi.schema import CallSource, SpanKind, TallySpan
from kpi.store import Store
from tests.kpi.cut_stream import PBX, really
from tests.kpi.importers.logged import AGENTS, FILES, FOLDERS, PARSERS, told
from tests.kpi.stored import all_tallies

MORNING = "asterisk-22-mix-1"
ALL = ("queue_log", "cdr", "cel")


async def bring_in(store: Store, place: Path, *sources: str, **options: bool) -> Imported:
    files = [LogFile(source, place / FILES[source], PARSERS[source]) for source in sources]
    teller = AsteriskLogs(PBX, (), None if "cel" in sources else AGENTS)
    marks = {one.kind: one.fingerprint() for one in files}
    return await HistoryImport(store, PBX, files, teller, name="+".join(sources), marks=marks).run(**options)


async def ids(store: Store) -> set[str]:
    return {call.call_id for call in await store.fetch_calls(CallFilter(), limit=10_000)}


async def test_what_the_logs_tell_is_in_the_reports_and_in_no_counter(store: Store, engine: AsyncEngine) -> None:
    done = await bring_in(store, FOLDERS[MORNING], *ALL)
    assert await ids(store) == set(really(MORNING))
    assert (done.calls, done.bad_lines) == (len(really(MORNING)), 0)
    sums = await all_tallies(engine)
    assert {key.span for key in sums} == {TallySpan.QUARTER, TallySpan.DID, TallySpan.HOUR, TallySpan.SEVEN_DAYS}
    assert sum(tally.started for key, tally in sums.items() if key.span is TallySpan.QUARTER) == done.calls
    assert {source for _, source in (await store.fetch_told(PBX, really(MORNING))).values()} == {CallSource.IMPORTED}


async def test_the_same_again_changes_nothing(store: Store, engine: AsyncEngine) -> None:
    await bring_in(store, FOLDERS[MORNING], *ALL)
    sums = await all_tallies(engine)
    assert (await bring_in(store, FOLDERS[MORNING], *ALL)).lines == 0
    assert (await bring_in(store, FOLDERS[MORNING], *ALL, anew=True)).calls == 0
    assert await all_tallies(engine) == sums


async def test_what_offhook_saw_is_never_touched(store: Store) -> None:
    seen = next(iter(really(MORNING).values()))
    await store.store_calls([seen])
    await bring_in(store, FOLDERS[MORNING], *ALL)
    assert (await store.fetch_told(PBX, [seen.call_id]))[seen.call_id] == (seen, CallSource.LIVE)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
async def test_a_log_that_grows_is_gone_on_with(store: Store, tmp_path: Path, share: float) -> None:
    """The PBX writes its logs side by side: at any moment each of them is as far as the others."""
    whole = {source: (FOLDERS[MORNING] / FILES[source]).read_bytes().splitlines(keepends=True) for source in ALL}
    cel = [parse_cel_row(line).at for line in whole["cel"]]
    moment = cel[int(len(cel) * share)]
    for source, lines in whole.items():
        early = [line for line in lines if written_at(PARSERS[source](line, 0)) <= moment]
        (tmp_path / FILES[source]).write_bytes(b"".join(early))
    await bring_in(store, tmp_path, *ALL)
    first = await ids(store)
    for source, lines in whole.items():
        (tmp_path / FILES[source]).write_bytes(b"".join(lines))
    done = await bring_in(store, tmp_path, *ALL)
    assert done.lines < sum(map(len, whole.values()))
    assert first < set(really(MORNING)) == await ids(store)
    at_once = {call.call_id: call for call in told(FOLDERS[MORNING], *ALL)[0]}
    for call in await store.fetch_calls(CallFilter(), limit=10_000):
        assert story(call) == story(at_once[call.call_id]), call.call_id


def story(call: Call) -> tuple[object, ...]:
    return call.outcome, call.ended_by, call.offered_at, call.ended_at, call.stays, call.rings, call.talks, call.legs


async def test_a_file_begun_anew_is_read_from_its_beginning(store: Store, tmp_path: Path) -> None:
    for name in ("asterisk-22-S01", "asterisk-22-S02"):
        (tmp_path / "queue_log").write_bytes((FOLDERS[name] / "queue_log").read_bytes())
        await bring_in(store, tmp_path, "queue_log")
    assert len(await ids(store)) == 2


@pytest.mark.parametrize("order", [("queue_log", "cdr"), ("cdr", "queue_log")])
async def test_one_log_after_the_other_is_joined(store: Store, order: tuple[str, str]) -> None:
    for source in order:
        await bring_in(store, FOLDERS["asterisk-22-S02"], source)
    [call] = await store.fetch_calls(CallFilter())
    [both] = told(FOLDERS["asterisk-22-S02"], "queue_log", "cdr")[0]
    assert (call.stays, call.ended_at, call.caller) == (both.stays, both.ended_at, both.caller)


async def test_log_ins_and_pauses_are_spans(store: Store) -> None:
    done = await bring_in(store, FOLDERS["asterisk-22-S16"], "queue_log")
    assert done.covers_from is not None
    assert done.covers_to is not None
    spans = await store.fetch_spans(done.covers_from, done.covers_to)
    assert ("104", SpanKind.LOGIN, "sales") in {(span.agent, span.kind, span.queue) for span in spans}
    assert {span.kind for span in spans} == {SpanKind.LOGIN, SpanKind.PAUSE}
    assert all(span.ended_at is not None for span in spans)
    assert {span.source for span in spans} == {CallSource.IMPORTED}


async def test_bad_lines_are_listed_and_the_others_imported(store: Store, tmp_path: Path) -> None:
    good = (FOLDERS["asterisk-22-S01"] / "queue_log").read_bytes()
    (tmp_path / "queue_log").write_bytes(b"garbage\n" + good + b"x|y\n")
    done = await bring_in(store, tmp_path, "queue_log")
    assert (done.bad_lines, [bad.number for bad in done.bad]) == (2, [1, good.count(b"\n") + 2])
    assert len(await ids(store)) == 1
