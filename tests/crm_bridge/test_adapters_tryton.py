"""Tryton, the real one, with its modules party, sale and sale_complaint on SQLite."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

import msgspec
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from crm_bridge.activity import ActivityRefusedError, text_of
from crm_bridge.contact import Contact, MatchKind, SourceError, SourceRefusedError
from crm_bridge.matching import decide
from tests.crm_bridge.lab.programs import PASSWORD, free_port, lab, running, tryton_config
from tests.crm_bridge.lab.tryton_sales import Shop, amount, call, day
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.vendors.opened import CALL, nothing_is_told_of, number, open_kind, told_once

PARTIES = [
    ("Anna Rossi", "phone", "+39 335 123 4567"),
    ("Bruno Verdi", "phone", "+39 02 21000100"),
    ("Carla Neri", "mobile", "+390221000100"),
    (HOSTILE, "phone", "+39 02 2100 0200"),
]
CLERK, SELLER = "clerk", "seller"
ALL = ["orders", "incidents", "products", "contacts"]


@pytest.fixture(scope="module")
def tryton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Tryton whose databases have nobody in them but their administrator."""
    made, folder, port, mail_port = lab(), tmp_path_factory.mktemp("tryton"), free_port(), free_port()
    for name in ("crm", "bare"):
        shutil.copy(made / f"tryton/{name}.sqlite", folder / f"{name}.sqlite")
    (folder / "trytond.conf").write_text(tryton_config(folder, port, mail_port))
    command = [made / "venv/bin/trytond", "-c", folder / "trytond.conf", "-d", "crm", "bare"]
    with running(command, port, folder / "log"):
        url = f"http://127.0.0.1:{port}"
        asyncio.run(fill(url))
        mails = Controller(Sink(), hostname="127.0.0.1", port=mail_port, ready_timeout=60.0)
        mails.start()
        try:
            asyncio.run(sell(url))
        finally:
            mails.stop()
        yield url


async def fill(url: str) -> None:
    """Write the parties as somebody at Tryton's own client would, and a user who is in no group."""
    ways = [
        {"name": name, "contact_mechanisms": [["create", [{"type": kind, "value": value}]]]}
        for name, kind, value in PARTIES
    ]
    await call(url, "model.party.party.create", [ways, {}])
    clerk = {"name": "Clerk", "login": CLERK, "password": PASSWORD, "email": "clerk@example.com"}
    await call(url, "model.res.user.create", [[clerk], {}])
    await call(url, "model.party.party.create", [ways[:1], {}], "bare")


async def sell(url: str) -> None:
    """What Anna ordered, complained about and was written to; Mallory has a title of his own."""
    shop = Shop(url)
    await shop.open()
    await shop.hire(SELLER, "Sales")
    desk, lamp = await shop.stock("Desk"), await shop.stock("Lamp")
    anna, mallory = await party_of(url, "Anna Rossi"), await party_of(url, HOSTILE)
    desks = {"type": "line", "product": desk, "quantity": 10.0, "unit_price": amount("125.05")}
    lamps = desks | {"product": lamp, "quantity": 1.0, "unit_price": amount("89")}
    when, later, before = day(date(2026, 11, 2)), day(date(2026, 12, 1)), day(date(2025, 3, 1))
    through = ("quote", "confirm", "process")
    note = {"type": "comment", "description": "Nothing to pay"}
    order = await shop.order(anna, [desks], *through, description="Ten desks", sale_date=when, shipping_date=later)
    await shop.ship(await shop.order(anna, [lamps], *through, description="One lamp", sale_date=before))
    await shop.order(anna, [note], *through, description="A sample", sale_date=before)
    await shop.order(anna, [lamps], "cancel", description="A mistake")
    await shop.order(anna, [lamps], "quote", description="An offer")
    await shop.order(anna, [lamps], description="A draft")
    await shop.order(mallory, [desks], *through, description=HOSTILE, sale_date=when)
    await shop.complain(anna, date(2026, 11, 19), "Router down", "wait")
    await shop.complain(anna, date(2026, 1, 7), "Wrong invoice", "wait", "reject")
    await shop.complain(mallory, date(2026, 1, 7), HOSTILE)
    await shop.mail(("party.party", anna), "Re: your question")
    await shop.mail(("sale.sale", order), "Your order")
    await shop.mail(("party.party", mallory), HOSTILE)


