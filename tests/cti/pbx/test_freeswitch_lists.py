"""Fifos and conferences as a real FreeSWITCH lists them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from cti.pbx.freeswitch_lists import FIFOS, ROOMS, InFifo, parse_fifos, parse_rooms, seconds_between

LISTED = """<fifo_report>
  <fifo name="a&amp;b" consumer_count="0" caller_count="1" waiting_count="1" outbound_strategy="ringall">
    <outbound>
      <member simo="1" use_count="0" timeout="10" lag="1">user/102@pbx.lab</member>
    </outbound>
    <callers>
      <caller uuid="u1" status="WAITING" caller_id_name="Ma%5C%22r%3Ci%3Eo" caller_id_number="%2B393331234501" \
timestamp="2026-11-22 01:32:03" position="1" slot="0"></caller>
    </callers>
    <consumers></consumers>
    <bridges></bridges>
  </fifo>
  <fifo name="returns">
    <callers></callers>
    <bridges>
      <bridge fifo_name="returns" bridge_start="2026-11-22 01:32:06" bridge_start_epoch="1795311126">
        <caller uuid="u2" caller_id_name="Outbound%20Call" caller_id_number="102"></caller>
        <consumer>
          <uuid>u3</uuid>
        </consumer>
      </bridge>
    </bridges>
  </fifo>
</fifo_report>
"""
ROOM = (
    '[{"conference_name": "3800", "conference_uuid": "r1", "members": [{"type": "caller", "uuid": "u1"}, {"id": 2}]}]'
)


def test_who_waits_and_who_talks_in_a_fifo() -> None:
    assert LISTED.startswith(FIFOS)
    assert list(parse_fifos(LISTED)) == [
        InFifo("u1", "a&b", waits=True, pushed_local="2026-11-22 01:32:03", position=1),
        InFifo("u2", "returns", waits=False),
    ]


def test_who_is_in_a_room() -> None:
    assert ROOM.startswith(ROOMS)
    assert parse_rooms(ROOM) == {"u1": "r1"}


@pytest.mark.parametrize("text", ["[{", "[]", "[{}]", '[{"members": 1}]', "-ERR No active conferences", ""])
def test_what_is_no_list_of_rooms_has_nobody_in_it(text: str) -> None:
    assert parse_rooms(text) == {}


@given(st.text())
def test_whatever_is_answered_is_read(text: str) -> None:
    assert isinstance(list(parse_fifos(text)), list)
    assert isinstance(parse_rooms(text), dict)
    assert seconds_between(text, "2026-11-22 01:32:03") is None or isinstance(seconds_between(text, text), int)
