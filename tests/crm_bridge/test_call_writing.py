"""Which calls a CRM gets, what it is told, and whose they are there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from crm_bridge.activity import ActivityRefusedError, CallActivity
from crm_bridge.call_note import CallNote, NotedCustomer, NotedText, NoteKey
from crm_bridge.call_writing import CrmTarget, WrittenCall, call_entry, is_wanted, target_of
from crm_bridge.contact import Choice, Contact, SourceError
from crm_bridge.counts import SourceCounts
from crm_bridge.delivery import Receipt
from crm_bridge.guard import GuardedSource, Limits
from crm_bridge.number import Number
from crm_bridge.outbox import MAX_PAYLOAD, Entry, Row, State
from crm_bridge.settings import CrmSettings, SourceSettings
from cti.model import Call, CallOutcome, Direction
from tests.crm_bridge.ended import ended_call
from tests.crm_bridge.scene import HOSTILE, START
from tests.crm_bridge.stubborn import someone

KEY = "+393351234567"
CRM = CrmSettings(default_region="IT")
ANNA, BRUNO = someone("Anna Rossi", KEY, "odoo", "7"), someone("Bruno Verdi", KEY, "odoo", "8")


def source(**settings: Any) -> SourceSettings:
    return SourceSettings(name="odoo", kind="odoo", **{"write_calls": True, **settings})


def entry(call: Call | None = None, **settings: Any) -> Entry:
    return call_entry(source(**settings), CRM, call or ended_call(), "https://pbx/17.0.wav")


def activity(one: Entry) -> CallActivity:
    return msgspec.json.decode(one.payload, type=WrittenCall).activity


def row(one: Entry) -> Row:
    kept = {name: getattr(one, name) for name in ("target", "kind", "key", "payload", "match_key", "due_at")}
    unset = dict.fromkeys(("last_error", "done_at", "noted_at", "remote_id", "claim"))
    instants = dict.fromkeys(("created_at", "waiting_since"), START)
    return Row(id=1, version=1, attempts=0, state=State.WAITING, **kept, **unset, **instants)


def note(text: str = "", agent: str = "101", after_s: float = 0.0, disposition: str = "", **customer: Any) -> CallNote:
    return CallNote(
        key=NoteKey("main", "17.0", agent),
        text=NotedText(text, disposition),
        customer=NotedCustomer(**customer),
        updated_at=START + timedelta(seconds=after_s),
    )


class Crm:
    """A CRM that keeps what is written into it."""

    def __init__(self, *found: Contact, problem: SourceError | None = None) -> None:
        self.found, self.problem = list(found), problem
        self.written: list[CallActivity] = []

    async def find(self, number: Number) -> list[Contact]:
        if self.problem is not None:
            raise self.problem
        return self.found

    async def write_call(self, activity: CallActivity) -> str:
        self.written.append(activity)
        return f"id {len(self.written)}"


class Remembered:
    async def chosen(self, key: str) -> Choice | None:
        return Choice("odoo", "8", "Anna (101)", START) if key == KEY else None


async def send(
    crm: Crm, one: Entry, notes: Sequence[CallNote] = (), choices: Remembered | None = None, **settings: Any
) -> Receipt:
    guarded = GuardedSource("odoo", crm, Limits(), SourceCounts())

    async def fetch(pbx: str, call_id: str) -> Sequence[CallNote]:
        assert (pbx, call_id) == ("main", "17.0")
        return notes

    target = CrmTarget(source(**settings), CRM, guarded, fetch, lambda pbx, agent: f"Agent {agent} of {pbx}", choices)
    assert target.name == one.target
    try:
        return await target.send(row(one))
    finally:
        await guarded.close()


@pytest.mark.parametrize(
    ("settings", "changes", "wanted"),
    [
        ({}, {}, True),
        ({"write_calls": False}, {}, False),
        ({}, {"ended_at": None}, False),
        ({}, {"direction": Direction.INTERNAL}, False),
        ({}, {"direction": Direction.OUTBOUND}, True),
        ({"write_directions": (Direction.OUTBOUND,)}, {}, False),
        ({"write_outcomes": (CallOutcome.ABANDONED,)}, {}, False),
        ({"write_outcomes": (CallOutcome.ABANDONED,)}, {"outcome": CallOutcome.ABANDONED}, True),
        ({"write_queues": ("sales",)}, {}, True),
        ({"write_queues": ("support",)}, {}, False),
        ({"write_queues": ("sales",)}, {"queue": None, "stays": ()}, False),
    ],
)
def test_the_admin_says_which_calls_are_written(
    settings: dict[str, Any], changes: dict[str, Any], wanted: bool
) -> None:
    assert is_wanted(source(**settings), ended_call(**changes)) is wanted


def test_a_call_is_told_in_full_and_due_after_the_wrap_up() -> None:
    one = entry(write_after_s=30.0)
    assert (one.target, one.kind, one.key, one.match_key) == ("crm:odoo", "call", "main:17.0", KEY)
    assert one.due_at == START + timedelta(seconds=70 + 30)
    assert activity(one) == CallActivity(
        call_id="main:17.0",
        direction="inbound",
        outcome="answered",
        number=KEY,
        started_at=START,
        ended_at=START + timedelta(seconds=70),
        answered_at=START + timedelta(seconds=10),
        wait_s=10.0,
        talk_s=60.0,
        queue="sales",
        agents=("101",),
        recording_url="https://pbx/17.0.wav",
    )


def test_a_source_with_an_endless_name_fits_the_table() -> None:
    assert len(target_of("o" * 500)) == 120


def test_the_same_call_makes_the_same_entry() -> None:
    assert entry() == entry()


def test_a_withheld_number_is_none() -> None:
    one = entry(ended_call(None))
    assert (one.match_key, activity(one).number) == (None, "")


def test_hostile_numbers_stay_bounded_text() -> None:
    one = entry(ended_call(HOSTILE * 500))
    assert len(one.payload) < MAX_PAYLOAD
    assert one.match_key is None


async def test_a_customer_known_for_certain_is_named() -> None:
    crm = Crm(ANNA)
    receipt = await send(crm, entry())
    assert receipt == Receipt("id 1", None)
    (written,) = crm.written
    assert (written.contact_id, written.contact_name, written.on_behalf) == ("7", "Anna Rossi", False)
    assert written.agents == ("Agent 101 of main",)


@pytest.mark.parametrize("found", [(), (ANNA, BRUNO), (someone("Carla", "+390212345678", "odoo"),)])
async def test_nobody_is_named_who_is_not_certain(found: tuple[Contact, ...]) -> None:
    crm = Crm(*found)
    await send(crm, entry())
    assert crm.written[0].contact_id is None
    skipping = Crm(*found)
    assert await send(skipping, entry(), unknown_callers="skip") == Receipt("", None)
    assert skipping.written == []


async def test_a_caller_without_a_number_is_looked_for_nowhere() -> None:
    crm = Crm(problem=SourceError("crm-failed", "asked in vain"))
    await send(crm, entry(ended_call("anonymous")))
    assert crm.written[0].contact_id is None


async def test_what_an_agent_once_chose_for_the_number_holds() -> None:
    crm = Crm(ANNA, BRUNO)
    await send(crm, entry(), choices=Remembered())
    assert crm.written[0].contact_id == "8"


async def test_whom_the_agent_named_goes_before_the_number() -> None:
    crm = Crm(ANNA)
    chosen = note("Wants an offer", disposition="Offer", source="odoo", contact_id="9", name="Carla", on_behalf=True)
    receipt = await send(crm, entry(), [chosen])
    (written,) = crm.written
    assert (written.contact_id, written.contact_name, written.on_behalf) == ("9", "Carla", True)
    assert (written.note, written.disposition, receipt.noted_at) == ("Wants an offer", "Offer", START)


async def test_a_customer_of_another_source_is_found_here_by_the_number_only_if_it_is_he() -> None:
    same = note(source="book", contact_id="1", name="anna  ROSSI")
    other = note(source="book", contact_id="2", name="Bruno Verdi")
    behalf = note(source="book", contact_id="2", name="Bruno Verdi", on_behalf=True)
    told = []
    for one in (same, other, behalf):
        crm = Crm(ANNA)
        await send(crm, entry(), [one])
        told.append((crm.written[0].contact_id, crm.written[0].contact_name, crm.written[0].on_behalf))
    assert told == [("7", "Anna Rossi", False), (None, None, False), (None, "Bruno Verdi", True)]


async def test_notes_of_several_agents_stand_under_their_names() -> None:
    crm = Crm(ANNA)
    notes = [note("first", "101", 0, "Offer"), note("", "102", 5), note("second", "103", 9, "Order")]
    receipt = await send(crm, entry(), notes)
    (written,) = crm.written
    assert written.note == "Agent 101 of main: first\nAgent 103 of main: second"
    assert (written.disposition, receipt.noted_at) == ("Order", START + timedelta(seconds=9))


async def test_a_source_that_is_down_says_so() -> None:
    with pytest.raises(SourceError, match="down"):
        await send(Crm(problem=SourceError("crm-unreachable", "down")), entry())


async def test_a_source_that_only_reads_is_a_dead_letter() -> None:
    class Reader:
        async def find(self, number: Number) -> list[Contact]:
            return [ANNA]

    with pytest.raises(ActivityRefusedError):
        await send(Reader(), entry())  # type: ignore[arg-type]
