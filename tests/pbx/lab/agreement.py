"""The store and Prometheus against the truth of the world: the same call, told three times."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from tests.pbx.lab.processes import until
from tests.pbx.lab.program import PBX_NAME, Row, RunningOffhook
from tests.pbx.lab.world import PlacedCall
from tests.prometheus.server import PrometheusServer

#: a tenth of a second, and what a busy machine may be late; the recordings are held to the tenth
TOLERANCE_S = 0.5
#: Answer() waits up to half a second for the caller's media before the dialplan goes on to the queue
JOIN_ALLOWANCE_S = 0.6
COUNTED = (
    '{__name__=~"offhook_(calls|stays|oddities|recorder_refused|feed_missed)_total|offhook_(wait|talk)_seconds_.*"}'
)
OF_THE_SCRAPE = ("instance", "job")

Series = frozenset[tuple[str, str]]
Counters = dict[Series, float]


def agrees_with_store(offhook: RunningOffhook, call: PlacedCall, queue: str | None) -> Row:
    """Hold the rows of the store against the call; return its row of ``calls``."""
    row = until("the call is in the store", lambda: _row_of(offhook, call), 10, offhook.log)
    assert row["direction"] == call.direction
    assert row["outcome"] == call.outcome
    assert row["ended_by"] == call.ended_by
    assert row["queue"] == queue
    assert _digits(row["dialled"]) == _digits(call.dialled)
    assert row["caller_number"] == (None if call.caller == "anonymous" else call.caller)
    if call.direction == "inbound":
        assert row["caller_name"] == call.caller_name
    same_instant(row["offered_at"], call.offered_at)
    same_instant(row["answered_at"], call.answered_at)
    same_instant(row["ended_at"], call.ended_at)
    same_instant(row["queued_at"], call.connected_at if queue else None, JOIN_ALLOWANCE_S)
    _rings_agree(offhook, call, row)
    _talks_agree(offhook, call, row, queue)
    _stays_agree(offhook, call, row, queue)
    assert not rows_of(offhook, "oddities", None), "the call model was surprised"
    return row


def rows_of(offhook: RunningOffhook, table: str, call_id: str | None) -> list[Row]:
    """Return the rows of a call in one table of its parts, in order; all rows of the table without a call."""
    if call_id is None:
        return offhook.rows(f"SELECT * FROM {table}")
    return offhook.rows(f"SELECT * FROM {table} WHERE pbx = ? AND call_id = ? ORDER BY n", PBX_NAME, call_id)


def instant(microseconds: int | None) -> datetime | None:
    """Return an instant of the store."""
    return None if microseconds is None else datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)


def same_instant(stored: int | None, truth: datetime | None, tolerance_s: float = TOLERANCE_S) -> None:
    seen = instant(stored)
    assert (seen is None) == (truth is None), f"stored {seen}, truth {truth}"
    if seen is not None and truth is not None:
        assert abs((seen - truth).total_seconds()) <= tolerance_s, f"stored {seen}, truth {truth}"


def counters(prometheus: PrometheusServer) -> Counters:
    """Return every counter and histogram series of calls, as Prometheus scraped them last."""
    rows = prometheus.query(COUNTED)
    own = [(((key, text) for key, text in labels.items() if key not in OF_THE_SCRAPE), value) for labels, value in rows]
    return {frozenset(labels): value for labels, value in own}


def series(name: str, **labels: str) -> Series:
    """Return the key of a series in ``counters``; to Prometheus an empty label is none."""
    given = {"__name__": name, "pbx": PBX_NAME, **labels}
    return frozenset((key, text) for key, text in given.items() if text)


def agrees_with_counters(
    prometheus: PrometheusServer, before: Counters, calls: list[PlacedCall], queue: str | None
) -> None:
    """Hold what the counters moved by since ``before`` against the calls: by these, and by nothing else."""
    expected = Counter(
        series("offhook_calls_total", queue=queue or "", direction=call.direction, outcome=call.outcome)
        for call in calls
    )
    talks = [call for call in calls if call.answered]
    expected.update(series("offhook_talk_seconds_count", queue=queue or "") for _ in talks)
    if queue:
        for call in calls:
            expected[series("offhook_stays_total", queue=queue, outcome=call.outcome)] += 1
            expected[series("offhook_wait_seconds_count", queue=queue, outcome=call.outcome)] += 1
    until("Prometheus has the counts", lambda: _moved(prometheus, before) == expected, 10,
          lambda: f"moved {_moved(prometheus, before)}\nexpected {expected}")  # fmt: skip
    after = counters(prometheus)
    if queue:
        wait = sum(((call.answered_at or ended_at(call)) - connected_at(call)).total_seconds() for call in calls)
        key = series("offhook_wait_seconds_sum", queue=queue, outcome=calls[0].outcome)
        assert abs(after[key] - before.get(key, 0) - wait) <= JOIN_ALLOWANCE_S
    talk = sum((ended_at(call) - call.answered_at).total_seconds() for call in talks if call.answered_at)
    key = series("offhook_talk_seconds_sum", queue=queue or "")
    assert abs(after.get(key, 0) - before.get(key, 0) - talk) <= TOLERANCE_S


def ended_at(call: PlacedCall) -> datetime:
    assert call.ended_at is not None
    return call.ended_at


def connected_at(call: PlacedCall) -> datetime:
    assert call.connected_at is not None
    return call.connected_at


def _moved(prometheus: PrometheusServer, before: Counters) -> dict[Series, float]:
    """What moved, buckets and sums aside."""
    moved = {key: value - before.get(key, 0) for key, value in counters(prometheus).items()}
    counted = ("_total", "_count")
    return {key: by for key, by in moved.items() if by and dict(key)["__name__"].endswith(counted)}


def _row_of(offhook: RunningOffhook, call: PlacedCall) -> Row | None:
    """The call that was offered about when this one was: any two calls here are farther apart than that."""
    assert call.offered_at is not None
    middle = round(call.offered_at.timestamp() * 1e6)
    near = offhook.rows(
        "SELECT * FROM calls WHERE pbx = ? AND ended_at IS NOT NULL AND offered_at BETWEEN ? AND ?",
        PBX_NAME, middle - 2_000_000, middle + 2_000_000,
    )  # fmt: skip
    assert len(near) < 2, f"one call is stored {len(near)} times: {near}"
    return near[0] if near else None


def _rings_agree(offhook: RunningOffhook, call: PlacedCall, row: Row) -> None:
    rings = {ring["agent"]: ring for ring in rows_of(offhook, "rings", row["call_id"])}
    assert set(rings) == set(call.agents_rung)
    for leg in call.rung if rings else []:
        ring = rings[leg.number]
        same_instant(ring["started_at"], leg.rung_at)
        same_instant(ring["ended_at"], leg.answered_at or leg.ended_at)
        assert (ring["result"] == "answered") == (leg.answered_at is not None)


def _talks_agree(offhook: RunningOffhook, call: PlacedCall, row: Row, queue: str | None) -> None:
    talks = rows_of(offhook, "talks", row["call_id"])
    assert [talk["agent"] for talk in talks] == call.answered_by
    for talk in talks:
        same_instant(talk["started_at"], call.answered_at)
        same_instant(talk["ended_at"], call.ended_at)
        assert (talk["queue"], talk["holds"]) == (queue, 0)


def _stays_agree(offhook: RunningOffhook, call: PlacedCall, row: Row, queue: str | None) -> None:
    stays = rows_of(offhook, "stays", row["call_id"])
    assert [stay["queue"] for stay in stays] == ([queue] if queue else [])
    for stay in stays:
        assert (stay["outcome"], stay["agent"]) == (call.outcome, next(iter(call.answered_by), None))
        same_instant(stay["joined_at"], call.connected_at, JOIN_ALLOWANCE_S)
        same_instant(stay["left_at"], call.answered_at or call.ended_at)


def _digits(number: str | None) -> str:
    return "".join(mark for mark in number or "" if mark.isdigit())
