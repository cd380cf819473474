"""Open orders stand on the card with their state, each name once, as text."""

from __future__ import annotations

import re
from datetime import date

import pytest

from crm_bridge.contact import Contact, Money, Order
from offhook.web.templates import environment
from tests.crm_bridge.scene import HOSTILE


def shown(*orders: Order) -> str:
    anna = Contact(source="shop", contact_id="1", name="Anna", orders=orders)
    return environment().get_template("desk_orders.html").render(contact=anna)


def lines(*orders: Order) -> list[str]:
    """What is read of each order."""
    items = re.findall(r"<li>(.*?)</li>", shown(*orders), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", "", item).split()) for item in items]


DUE, PLACED, TOTAL = date(2026, 12, 1), date(2026, 11, 2), Money(125_050, "EUR")


@pytest.mark.parametrize(
    ("order", "line"),
    [
        (
            Order(reference="S17", title="Desks", state="partly delivered", due_on=DUE, placed_on=PLACED, total=TOTAL),
            "Desks S17 · partly delivered · due 1 Dec 2026 · 1,250.50 EUR",
        ),
        (Order(reference="S17", state="sent", placed_on=PLACED), "S17 sent · of 2 Nov 2026"),
        (Order(reference="S17", title="Desks"), "Desks S17"),
        (Order(reference="S17", due_on=DUE, total=TOTAL), "S17 due 1 Dec 2026 · 1,250.50 EUR"),
        (Order(reference="S17", total=TOTAL), "S17 1,250.50 EUR"),
    ],
)
def test_an_order_is_named_once_with_what_is_known_of_it(order: Order, line: str) -> None:
    assert lines(order) == [line]


def test_five_are_shown_and_all_are_counted_but_for_those_that_are_done() -> None:
    orders = [Order(reference=str(number)) for number in range(7)]
    text = shown(*orders, Order(reference="old", is_open=False))
    assert 'class="count">7<' in text
    assert lines(*orders) == ["0", "1", "2", "3", "4"]


def test_a_script_in_an_order_stays_a_text() -> None:
    text = shown(Order(reference=HOSTILE, title=HOSTILE, state=HOSTILE))
    assert "<script>" not in text
    assert text.count("&lt;script&gt;") == 3
