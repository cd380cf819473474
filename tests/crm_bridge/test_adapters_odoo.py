"""What only Odoo does."""

from __future__ import annotations

import pytest

from crm_bridge.contact import SourceError
from cti.errors import OffhookError
from tests.crm_bridge.vendors import odoo, odoo_jsonrpc
from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.opened import number, open_kind, opened


async def test_false_is_an_empty_field_and_the_page_is_linked() -> None:
    vendor = odoo.Vendor()
    async with opened(vendor, more={"Language": "lang"}) as crm:
        [anna] = await crm.find(number(ANNA.phone))
        assert anna.url == f"{vendor.url}/odoo/res.partner/1"
    assert (anna.email, anna.external_id, anna.company, anna.language) == (None, None, "Rossi Srl", "it")
    assert anna.fields == (("Language", "it_IT"),)


async def test_an_older_odoo_is_signed_on_to_once() -> None:
    vendor = odoo_jsonrpc.Vendor()
    async with opened(vendor) as crm:
        for _ in range(3):
            [anna] = await crm.find(number(ANNA.phone))
        assert anna.url == f"{vendor.url}/web#id=1&model=res.partner&view_type=form"
    assert len(vendor.asked) == 4


async def test_without_phone_validation_the_fields_themselves_are_searched() -> None:
    async with opened(odoo.Vendor(), search_fields=["phone"]) as crm:
        assert [one.name for one in await crm.find(number(ANNA.phone))] == ["Anna Rossi"]


async def test_a_field_that_this_version_does_not_have_is_an_error_that_names_the_options() -> None:
    async with opened(odoo.Vendor(), number_fields=["phone", "mobile"]) as crm:
        with pytest.raises(SourceError) as caught:
            await crm.find(number(ANNA.phone))
    assert caught.value.ref == "crm-failed"


def test_without_a_key_it_is_not_opened() -> None:
    with pytest.raises(OffhookError, match="lack token"):
        open_kind("odoo", {"url": "https://odoo.example.com", "database": "prod"})
