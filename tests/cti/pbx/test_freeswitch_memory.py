"""What is kept between events is given up with the leg it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.pbx.freeswitch_events import FreeswitchEvents
from cti.pbx.freeswitch_memory import MAX_GONE, MAX_QUEUE_EXTENSIONS, FreeswitchMemory, Joined, Taken
from cti.recording import Recording
from cti.wire.esl import EslWire
from tests.cti.playbook import at

RECORDINGS = Path(__file__).parents[2] / "recordings" / "freeswitch"


@pytest.mark.parametrize("name", ["S08", "S09", "S10", "S18b", "S20", "S25", "S26", "S28", "mix-1"])
def test_nothing_is_left_after_the_last_call(name: str) -> None:
    wire, events = EslWire(), FreeswitchEvents("pbx")
    for _, data in Recording(RECORDINGS / name).reads():
        for frame in wire.feed(data):
            list(events.normalise(frame, at(0), "s"))
    memory = events.memory
    assert (memory.seen, memory.joined, memory.taken, memory.undecided) == (set(), {}, {}, {})


def test_a_leg_begins_once_and_not_after_its_end() -> None:
    memory = FreeswitchMemory()
    assert memory.begins("u1")
    assert not memory.begins("u1")
    memory.forget("u1")
    memory.forget("u2")
    assert not memory.begins("u2")
    assert memory.begins("u3")


def test_ends_without_a_beginning_are_kept_for_a_while() -> None:
    memory = FreeswitchMemory()
    for number in range(MAX_GONE + 1):
        memory.forget(f"u{number}")
    assert memory.begins("u0")
    assert not memory.begins("u1")


def test_what_ended_while_nobody_listened_is_forgotten() -> None:
    memory = FreeswitchMemory()
    for leg in ("u1", "u2"):
        memory.begins(leg)
        memory.joined[leg], memory.taken[leg] = Joined("m", "sales"), Taken("u1", "sales", "101")
        memory.undecided[leg] = None
    memory.forget_others(["u2", "u3"])
    assert (memory.seen, set(memory.joined), set(memory.taken), set(memory.undecided)) == (
        {"u2", "u3"}, {"u2"}, {"u2"}, {"u2"},
    )  # fmt: skip


def test_an_agent_is_the_extension_that_was_noted_or_the_one_in_his_name() -> None:
    memory = FreeswitchMemory()
    assert memory.agent("101@pbx.example") == "101"
    memory.note_agent("8f2c-a1", "105")
    assert memory.agent("8f2c-a1") == "105"


def test_extensions_of_queues_are_learnt_and_not_without_bound() -> None:
    memory = FreeswitchMemory()
    for number in range(MAX_QUEUE_EXTENSIONS):
        memory.note_queue(str(number), "sales")
    memory.note_queue("one more", "sales")
    memory.note_queue("0", "support")
    memory.note_queue(None, "support")
    assert (memory.queue_at("0"), memory.queue_at("1"), memory.queue_at("one more")) == ("support", "sales", None)
    assert memory.queue_at(None) is None


def test_without_settings_nothing_is_said_about_trunks() -> None:
    assert FreeswitchMemory().is_trunk("sofia/external/1", "trunk", "public") is None
    assert FreeswitchMemory(["trunk"]).is_trunk("sofia/internal/1", "trunk", None) is True
    assert FreeswitchMemory(["trunk"]).is_trunk("sofia/internal/1", None, "public") is False
