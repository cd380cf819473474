"""Which lines tell one call."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import msgspec
import pytest

from kpi.importers.gathering import Gathering, written_at
from kpi.importers.lines import CelRow, Line, LoggedCall
from tests.cti.pbx.written import AGENT, CALLER, IDS, answered_by_cel, at, cdr, cel, line
from tests.kpi.importers.logged import FOLDERS, lines_of


def is_phone(channel: str) -> bool:
    return "trunk" not in channel and not channel.startswith("Local/")


def gathered(lines: Iterable[Line]) -> tuple[list[LoggedCall], list[LoggedCall]]:
    """What left by itself, and what was left over."""
    gathering = Gathering(is_phone)
    over: list[LoggedCall] = []
    for one in lines:
        gathering.take(one)
        over += gathering.over()
    rest = list(gathering.rest())
    assert len(gathering) == 0
    return over, rest


def moved(lines: Iterable[Line], seconds: float, prefix: str = "9") -> list[Line]:
    """The same call again, later."""
    shift = at(seconds) - at(0)
    again: list[Line] = []
    for one in lines:
        row = msgspec.to_builtins(one)
        for name, value in row.items():
            own = getattr(one, name)
            if name.endswith("at") and own is not None:
                row[name] = own + shift
            elif name in ("uniqueid", "linkedid", "callid") and own:
                row[name] = prefix + value
            else:
                row[name] = own
        again.append(type(one)(**row))
    return again


def test_a_call_leaves_some_seconds_after_its_last_channel() -> None:
    rows = answered_by_cel({})
    over, rest = gathered([*rows, cel(20, "CHAN_START", "PJSIP/trunk-0000009a", linkedid="7.7", uniqueid="7.7")])
    assert (len(over), len(rest)) == (0, 2)
    over, rest = gathered([*rows, cel(30, "CHAN_START", "PJSIP/trunk-0000009a", linkedid="7.7", uniqueid="7.7")])
    assert [len(call.cel) for call in over] == [len(rows)]
    assert len(rest) == 1


def test_the_lines_of_all_sources_come_together() -> None:
    lines = [
        *answered_by_cel({}),
        line(1, "ENTERQUEUE", "", "+39", "1"),
        line(5, "CONNECT", "4", IDS[AGENT], "3", agent="Anna"),
        line(15, "COMPLETEAGENT", "4", "10", "1", agent="Anna"),
        cdr(0, 15, CALLER, AGENT, 1, app="Queue"),
    ]
    _, [call] = gathered(sorted(lines, key=written_at))
    assert (len(call.cel), len(call.queue_log), len(call.cdr)) == (14, 3, 1)


def test_the_two_calls_of_an_attended_transfer_are_one() -> None:
    for name in ("asterisk-22-S09", "asterisk-16-S09", "asterisk-22-S26"):
        for sources in (["cel"], ["cdr"]):
            lines = sorted((one for source in sources for one in lines_of(FOLDERS[name], source)), key=written_at)
            over, rest = gathered(lines)
            assert len(over) + len(rest) == 1, (name, sources)


def test_a_phone_that_calls_in_mid_talk_makes_one_call_of_two() -> None:
    own = {"linkedid": "7.7", "uniqueid": "7.7"}
    second = [cel(8, "CHAN_START", "PJSIP/101-0000009a", **own), cel(9, "CHAN_END", "PJSIP/101-0000009a", **own)]
    trunk = [cel(8, "CHAN_START", "PJSIP/trunk-0000009b", linkedid="8.8", uniqueid="8.8")]
    _, rest = gathered([*answered_by_cel({})[:8], *second, *answered_by_cel({})[8:]])
    assert len(rest) == 1
    _, rest = gathered([*answered_by_cel({})[:8], *trunk, *answered_by_cel({})[8:]])
    assert len(rest) == 2


def test_local_channels_tie_records_without_a_linkedid() -> None:
    _, rest = gathered([
        cdr(2, 40, "Local/103@agents-1;2", "PJSIP/103-0000002a", 5),
        cdr(0, 40, CALLER, "Local/103@agents-1;1", 0, app="Queue"),
    ])  # fmt: skip
    assert [len(call.cdr) for call in rest] == [2]


def test_a_channels_name_used_again_later_ties_nothing() -> None:
    first, later = cdr(0, 40, "DAHDI/1-1", "SIP/101-1", 5), cdr(60, 90, "DAHDI/1-1", "SIP/101-2", 65, uniqueid="9.9")
    over, rest = gathered([first, later])
    assert len(over) + len(rest) == 2


def test_a_record_of_a_half_waits_for_the_callers_own() -> None:
    half = cdr(2, 8, "Local/103@agents-1;2", "PJSIP/103-0000002a")
    others = [cdr(60 * n, 60 * n + 9, f"PJSIP/trunk-{n:08x}", uniqueid=f"{n}.{n}") for n in range(1, 100)]
    own = cdr(0, 6_000, CALLER, "Local/103@agents-1;1", 0, app="Queue")
    over, rest = gathered([half, *others, own])
    assert sorted(len(call.cdr) for call in [*over, *rest]) == [1] * 99 + [2]


def test_a_call_that_overflows_from_queue_to_queue_stays_one_without_cel() -> None:
    lines = [
        line(1, "ENTERQUEUE", "", "+39", "1"),
        line(60, "EXITWITHTIMEOUT", "1", "1", "59"),
        line(400, "ENTERQUEUE", "", "+39", "1", queue="support"),
        line(500, "ABANDON", "1", "1", "100", queue="support"),
    ]
    later = [line(2_000, "ENTERQUEUE", "", "+39", "1", callid="9.9")]
    over, rest = gathered([*lines, *later])
    assert ([len(call.queue_log) for call in over], len(rest)) == ([4], 1)


def test_a_restart_of_asterisk_ends_what_was_open() -> None:
    lines = [line(1, "ENTERQUEUE", "", "+39", "1"), line(60, "QUEUESTART", callid="NONE", queue="NONE")]
    over, _ = gathered([*lines, line(2_000, "ENTERQUEUE", "", "+39", "1", callid="9.9")])
    assert [len(call.queue_log) for call in over] == [1]


def test_a_call_that_nobody_ended_leaves_after_half_a_day() -> None:
    over, rest = gathered([*answered_by_cel({})[:6], *moved(answered_by_cel({}), 13 * 3_600)])
    assert [len(call.cel) for call in [*over, *rest]] == [6, 14]
    assert len(over) == 1


def test_lines_about_members_and_none_are_no_calls() -> None:
    assert gathered([line(1, "ADDMEMBER"), line(2, "CONFIGRELOAD"), line(3, "PAUSE")]) == ([], [])


def test_only_open_calls_are_held() -> None:
    gathering, most = Gathering(is_phone), 0
    for n in range(300):
        for one in moved(answered_by_cel({}), n * 20, f"{n}-"):
            gathering.take(one)
            for _ in gathering.over():
                pass
            most = max(most, len(gathering))
    assert most <= 3
    assert len(gathering._by_id) + len(gathering._phones) < 20


def test_where_to_go_on_is_the_first_line_of_the_oldest_open_call() -> None:
    gathering = Gathering(is_phone)
    for offset, one in enumerate([*answered_by_cel({}), *moved(answered_by_cel({}), 60)[:5]]):
        gathering.take(msgspec.structs.replace(one, offset=offset))
        list(gathering.over())
    assert gathering.oldest() == {"cel": 14}


@pytest.mark.parametrize("seed", range(3))
def test_lines_that_come_later_than_those_of_cel_make_the_same_calls(seed: int) -> None:
    random = Random(seed)
    lines = [one for source in ("queue_log", "cdr", "cel") for one in lines_of(FOLDERS["asterisk-22-mix-1"], source)]
    straight, left = gathered(sorted(lines, key=written_at))
    late = {id(one): 0.0 if isinstance(one, CelRow) else random.uniform(0, 2) for one in lines}
    shaken, rest = gathered(sorted(lines, key=lambda one: written_at(one).timestamp() + late[id(one)]))
    assert sizes([*straight, *left]) == sizes([*shaken, *rest])


def sizes(calls: list[LoggedCall]) -> list[tuple[int, int, int]]:
    return sorted((len(call.queue_log), len(call.cdr), len(call.cel)) for call in calls)