async def party_of(url: str, name: str) -> int:
    [own] = await call(url, "model.party.party.search", [[["name", "=", name]], 0, None, None, {}])
    return int(own)


@pytest.fixture
async def crm(tryton: str) -> AsyncIterator[Any]:
    made = open_kind("tryton", options(tryton))
    yield made
    await made.close()


def options(url: str, **more: object) -> dict[str, Any]:
    return {"url": url, "database": "crm", "user": "admin", "password": PASSWORD, **more}


async def test_one_is_found_however_he_is_written_there(crm: Any) -> None:
    match = decide(number("+393351234567"), await crm.find(number("+393351234567")))
    assert match.kind is MatchKind.EXACT
    assert match.contact
    assert (match.contact.name, match.contact.source) == ("Anna Rossi", "crm")
    assert match.contact.external_id


async def test_none_several_and_a_script(crm: Any) -> None:
    assert await crm.find(number("+393359999999")) == []
    assert await crm.find(number("101")) == []
    several = decide(number("+390221000100"), await crm.find(number("+390221000100")))
    assert (several.kind, len(several.candidates)) == (MatchKind.AMBIGUOUS, 2)
    [mallory] = await crm.find(number("+390221000200"))
    assert mallory.name == HOSTILE


async def test_by_name_he_is_found_and_fetched_again(crm: Any) -> None:
    [anna] = await crm.search("rossi", 5)
    assert await crm.get(anna.contact_id) == anna
    assert await crm.search("nobody has this name", 5) == []
    assert (await crm.get("99999"), await crm.get("x")) == (None, None)


async def test_a_wrong_password_is_a_refusal(tryton: str) -> None:
    crm = open_kind("tryton", options(tryton, password="wrong-password"))
    with pytest.raises(SourceRefusedError):
        await crm.find(number("+393351234567"))
    await crm.close()


async def test_the_address_of_an_older_tryton_is_said_not_to_fit(tryton: str) -> None:
    crm = open_kind("tryton", options(tryton, path="old/"))
    with pytest.raises(SourceError) as caught:
        await crm.find(number("+393351234567"))
    assert caught.value.hint
    await crm.close()


async def notes(url: str, party: str) -> list[str]:
    """The notes that people see on this party."""
    asked = [[["resource", "=", f"party.party,{party}"]], 0, None, None, ["message"], {}]
    return [str(row["message"]) for row in await call(url, "model.ir.note.search_read", asked)]


async def test_a_call_is_one_note_on_the_party_however_often_it_is_written(crm: Any, tryton: str) -> None:
    [anna] = await crm.find(number("+393351234567"))
    activity = msgspec.structs.replace(CALL, contact_id=anna.contact_id)
    own = await crm.write_call(activity)
    again = open_kind("tryton", options(tryton))
    assert await again.write_call(activity) == own
    await again.close()
    [note] = await notes(tryton, anna.contact_id)
    assert note.splitlines() == ["Inbound call, answered, sales: Offer", *text_of(activity).splitlines()]
    other = msgspec.structs.replace(activity, call_id="milan:17", note="Another call")
    assert await crm.write_call(other) != own
    await crm.write_call(msgspec.structs.replace(activity, note="Wants two"))
    now = await notes(tryton, anna.contact_id)
    assert sorted(note.splitlines()[1] for note in now) == ["Another call", "Wants two"]


async def test_a_call_may_turn_out_to_be_another_partys(crm: Any, tryton: str) -> None:
    bruno, carla = await crm.find(number("+390221000100"))
    activity = msgspec.structs.replace(CALL, call_id="milan:18", contact_id=bruno.contact_id)
    await crm.write_call(activity)
    await crm.write_call(msgspec.structs.replace(activity, contact_id=carla.contact_id))
    assert (await notes(tryton, bruno.contact_id), len(await notes(tryton, carla.contact_id))) == ([], 1)


async def test_a_user_without_any_group_may_write_calls(tryton: str) -> None:
    crm = open_kind("tryton", options(tryton, user=CLERK))
    [mallory] = await crm.find(number("+390221000200"))
    activity = msgspec.structs.replace(CALL, call_id="milan:19", contact_id=mallory.contact_id)
    own = await crm.write_call(activity)
    assert await crm.write_call(activity) == own
    await crm.close()
    [note] = await notes(tryton, mallory.contact_id)
    assert HOSTILE in note.splitlines()


