"""The block of headers that a channel shows, and how names are escaped."""

from __future__ import annotations

import pytest

from cti.model import Party
from offhook.simulator.channels import RING, UP, Channel, escape_name, shown, sip_name
from tests.offhook.simulator import twins


def recorded_block(scenario: str) -> list[str]:
    frame = next(frame for _, frame in twins.recorded(scenario) if frame.name == "Newchannel")
    return [f"{key}: {value}" for key, value in frame.items()][2:]


def test_the_block_is_that_of_the_recording() -> None:
    block = recorded_block("S01")
    values = dict(line.split(": ", 1) for line in block)
    channel = Channel(values["Channel"], "PJSIP/trunk", values["Uniqueid"], RING, 0.0)
    channel.caller = Party(values["CallerIDNum"], values["CallerIDName"])
    channel.place("from-trunk", values["Exten"])
    assert channel.block().rstrip("\r\n").split("\r\n") == block


def test_a_hostile_name_is_written_as_the_recording_has_it() -> None:
    sent = "<script>alert(1)</script>\"';-- Žofia Müller 北京"
    shown_as = next(line for line in recorded_block("S18") if line.startswith("CallerIDName"))
    assert f"CallerIDName: {escape_name(sip_name(sent))}" == shown_as


def test_a_name_cannot_end_its_line() -> None:
    assert "\n" not in escape_name(sip_name("Eve\r\nEvent: Hangup\r\n"))
    assert "\r" not in escape_name("Eve\r\nEvent: Hangup")


def test_a_prefix_goes_before_each_header_and_only_there() -> None:
    channel = Channel("PJSIP/101-00000001", "PJSIP/101", "1.1", UP, 0.0)
    lines = channel.block("Dest").split("\r\n")
    assert lines.pop() == ""
    assert len(lines) == 14
    assert all(line.startswith("Dest") and not line.startswith("DestDest") for line in lines)


def test_a_change_is_shown_once_it_is_told() -> None:
    channel = Channel("PJSIP/101-00000001", "PJSIP/101", "1.1", RING, 0.0)
    assert "ChannelStateDesc: Ring\r\n" in channel.block()
    channel.state = UP
    channel.changed()
    assert "ChannelState: 6\r\nChannelStateDesc: Up\r\n" in channel.block()


@pytest.mark.parametrize(
    ("party", "nobody", "words"),
    [
        (Party(), "<unknown>", ("<unknown>", "<unknown>")),
        (Party("101", "Dana O'Neill"), "<unknown>", ("101", r"Dana O\'Neill")),
        (Party("+4420"), "unknown", ("+4420", "unknown")),
    ],
)
def test_who_is_not_known_is_called_so(party: Party, nobody: str, words: tuple[str, str]) -> None:
    assert shown(party, nobody) == words
