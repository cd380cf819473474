"""After a loss of the stream a snapshot puts the tracker right: nothing stays open, nothing begins twice."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import Phase, example, given, settings, strategies as st

from cti.model import AgentChanged, Call, CallEnded, CallEvent, Direction, LegRole, OddityFound
from cti.pbx.asterisk_events import WANTED, AsteriskEvents
from cti.recording import Recording
from cti.signals import Signal
from cti.snapshot import LegNow, MemberNow, SnapshotTaken
from cti.tracker import CallTracker
from cti.wire.ami import AmiWire
from offhook.replay import START, replay
from tests.cti.playbook import ORIGIN, RINGING, TALKING, WAITING, Playbook, at
from tests.cti.present import present

RECORDINGS = Path(__file__).parents[1] / "recordings"


@cache
def signals_of(name: str) -> tuple[Signal, ...]:
    events, wire = AsteriskEvents("pbx"), AmiWire(WANTED)
    return tuple(
        signal
        for t, data in Recording(RECORDINGS / name).reads()
        for frame in wire.feed(data)
        for signal in events.normalise(frame, START + timedelta(seconds=t), "session")
    )


def under_way(tracker: CallTracker) -> set[str]:
    """The open calls; an agent's phone alone off the hook tells nothing of the call it made, or was part of."""
    live = {call.call_id: [leg.role for leg in call.legs if leg.ended_at is None] for call in tracker.open_calls()}
    return {call_id for call_id, roles in live.items() if len(roles) > 1 or LegRole.CUSTOMER in roles}


def ended(events: list[CallEvent]) -> dict[str, Call]:
    calls = [event.call for event in events if isinstance(event, CallEnded)]
    assert len({call.call_id for call in calls}) == len(calls)
    return {call.call_id: call for call in calls}


