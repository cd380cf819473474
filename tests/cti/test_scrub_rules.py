"""Line by line: what is replaced, what stays, and that the same is replaced by the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings, strategies as st

from cti.scrub_rules import Rules


def message(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def scrubbed(*messages: bytes, kept: tuple[str, ...] = (), hidden: tuple[str, ...] = ()) -> list[list[str]]:
    rules = Rules(kept, hidden)
    for one in messages:
        rules.note(one)
    return [rules.message(one).decode().split("\r\n") for one in messages]


def one(*lines: str, kept: tuple[str, ...] = (), hidden: tuple[str, ...] = ()) -> list[str]:
    return scrubbed(message(*lines), kept=kept, hidden=hidden)[0]


@pytest.mark.parametrize(
    "line",
    [
        "Event: QueueCallerJoin",
        "Uniqueid: 1795289413.79",
        "Linkedid: pbx-1795289413.79",
        "BridgeUniqueid: 5fced878-deb6-45cd-a1b4-e92a12345678",
        "Channel: PJSIP/trunk-00000037",
        "Channel: Local/103@agents-00000012;2",
        "Interface: Local/103@agents/n",
        "DialString: PJSIP/103",
        "CallerIDNum: 103",
        "CallerIDNum: <unknown>",
        "CallerIDName: <unknown>",
        "CallerIDName: Anonymous",
        "CallerIDNum: anonymous",
        "Exten: s",
        "Exten: *21",
        "Queue: support",
        "Context: from-internal",
        "PausedReason: Pausa caffè",
        "LoginTime: 1795289413",
        "SSRC: 1795289413",
        "Variable: DIALSTATUS\r\nValue: NOANSWER",
        "Variable: BRIDGEPEER\r\nValue: PJSIP/101-0000003a",
        "Variable: RTPAUDIOQOS\r\nValue: ssrc=1795289413;themssrc=0",
        "RemoteAddress: IPV4/TCP/127.0.0.1/56126",
    ],
)
def test_what_nobody_can_be_known_by_stays(line: str) -> None:
    assert "\r\n".join(one("Event: X", line)) == f"Event: X\r\n{line}"


@pytest.mark.parametrize(
    ("line", "secrets"),
    [
        ("CallerIDNum: +390221000100", ["0221000100", "1000100"]),
        ("CallerIDName: Anna Rossi", ["Anna", "Rossi"]),
        ("MemberName: Dana O'Neill", ["Dana", "Neill"]),
        ("CallerIDName: +39 02 2100 0100", ["2100 0100"]),
        ("CallerIDName: Customer 123456", ["123456", "Customer"]),
        ("Channel: SIP/+390221000100-00000038", ["0221000100"]),
        ("Channel: SIP/anna.rossi-00000038", ["anna", "rossi"]),
        ("Interface: PJSIP/anna", ["anna"]),
        ("DialString: 390221000100@trunk", ["390221000100"]),
        ("DialString: trunk/sip:390221000100@198.51.100.7:5060", ["390221000100", "198.51.100.7"]),
        ("Contact: sip:101@pbx.customer.example:5060", ["customer"]),
        ("Contact: sip:101@[2a02:2f0b::8]:5060", ["2a02:2f0b::8"]),
        ("AppData: PJSIP/390221000100@trunk,15", ["390221000100"]),
        ('AppData: CALLERID(all)="Azienda Demo" <+390221000100>', ["Azienda", "Demo", "390221000100"]),
        ("RemoteAddress: IPV4/TCP/203.0.113.9/56126", ["203.0.113.9"]),
        ("Variable: CUSTOMER\r\nValue: Anna Rossi, born 1970-01-31, PIN 4711", ["Anna", "4711", "1970"]),
        ("Variable: CARD\r\nValue: 4111 1111 1111 1111", ["4111", "1111"]),
        ("Variable: CARD\r\nValue: 4111111111111111", ["4111", "1111"]),
        ("Variable: MAIL\r\nValue: anna.rossi@customer.example", ["anna", "rossi", "customer"]),
        ("Variable: FILE\r\nValue: /rec/in-+390221000100-+393331234567-20261121.wav", ["221000100", "331234567"]),
        ("Variable: NOTE\r\nValue: call_393331234567_x", ["393331234567"]),
        ("Context: from-did_390221000100", ["390221000100"]),
        ("Whatever: Anna", ["Anna"]),
        ("AccountCode: Rossi Ltd", ["Rossi"]),
        ("ChanVariable(SIP/+390221000100-0000001a): NAME=Anna", ["390221000100", "Anna"]),
        ("Anna Rossi called", ["Anna", "Rossi"]),
    ],
)
def test_what_somebody_can_be_known_by_goes(line: str, secrets: list[str]) -> None:
    text = "\r\n".join(one("Event: X", *line.split("\r\n")))
    assert all(secret in line for secret in secrets), "the test itself"
    assert [secret for secret in secrets if secret in text] == []
    assert text.count(":") >= 1


def test_the_same_number_is_the_same_in_all_its_forms() -> None:
    forms = ["+390221000100", "390221000100", "00390221000100", "90039" + "0221000100", "0221000100"]
    new = [line.partition(": ")[2] for line in one("Event: X", *(f"CallerIDNum: {form}" for form in forms))[1:]]
    assert [len(number) for number in new] == [len(form) for form in forms]
    assert {number[-7:] for number in new} == {new[0][-7:]}
    assert [number[:-7] for number in new] == [form[:-7] for form in forms]
    assert new[0][-7:] != "1000100"


def test_a_number_written_in_groups_is_the_same_number() -> None:
    spaced, plain = one("CallerIDName: +39 02 2100 0100", "CallerIDNum: +390221000100")
    assert re.sub(r"\D", "", spaced) == re.sub(r"\D", "", plain)
    assert re.sub(r"\d", "9", spaced) == "CallerIDName: +99 99 9999 9999"


def test_a_name_is_the_same_escaped_or_not_and_in_capitals() -> None:
    given = one(r"CallerIDName: Dana O\'Neill", "MemberName: Dana O'Neill", "ConnectedLineName: DANA O'NEILL")
    values = [line.partition(": ")[2] for line in given]
    assert values[0].replace("\\", "") == values[1]
    assert values[1].casefold() == values[2].casefold()


def test_what_makes_a_name_hard_to_read_stays() -> None:
    (line,) = one(r"CallerIDName: <script>alert(1)</script>\\\"\';-- Žofia 北京")
    assert re.fullmatch(r"CallerIDName: <(\w+)>\w+\(1\)</\1>\\\\\\\"\\';-- \w+ \w+", line)
    assert not line.isascii()


def test_words_of_the_dial_plan_stay_in_its_texts_but_not_in_names() -> None:
    first, data, name = one("Queue: support", "AppData: support,,,,60", "CallerIDName: Support")
    assert (first, data) == ("Queue: support", "AppData: support,,,,60")
    assert name != "CallerIDName: Support"


def test_extensions_are_known_in_texts_that_may_hold_anything() -> None:
    given = one("CallerIDNum: 4711", "Variable: OWNER", "Value: 4711, 4712")
    assert given[2].startswith("Value: 4711, ")
    assert "4712" not in given[2]


def test_short_numbers_are_not_all_alike() -> None:
    (line,) = one("Whatever: 1234, 5678, 1234")
    a, b, c = re.findall(r"\d+", line)
    assert a == c != b


@pytest.mark.parametrize(
    ("typed", "stays"), [("1", True), ("2143", True), ("47110", False), ("4111111111111111", False)]
)
def test_what_a_caller_types_is_hidden_when_it_is_more_than_a_choice(typed: str, stays: bool) -> None:
    keys = [message("Event: DTMFEnd", "Uniqueid: 1.1", f"Digit: {digit}") for digit in typed]
    other = message("Event: DTMFEnd", "Uniqueid: 1.2", "Digit: 9")
    given = scrubbed(*keys, other)
    digits = "".join(lines[2].removeprefix("Digit: ") for lines in given)
    assert digits == (typed if stays else "0" * len(typed)) + "9"


def test_an_event_of_the_dial_plans_own_may_hold_anything() -> None:
    given = one("Event: UserEvent", "Uniqueid: 1.1", "UserEvent: order", "Status: Anna Rossi", "Type: 471147")
    assert given[:3] == ["Event: UserEvent", "Uniqueid: 1.1", "UserEvent: order"]
    assert "Anna" not in given[3]
    assert "471147" not in given[4]


def test_an_answer_keeps_its_words() -> None:
    assert one("Response: Success", "Message: Authentication accepted")[1] == "Message: Authentication accepted"
    assert "Anna" not in one("Event: MessageWaiting", "Message: Anna called")[1]


def test_words_can_be_kept_and_hidden() -> None:
    lines = ("Channel: PJSIP/telekom-00000012", "Queue: acme-support", "CallerIDNum: 103", "Variable: X", "Value: 103")
    plain = one(*lines)
    assert plain[0] != lines[0]
    assert plain[1:3] == list(lines[1:3])
    kept = one(*lines, kept=("telekom",))
    assert kept[0] == lines[0]
    hidden = one(*lines, hidden=("ACME", "103"))
    assert re.fullmatch(r"Queue: (?!acme)\w+-support", hidden[1])
    assert hidden[2] != "CallerIDNum: 103"
    assert len(hidden[2]) == len("CallerIDNum: 103")


def test_every_line_stays_a_line() -> None:
    given = one("Event: X", "NoColonHere", "", "Empty:", "Colon:NoSpace", "A: b: c", ": nothing")
    assert len(given) == 7
    assert given[2:4] == ["", "Empty:"]
    assert given[4].startswith("Colon:")
    assert given[5].startswith("A: ")


HEADER_LINES = st.tuples(
    st.sampled_from(["CallerIDName", "CallerIDNum", "Channel", "AppData", "Value", "Queue", "Digit", "Mine"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
).map(lambda pair: f"{pair[0]}: {pair[1]}".encode())


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=80), HEADER_LINES), max_size=6))
def test_whatever_the_bytes_are_a_message_stays_a_message(lines: list[bytes]) -> None:
    raw = b"\r\n".join(line.replace(b"\r\n", b"") for line in lines)
    rules = Rules()
    rules.note(raw)
    assert rules.message(raw).count(b"\r\n") == raw.count(b"\r\n")
    assert rules.message(raw) == rules.message(raw)
