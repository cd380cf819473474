"""What every adapter that writes calls has to do, whatever the CRM does. Each vendor's server is in ``vendors``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from crm_bridge.activity import ActivityRefusedError, CallActivity, text_of
from crm_bridge.contact import SourceBusyError, SourceError, SourceRefusedError
from crm_bridge.number import parse_number
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.contract import VENDORS, Open
from tests.crm_bridge.vendors.crm_server import GARBAGE, SECRET, CrmServer, Told

AT = datetime(2026, 11, 21, 9, 30, 1, tzinfo=UTC)
CALL = CallActivity(
    call_id="milan:1795289209.17",
    direction="inbound",
    outcome="answered",
    number="+393351234567",
    started_at=AT,
    answered_at=AT + timedelta(seconds=3),
    ended_at=AT + timedelta(seconds=129),
    wait_s=3.2,
    talk_s=125.6,
    queue="sales",
    agents=("Anna Rossi", "102"),
    note="Wants an offer",
    disposition="Offer",
    recording_url="https://pbx.example/1.wav",
)
LONGEST = 32_000

pytestmark = pytest.mark.parametrize("kind", sorted(VENDORS))


def call(**changes: Any) -> CallActivity:
    return msgspec.structs.replace(CALL, **changes)


async def customers_id(crm: Any, number: str) -> str:
    """The id under which the look-up gives a customer: what the outbox writes with."""
    found = await crm.find(parse_number(number, "IT"))
    return str(found[0].contact_id)


async def annas(crm: Any, **changes: Any) -> CallActivity:
    return call(contact_id=await customers_id(crm, "+393351234567"), **changes)


def lines(told: Told) -> list[str]:
    return told.text.splitlines()


async def failure(crm: Any, activity: CallActivity) -> SourceError:
    """What is raised; never with the secret, the number, a name or more than a line."""
    with pytest.raises(SourceError) as caught:
        await crm.write_call(activity)
    text = str(caught.value)
    assert [secret for secret in (SECRET, "335123", "Rossi", "Wants", "\n") if secret in text] == []
    assert caught.value.hint or isinstance(caught.value, SourceBusyError)
    return caught.value


async def test_a_call_is_written_with_its_customer_and_all_of_its_words(open_: Open, server: CrmServer) -> None:
    crm = open_()
    activity = await annas(crm)
    own = await crm.write_call(activity)
    [told] = server.calls()
    assert (told.record, told.customer) == (own, activity.contact_id)
    assert own
    assert [line for line in text_of(activity).splitlines() if line not in lines(told)] == []


async def test_written_again_it_is_the_same_record(open_: Open, server: CrmServer) -> None:
    crm = open_()
    activity = await annas(crm)
    first = await crm.write_call(activity)
    before = server.calls()
    assert await crm.write_call(activity) == first
    assert await open_().write_call(activity) == first
    assert server.calls() == before


async def test_a_changed_note_changes_the_record(open_: Open, server: CrmServer) -> None:
    crm = open_()
    first = await crm.write_call(await annas(crm))
    assert await crm.write_call(await annas(crm, note="Wants two", disposition="Sold")) == first
    [told] = server.calls()
    assert "Wants two" in lines(told)


async def test_another_call_is_another_record_though_its_id_begins_alike(open_: Open, server: CrmServer) -> None:
    crm = open_()
    ids = ("milan:1795289209.17", "milan:1795289209.1", "milan:1795289209.170", "Milan:1795289209.17")
    written = [await crm.write_call(await annas(crm, call_id=one)) for one in ids]
    assert len(set(written)) == len(server.calls()) == 4
    assert [await crm.write_call(await annas(crm, call_id=one)) for one in ids] == written


async def test_when_the_answer_is_lost_the_second_attempt_makes_no_second_record(
    open_: Open, server: CrmServer
) -> None:
    crm = open_()
    activity = await annas(crm)
    server.mood = "lost"
    error = await failure(crm, activity)
    assert not isinstance(error, ActivityRefusedError)
    server.mood = "well"
    assert len(server.calls()) == 1
    own = await open_().write_call(activity)
    [told] = server.calls()
    assert (told.record, told.customer) == (own, activity.contact_id)


async def test_without_a_customer_it_is_nobodys_or_is_refused_with_a_clear_word(open_: Open, server: CrmServer) -> None:
    crm, nobodys = open_(), call(contact_id=None, outcome="abandoned", talk_s=None, answered_at=None, agents=())
    if server.keeps_nobodys:
        await crm.write_call(nobodys)
        [told] = server.calls()
        assert told.customer == ""
        assert "Number: +393351234567" in lines(told)
    else:
        error = await failure(crm, nobodys)
        assert isinstance(error, ActivityRefusedError)
        assert (error.ref, server.calls()) == ("crm-call-nobody", [])


async def test_it_may_turn_out_to_be_another_customers(open_: Open, server: CrmServer) -> None:
    crm = open_()
    await crm.write_call(await annas(crm))
    mallorys = await customers_id(crm, "+390221000200")
    await crm.write_call(call(contact_id=mallorys))
    assert [told.customer for told in server.calls()] == [mallorys]


async def test_hostile_text_arrives_as_text(open_: Open, server: CrmServer) -> None:
    crm = open_()
    activity = await annas(
        crm, note=HOSTILE, queue=HOSTILE, agents=(HOSTILE,), recording_url="javascript:alert(1)", disposition=HOSTILE
    )
    await crm.write_call(activity)
    [told] = server.calls()
    assert lines(told)[lines(told).index(HOSTILE) :][0] == HOSTILE
    assert f"Agents: {HOSTILE}" in lines(told)
    assert "javascript:" not in told.text


async def test_what_is_too_long_and_what_is_no_text_stays_here(open_: Open, server: CrmServer) -> None:
    crm = open_()
    activity = await annas(crm, note="a\x00\x1b[31m\u202eb" + "x" * 100_000, call_id="Büro '%_\\" + "7" * 400)
    first = await crm.write_call(activity)
    assert await crm.write_call(activity) == first
    [told] = server.calls()
    assert len(told.text) < LONGEST
    assert "\x00" not in told.text
    assert "\u202e" not in told.text


async def test_a_call_of_each_outcome_is_taken(open_: Open, server: CrmServer) -> None:
    crm = open_()
    outcomes = ("answered", "abandoned", "timeout", "no_answer", "busy", "failed", "ivr_hangup")
    for number, outcome in enumerate(outcomes):
        for direction in ("inbound", "outbound", "internal"):
            made = await annas(crm, call_id=f"main:{number}.{direction}", outcome=outcome, direction=direction)
            await crm.write_call(made)
    assert len(server.calls()) == 3 * len(outcomes)


@pytest.mark.parametrize("mood", ["refused", "forbidden"])
async def test_who_may_not_write_is_told_apart(open_: Open, server: CrmServer, mood: str) -> None:
    crm = open_()
    activity = await annas(crm)
    server.mood = mood
    assert isinstance(await failure(crm, activity), SourceRefusedError)


async def test_a_record_that_is_not_taken_is_told_apart(open_: Open, server: CrmServer) -> None:
    crm = open_()
    activity = await annas(crm)
    server.mood = "untaken"
    error = await failure(crm, activity)
    assert isinstance(error, ActivityRefusedError)
    assert (error.ref, server.calls()) == ("crm-call-refused", [])


@pytest.mark.parametrize("mood", ["failed", "busy", "redirect", "huge", *sorted(GARBAGE)])
async def test_any_other_answer_leaves_it_for_later(open_: Open, server: CrmServer, mood: str) -> None:
    crm = open_()
    activity = await annas(crm)
    server.mood, server.elsewhere = mood, "https://elsewhere.example/"
    error = await failure(crm, activity)
    assert not isinstance(error, ActivityRefusedError | SourceRefusedError)
    assert server.calls() == []
    server.mood = "well"
    await crm.write_call(activity)
    assert len(server.calls()) == 1


async def test_too_slow_is_said_and_the_time_is_bounded(open_: Open, server: CrmServer) -> None:
    activity = await annas(open_())
    server.mood = "slow"
    assert (await failure(open_(give_up_s=0.2), activity)).ref == "crm-slow"
