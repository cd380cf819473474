"""Records of a Dolibarr as parts of a customer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from crm_bridge.contact import Money
from crm_bridge.dolibarr_about import incident_of, order_of, person_of, products_of, touches_of


def at(zone: str, year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=ZoneInfo(zone)).timestamp())


@pytest.mark.parametrize("zone", ["Europe/Rome", "Asia/Tokyo", "Pacific/Auckland", "Pacific/Honolulu"])
def test_a_day_is_the_one_that_was_meant_in_any_time_zone_and_over_summer_time(zone: str) -> None:
    summer = {"date": at(zone, 2026, 10, 1), "delivery_date": at(zone, 2026, 12, 1)}
    winter = {"date": str(at(zone, 2026, 3, 1)), "delivery_date": str(at(zone, 2026, 4, 2, 15))}
    days = [(order_of(one).placed_on, order_of(one).due_on) for one in (summer, winter)]
    assert days == [(date(2026, 10, 1), date(2026, 12, 1)), (date(2026, 3, 1), date(2026, 4, 2))]
    assert order_of({"delivery_date": at(zone, 2026, 12, 1)}).due_on == date(2026, 12, 1)


def test_whether_an_order_is_open() -> None:
    open_ = {str(status): order_of({"ref": "S1", "statut": status}).is_open for status in (-1, 0, 1, 2, 3)}
    assert open_ == {"-1": False, "0": True, "1": True, "2": True, "3": False}
    assert (order_of({"status": "-1"}).state, order_of({"status": 3}).state) == ("canceled", "delivered")


def test_whether_a_ticket_is_open() -> None:
    open_ = {status: incident_of({"fk_statut": status}).is_open for status in (0, 1, 2, 3, 5, 7, 8, 9)}
    assert [status for status, is_open in open_.items() if not is_open] == [8, 9]
    assert incident_of({"status": "5", "severity_code": "LOW"}).state == "waiting for the customer"


def test_an_amount_is_in_the_orders_own_currency() -> None:
    foreign = {"total_ttc": "10.00", "multicurrency_total_ttc": "11.50", "multicurrency_code": "usd"}
    assert order_of(foreign).total == Money(1150, "USD")
    assert order_of(foreign | {"multicurrency_total_ttc": "0.00"}).total == Money(1000)


def test_lines_of_text_are_no_products() -> None:
    lines = [{"product_label": "Desk"}, {"product_label": None, "libelle": "Lamp"}, {"desc": "<b>Thank you</b>"}, 7]
    assert [*products_of({"lines": lines})] == ["Desk", "Lamp", ""]
    assert [*products_of({"lines": None})] == []


def test_an_event_of_a_type_of_ones_own_is_called_as_there() -> None:
    begun = int(datetime(2026, 11, 20, 9, tzinfo=UTC).timestamp())
    [touch] = touches_of({"type_code": "AC_DEMO", "type_label": "Demo", "datep": begun, "label": "At the fair"}, {})
    assert (touch.kind, touch.title, touch.direction, touch.on) == ("Demo", "At the fair", "", date(2026, 11, 20))
    assert [*touches_of({"type_code": "AC_RDV", "datep": ""}, {})] == []


def test_a_person_without_first_name_has_his_last() -> None:
    assert person_of({"firstname": None, "lastname": "Rossi"}) == "Rossi"


ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))
FIELDS = st.sampled_from(["ref", "status", "date", "delivery_date", "total_ttc", "datec", "datep", "lines", "code"])


@given(st.dictionaries(FIELDS, ANYTHING))
def test_whatever_comes_nothing_breaks(one: dict[str, object]) -> None:
    assert isinstance(order_of(one).is_open, bool)
    assert isinstance(incident_of(one).is_open, bool)
    assert all(touch.on - timedelta(days=1) for touch in touches_of(one, {}))
    assert all(isinstance(product, str) for product in products_of(one))
