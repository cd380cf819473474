"""The CRM's own page for a caller."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from crm_bridge.contact import Contact
from crm_bridge.number import parse_number
from crm_bridge.pop_url import call_values, check_template, fill_template, may_frame, origin_of
from tests.crm_bridge.scene import HOSTILE, Clock, Scene

TEMPLATE = "https://crm.example.com/find?phone={e164}&queue={queue}"


@pytest.mark.parametrize(
    "template",
    [
        "javascript:alert(1)",
        "data:text/html,{e164}",
        "//crm.example.com/{e164}",
        "https://{e164}/",
        "https://crm.{queue}.example.com/",
        "https://user:pw@crm.example.com/",
        "https://crm.example.com/ {e164}",
        "https://crm.example.com:x/",
        "crm.example.com",
        "",
    ],
)
def test_only_a_page_on_a_host_that_the_admin_named_can_be_opened(template: str) -> None:
    assert check_template(template).startswith("expected an address like")


def test_an_unknown_value_is_named() -> None:
    assert check_template("https://crm.example.com/{phone}").startswith("no value is called {phone}; there is e164")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=40), st.text(max_size=40))
def test_a_value_can_be_nothing_but_a_value(phone: str, queue: str) -> None:
    url = fill_template(TEMPLATE, {"e164": phone, "queue": queue})
    assert url.isascii()
    assert origin_of(url) == "https://crm.example.com"
    parts = urlsplit(url)
    assert (parts.path, parts.fragment) == ("/find", "")
    assert parse_qs(parts.query, keep_blank_values=True) == {"phone": [phone], "queue": [queue]}


def test_what_is_known_of_a_call() -> None:
    call = Scene("17.1", "+393351234567", Clock(), name=HOSTILE).call
    anna = Contact(source="book", contact_id="7", name="Anna", external_id="C-7")
    values = call_values(call, parse_number("+393351234567", "IT"), "sales", "101", anna, "IT")
    assert values["national"] == "3351234567"
    assert (values["queue"], values["agent"], values["customer_id"]) == ("sales", "101", "C-7")
    assert (values["call_id"], values["dialled"]) == ("17.1", "+390221000100")
    assert "e164" not in call_values(call, parse_number(None, "IT"), None, "101", None, "IT")


def test_origins() -> None:
    assert origin_of("https://crm.example.com:8443/a?b#c") == "https://crm.example.com:8443"
    assert origin_of("http://[::1]:80/") == "http://[::1]:80"
    assert not may_frame(None, ("https://crm.example.com",))
    assert not may_frame("https://crm.example.com.evil.example/", ("https://crm.example.com",))
