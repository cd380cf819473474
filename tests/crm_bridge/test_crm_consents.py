"""What CRMs know of a customer's wishes is on his card, with who says so."""

from __future__ import annotations

from importlib import import_module

import pytest

from tests.crm_bridge.vendors import salesforce
from tests.crm_bridge.vendors.crm_server import ANNA
from tests.crm_bridge.vendors.opened import number, opened


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("espocrm", "Do not call: refused, day not known, says EspoCRM"),
        ("vtiger", "Do not call: refused, day not known, says Vtiger"),
        ("bottlecrm", "Do not call: refused, day not known, says BottleCRM"),
        ("odoo", "Do not call: refused, day not known, on Odoo's phone blacklist"),
        ("hubspot", "Do not e-mail: refused, day not known, says HubSpot"),
        ("salesforce", "Do not call: refused, day not known, says Salesforce"),
    ],
)
async def test_a_refusal_that_the_crm_knows_is_told(kind: str, words: str) -> None:
    async with opened(import_module(f"tests.crm_bridge.vendors.{kind}").Vendor()) as crm:
        [anna] = await crm.find(number(ANNA.phone))
    assert [one.words for one in anna.consents] == [words]


@pytest.mark.parametrize("allowed", [True, False])
async def test_salesforce_is_asked_for_refusals_only_where_the_user_may_read_them(allowed: bool) -> None:
    vendor = salesforce.Vendor()
    async with opened(vendor, **({"consents": True} if allowed else {})) as crm:
        await crm.find(number(ANNA.phone))
        await crm.get("Contact/003000000000001AAA")
    assert any("DoNotCall" in str(one.query) for one in vendor.asked) is allowed
