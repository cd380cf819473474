"""Any REST interface, told in the settings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crm_bridge.activity import CallActivity, CallWriter
from crm_bridge.contact import SourceError
from cti.errors import OffhookError
from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.http import Vendor
from tests.crm_bridge.vendors.opened import number, open_kind, opened

PLAIN = {"url": "https://crm.example.com", "find": "/x", "fields": {"id": "id", "name": "name"}}


async def test_orders_and_further_fields_are_read_as_told() -> None:
    async with opened(Vendor()) as crm:
        [anna] = await crm.find(number(ANNA.phone))
    assert (anna.company, anna.fields) == ("Rossi Srl", (("City", "Milano"),))
    assert [(one.reference, one.title, one.state, str(one.due_on)) for one in anna.open_orders] == [
        ("O-1", "Heat pump", "shipped", "2026-11-24")
    ]


async def test_what_was_bought_and_other_contacts_are_read_as_told() -> None:
    async with opened(Vendor()) as crm:
        [anna] = await crm.find(number(ANNA.phone))
    assert anna.products == anna.bought == ("Filter", "Pump")
    assert [(str(one.on), one.kind, one.title, one.direction) for one in anna.touches] == [
        ("2026-11-20", "e-mail", "Question", ""), ("2026-11-03", "e-mail", "<b>Offer</b>", "out"),
    ]  # fmt: skip


async def test_values_can_be_nothing_but_values() -> None:
    vendor = Vendor()
    async with opened(vendor) as crm:
        await crm.search("a&phone=393351234567#/../x?", 5)
        assert await crm.get("1&phone=393351234567") is None
    assert [list(request.query) for request in vendor.asked] == [["q"], ["id"]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"fields": {"id": "id"}}, "at least id and name"),
        ({"fields": {"id": "id", "name": "name", "fon": "x"}}, "no field is called 'fon'"),
        ({"orders": {"records": "x", "price": "y"}}, "no field is called 'price'"),
        ({"contacts": {"records": "x", "state": "y"}}, "no field is called 'state'"),
        ({"fields": {"id": "id", "name": "a[b"}}, "name is no JMESPath"),
        ({"auth": "bearer"}, "lack secret"),
        ({"write": "/calls"}, "write_body: it is empty"),
        ({"write": "/calls", "write_body": {"a": "{call}"}}, "nothing is called {call}"),
        ({"write": "/calls", "write_body": {"a": "{note}"}}, "neither it nor the path has {call_id}"),
        ({"auth": "header", "secret": "a\r\nX-Evil: 1"}, "cannot be sent"),
    ],
)
def test_what_cannot_work_is_said_at_the_start(options: dict[str, Any], words: str) -> None:
    with pytest.raises(OffhookError, match=words):
        open_kind("http", PLAIN | options)


async def test_an_expression_that_does_not_fit_the_answer_is_said() -> None:
    async with opened(Vendor(), records="length(items[0].key)") as crm:
        with pytest.raises(SourceError, match="a JMESPath of the settings does not fit"):
            await crm.find(number(ANNA.phone))


async def test_basic_authentication_sends_user_and_secret() -> None:
    vendor = Vendor()
    async with opened(vendor, auth="basic", user="offhook") as crm:
        with pytest.raises(SourceError):
            await crm.find(number(ANNA.phone))
    assert vendor.asked[0].headers["Authorization"] == "Basic b2ZmaG9vazpzM2NyZXQtdG9rZW4="


async def test_without_a_path_it_takes_no_calls_and_with_one_no_value_leads_elsewhere() -> None:
    vendor = Vendor()
    async with opened(vendor, write="") as crm:
        assert not isinstance(crm, CallWriter)
    at = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    async with opened(vendor) as crm:
        await crm.write_call(
            CallActivity(
                call_id="../people?x=1#", direction="inbound", outcome="busy", number="", started_at=at, ended_at=at
            )
        )
    assert vendor.asked[-1].path == "/api/calls/..=2f=people=3f=x=3d=1=23="