@settings(max_examples=40, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
@example(462, 1500)
@given(st.integers(0, 7_000), st.integers(1, 1_500))
def test_after_a_loss_the_calls_are_the_same_but_for_what_was_missed(begin: int, length: int) -> None:
    signals = signals_of("asterisk-22/mix-1")
    begin, end = min(begin, len(signals) - 2), min(begin + length, len(signals) - 1)
    whole, cut = CallTracker("pbx"), CallTracker("pbx")
    told: list[CallEvent] = []
    truth: list[CallEvent] = []
    for i, signal in enumerate(signals):
        truth += whole.apply(signal)
        if not begin <= i < end:
            told += cut.apply(signal)
        elif i == end - 1:
            told += cut.apply(present(whole._board, signal))
            assert under_way(whole) <= under_way(cut) <= set(whole._board.calls)
    assert cut.open_calls() == []
    seen, real = ended(told), ended(truth)
    # No snapshot tells who is on hold: a consultation that began in the gap is told as a call between two agents.
    assert all(seen[one].direction is Direction.INTERNAL for one in set(seen) - set(real))
    lost_from, lost_to = signals[begin].at, signals[end].at
    for call_id, call in real.items():
        if max(leg.ended_at or lost_to for leg in call.legs) < lost_from or call.offered_at > lost_to:
            assert seen[call_id] == call
    missed = [call for one, call in real.items() if one not in seen and call.direction is Direction.INBOUND]
    assert all(call.offered_at >= lost_from and (call.ended_at or lost_to) <= lost_to for call in missed)


@pytest.mark.parametrize("pbx", ["asterisk-22", "asterisk-16"])
def test_a_late_connection_learns_of_the_calls_under_way(pbx: str) -> None:
    events = list(replay(RECORDINGS / pbx / "X01" / "late"))
    calls = ended(events)
    found = {call.caller.name: (call.outcome, call.queue, call.answered_by, call.ended_by) for call in calls.values()}
    assert found == {
        "Uno": ("answered", "sales", ("101",), "agent"),
        "Due": ("answered", "sales", ("102",), "agent"),
        "Tre": ("abandoned", "sales", (), "customer"),
        "Quattro": ("answered", "support", ("103",), "agent"),
    }
    assert [event for event in events if isinstance(event, OddityFound)] == []
    agents = {event.agent.agent: event.agent for event in events if isinstance(event, AgentChanged)}
    assert sorted(agents) == ["101", "102", "103", "104", "105"]
    assert agents["104"].name == "Dana O'Neill"


def nothing(seconds: float) -> SnapshotTaken:
    """A PBX with no leg, nobody waiting and nobody logged in."""
    now = at(seconds)
    return SnapshotTaken(at=now, origin=ORIGIN, legs_at=now, queues_at=now, legs=(), waits=(), members=())


def test_a_call_that_is_gone_ends_with_the_snapshot() -> None:
    book = Playbook()
    book.play(TALKING)
    events = book.tracker.apply(nothing(30))
    call = ended(events)["1"]
    assert (call.outcome, call.ended_at, call.talks[0].ended_at) == ("answered", at(30), at(30))
    assert book.tracker.open_calls() == []


def test_a_leg_heard_of_after_the_snapshot_was_taken_is_left_alone() -> None:
    book = Playbook()
    book.play(WAITING)
    older = nothing(0.05)
    assert ended(book.tracker.apply(older)) == {}
    assert [call.call_id for call in book.tracker.open_calls()] == ["1"]


def on_a_break(seconds: float, reason: str | None) -> SnapshotTaken:
    """Anna is paused in sales, and nothing else goes on."""
    anna = MemberNow(queue="sales", agent="101", name="Anna", interface="PJSIP/101", paused=True, reason=reason)
    return msgspec.structs.replace(nothing(seconds), members=(anna,))


@pytest.mark.parametrize(("reason", "told"), [("training", [("pause", "training")]), ("lunch", []), (None, [])])
def test_another_break_meanwhile_is_told_with_its_reason(reason: str | None, told: list[tuple[str, str]]) -> None:
    """Before Asterisk 13 no reason is told: then it is taken to be the same."""
    book = Playbook()
    book.tracker.apply(on_a_break(0, "lunch"))
    changes = [event for event in book.tracker.apply(on_a_break(60, reason)) if isinstance(event, AgentChanged)]
    assert [(event.change, event.reason) for event in changes] == told
    assert book.tracker.agents()[0].pause_reason == (reason or "lunch")


def test_an_agent_who_logged_out_meanwhile_is_told_as_such() -> None:
    book = Playbook()
    book.tracker.apply(on_a_break(0, "lunch"))
    (agent,) = book.tracker.agents()
    assert (agent.name, agent.queues, agent.pause_reason, agent.state) == ("Anna", ("sales",), "lunch", "paused")
    changes = [event for event in book.tracker.apply(nothing(60)) if isinstance(event, AgentChanged)]
    assert [(event.change, event.queue) for event in changes] == [("logout", "sales")]
    assert book.tracker.agents()[0].state == "offline"


def now_leg(leg_id: str, role: LegRole, number: str, *, queue: str | None = None) -> LegNow:
    return LegNow(
        leg=leg_id, group="1", channel=f"PJSIP/{number}-1", role=role, number=number, started_at=at(0), ringing=False,
        up=True, bridge="b", queue=queue, name=None, dialled="+3902", was_dialled=role is LegRole.AGENT,
    )  # fmt: skip


def two_talking() -> SnapshotTaken:
    """A customer from the queue and his agent, nine seconds on."""
    return SnapshotTaken(
        at=at(9),
        origin=ORIGIN,
        legs_at=at(9),
        queues_at=at(9),
        legs=(
            now_leg("1", LegRole.CUSTOMER, "+39333", queue="sales"),
            now_leg("2", LegRole.AGENT, "101"),
        ),
        waits=(),
        members=(),
    )


def test_a_customer_found_talking_is_a_call_from_then_on() -> None:
    book = Playbook()
    events = book.tracker.apply(two_talking())
    (call,) = book.tracker.open_calls()
    assert (call.caller.number, call.dialled, call.queue, call.offered_at) == ("+39333", "+3902", "sales", at(0))
    assert [(talk.agent, talk.started_at) for talk in call.talks] == [("101", at(9))]
    assert not [event for event in events if isinstance(event, OddityFound)]


@pytest.mark.parametrize(("over", "left"), [("1 2", {}), ("2", {"1": ["1"]}), ("1", {"1": ["2"]})])
def test_a_leg_whose_end_was_heard_while_the_present_was_asked_for_does_not_come_to_life(
    over: str, left: dict[str, list[str]]
) -> None:
    """Its beginning was not heard, and the answer is older than its end. A call may go on without its first leg."""
    book = Playbook()
    book.play("\n".join(f"8 ends {leg}" for leg in over.split()))
    book.tracker.apply(two_talking())
    assert {call.call_id: [leg.leg_id for leg in call.legs] for call in book.tracker.open_calls()} == left


#: 101's phone answers, and nothing more is heard of it until he holds; whom he holds was to be heard meanwhile.
HOLDS_UNHEARD = f"""{RINGING}
    4    up 2
    9    holds 2
"""
ASKS = """
    10   phone 3 101 to 102
    10   phone 4 102 of 3
    10   dial 4 by 3
    10   rings 4
    12   ends 3 4
    15   ends 1 2
"""


def test_who_holds_just_as_the_present_is_asked_for_holds_whom_the_answer_names() -> None:
    """The hold was heard after what the snapshot shows; it does not speak against the bridge that is shown."""
    book = Playbook()
    book.play(HOLDS_UNHEARD)
    now = msgspec.structs.replace(two_talking(), at=at(9.5), legs_at=at(8.5), queues_at=at(8.5))
    book.tracker.apply(now)
    (call,) = book.tracker.open_calls()
    assert [(talk.agent, talk.ended_at) for talk in call.talks] == [("101", None)]
    calls = ended(book.play(ASKS).events)
    assert list(calls) == ["1"], "the question is no call of its own"
    assert [(ring.agent, ring.consult) for ring in calls["1"].rings] == [("101", False), ("102", True)]


@pytest.mark.parametrize("left", ["9.2 unbridge b 2 1", "9.2 bridge c 2"])
def test_who_was_heard_to_leave_the_bridge_since_is_not_put_back(left: str) -> None:
    book = Playbook()
    book.play(HOLDS_UNHEARD + left)
    now = msgspec.structs.replace(two_talking(), at=at(9.5), legs_at=at(8.5), queues_at=at(8.5))
    book.tracker.apply(now)
    (call,) = book.tracker.open_calls()
    assert not [talk for talk in call.talks if talk.ended_at is None]