async def test_without_a_party_and_for_one_that_is_gone_it_is_refused(crm: Any) -> None:
    for contact_id, ref in ((None, "crm-call-nobody"), ("99999", "crm-call-refused")):
        with pytest.raises(ActivityRefusedError) as caught:
            await crm.write_call(msgspec.structs.replace(CALL, call_id="milan:20", contact_id=contact_id))
        assert caught.value.ref == ref


async def known(url: str, phone: str, **more: object) -> Contact:
    """All that Tryton tells a user of whose number this is."""
    return await told_once("tryton", options(url, **({"user": SELLER} | more)), phone)


async def test_orders_come_with_what_became_of_them_and_how_far_they_are_shipped(tryton: str) -> None:
    anna = await known(tryton, "+393351234567", about=["orders"])
    assert {one.title: (one.is_open, one.state) for one in anna.orders} == {
        "Ten desks": (True, "processing, not shipped"),
        "One lamp": (True, "processing, shipped"),
        "A sample": (False, "done"),
        "An offer": (True, "quotation"),
    }
    [desks] = [one for one in anna.orders if one.title == "Ten desks"]
    assert (desks.placed_on, desks.due_on, str(desks.total)) == (date(2026, 11, 2), date(2026, 12, 1), "1,250.50 EUR")
    assert desks.reference
    assert next(one for one in anna.orders if one.title == "An offer").placed_on
    assert (anna.incidents, anna.products, anna.touches, anna.unread) == ((), (), (), ())


async def test_complaints_products_and_mails_are_told_and_none_of_anybody_else(tryton: str) -> None:
    anna = await known(tryton, "+393351234567", about=ALL)
    assert sorted((one.title, one.state, one.is_open, one.opened_on) for one in anna.incidents) == [
        ("Router down", "waiting", True, date(2026, 11, 19)),
        ("Wrong invoice", "rejected", False, date(2026, 1, 7)),
    ]
    assert all(one.reference for one in anna.incidents)
    assert set(anna.products) == {"Desk", "Lamp"}
    assert {(one.title, one.kind, one.direction, one.by) for one in anna.touches} == {
        ("Re: your question", "e-mail", "out", "admin"),
        ("Your order", "e-mail", "out", "admin"),
    }
    mallory = await known(tryton, "+390221000200", about=ALL)
    told = [one.title for one in (*mallory.orders, *mallory.incidents, *mallory.touches)]
    assert (told, mallory.products, mallory.unread) == ([HOSTILE] * 3, ("Desk",), ())


async def test_one_who_has_nothing_is_told_nothing_of_others(tryton: str, crm: Any) -> None:
    assert not crm.has_details
    teller = open_kind("tryton", options(tryton, user=SELLER, about=ALL))
    await nothing_is_told_of(teller, await crm.find(number("+390221000100")))
    await teller.close()


async def test_the_mails_of_orders_belong_to_the_orders(tryton: str) -> None:
    anna = await known(tryton, "+393351234567", about=["contacts"])
    assert [one.title for one in anna.touches] == ["Re: your question"]


async def test_who_may_not_read_sales_still_sees_the_mails(tryton: str) -> None:
    anna = await known(tryton, "+393351234567", about=ALL, user=CLERK)
    assert [one.title for one in anna.touches] == ["Re: your question"]
    assert anna.unread == tuple(
        f"crm: {part} could not be read: Tryton does not permit the question"
        for part in ("orders", "incidents", "products")
    )
    with pytest.raises(SourceError, match="does not permit the question"):
        await known(tryton, "+393351234567", about=["orders"], user=CLERK)


async def test_a_module_that_is_not_there_is_named(tryton: str) -> None:
    anna = await known(tryton, "+393351234567", about=ALL, user="admin", database="bare")
    sale, complaint = (f"Tryton's module {name} is not activated" for name in ("sale", "sale_complaint"))
    assert anna.unread == (
        f"crm: orders could not be read: {sale}",
        f"crm: incidents could not be read: {complaint}",
        f"crm: products could not be read: {sale}",
    )
