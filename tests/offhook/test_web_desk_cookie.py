"""The cookie that names a desk."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from crm_bridge.pop import DeskId
from offhook.web.desk_cookie import SeatSigner

DESK = DeskId("main", "101")


def test_the_desk_comes_back_and_each_browser_is_another() -> None:
    signer = SeatSigner(b"k" * 32)
    one, other = signer.read(signer.sign(DESK)), signer.read(signer.sign(DESK))
    assert one is not None and other is not None
    assert one.desk == other.desk == DESK
    assert one.browser != other.browser


def test_a_cookie_of_another_secret_is_worth_nothing() -> None:
    assert SeatSigner(b"a" * 32).read(SeatSigner(b"b" * 32).sign(DESK)) is None


@pytest.mark.parametrize("cookie", [None, "", ".", "x", "x.y", "é.é", "a" * 1000, "e30.e30", "=.="])
def test_what_we_did_not_write_is_not_read(cookie: str | None) -> None:
    assert SeatSigner(b"k" * 32).read(cookie) is None


@given(st.integers(min_value=0, max_value=200), st.characters(codec="ascii"))
def test_a_changed_cookie_names_no_other_desk(place: int, letter: str) -> None:
    signer = SeatSigner(b"k" * 32)
    cookie = signer.sign(DESK)
    place %= len(cookie)
    seat = signer.read(cookie[:place] + letter + cookie[place + 1 :])
    assert seat is None or seat.desk == DESK


def test_a_ticket_is_for_one_call_of_one_desk_and_is_no_seat() -> None:
    signer = SeatSigner(b"k" * 32)
    ticket = signer.sign_call(DESK, "1763.1")
    assert signer.read_call(ticket, DESK) == "1763.1"
    assert signer.read_call(ticket, DeskId("main", "999")) is None
    assert signer.read_call(signer.sign(DESK), DESK) is None
    assert signer.read(ticket) is None
    for wrong in ("", "x", ticket[:-3], "é" + ticket, "9" * 5000):
        assert signer.read_call(wrong, DESK) is None
    assert SeatSigner(b"j" * 32).read_call(ticket, DESK) is None
