"""A person found in the PBX's messages and taken out of them, byte for byte."""

from __future__ import annotations

import pytest

from cti.person_in_message import PersonInMessages, Sighting, names_of
from cti.written_number import WrittenNumber

NUMBER = WrittenNumber("+390255501234", ["00390255501234", "0255501234"])
AMI, ESL = PersonInMessages("asterisk", NUMBER), PersonInMessages("freeswitch", NUMBER)
RINGS = (
    b"Event: Newchannel\r\nChannel: PJSIP/0255501234-00000007\r\nCallerIDNum: 0255501234\r\n"
    b"CallerIDName: Jos\xc3\xa9 Rossi\r\nUniqueid: 1763.0255501234\r\nLinkedid: 1763000000.7\r\n"
    b"Exten: 0221000100\r\n\r\n"
)
ANSWERS = (
    b"Event-Name: CHANNEL_ANSWER\nCore-UUID: 79be743f-4670-4792-8746-39ff4b2cb510\n"
    b"Unique-ID: 11111111-4670-4792-8746-39ff4b2cb510\nCaller-Caller-ID-Number: %2B39%200255501234\n"
    b"Caller-Caller-ID-Name: Jos%C3%A9%20Rossi\nvariable_start_epoch: 0255501234\n\n"
)
JSON = (
    b'{"Event-Name":"CHANNEL_CREATE","Unique-ID":"11111111-4670-4792-8746-39ff4b2cb510",'
    b'"Caller-Caller-ID-Number":"0255501234","Caller-Caller-ID-Name":"Ada \\"A\\" Bianchi"}\n'
)


def without(messages: PersonInMessages, message: bytes, names: frozenset[str]) -> bytes:
    new = bytearray(message)
    for at, mark in (*messages.without_names(message, names), *messages.without_number(message)):
        assert len(mark) in (1, 3)
        new[at : at + len(mark)] = mark
    return bytes(new)


def test_an_asterisk_tells_his_name_and_channel_beside_his_number() -> None:
    assert AMI.find(RINGS) == Sighting(names_of(["José Rossi"]), frozenset({"1763.0255501234", "1763000000.7"}))


def test_number_and_name_go_and_ids_stay() -> None:
    found = AMI.find(RINGS)
    assert found is not None
    new = without(AMI, RINGS, found.names)
    assert new == (
        b"Event: Newchannel\r\nChannel: PJSIP/0000000000-00000007\r\nCallerIDNum: 0000000000\r\n"
        b"CallerIDName: xxxxx xxxxx\r\nUniqueid: 1763.0255501234\r\nLinkedid: 1763000000.7\r\n"
        b"Exten: 0221000100\r\n\r\n"
    )
    assert AMI.find(new) is None


def test_a_freeswitch_writes_them_in_percents() -> None:
    found = ESL.find(ANSWERS)
    assert found == Sighting(names_of(["José Rossi"]), frozenset({"11111111-4670-4792-8746-39ff4b2cb510"}))
    new = without(ESL, ANSWERS, found.names)
    assert len(new) == len(ANSWERS)
    assert b"Caller-Caller-ID-Number: %2B00%200000000000\n" in new
    assert b"Caller-Caller-ID-Name: xxx%78%78%20xxxxx\n" in new
    assert b"variable_start_epoch: 0255501234\n" in new


def test_events_in_json_are_read_too() -> None:
    found = ESL.find(JSON)
    assert found is not None
    assert found.names == {'Ada \\"A\\" Bianchi'}
    new = without(ESL, JSON, found.names)
    assert b'"Caller-Caller-ID-Number":"0000000000","Caller-Caller-ID-Name":"xxx \\"x\\" xxxxxxx"' in new
    quoted = JSON.replace(b"}", b',"variable_sip_full_from":"\\"Bob\\" <sip:0255501234@192.0.2.1>"}')
    found = ESL.find(quoted)
    assert found is not None
    assert b'"\\"xxx\\" <sip:0000000000@192.0.2.1>"}' in without(ESL, quoted, found.names)


def test_his_name_goes_from_a_message_that_holds_no_number() -> None:
    message = b"Event: Join\r\nQueue: rossi\r\nCallerIDName: Rossi\r\nPosition: 1\r\n\r\n"
    assert AMI.find(message) is None
    assert without(AMI, message, names_of(["Rossi"])) == message.replace(b"Name: Rossi", b"Name: xxxxx")


@pytest.mark.parametrize("line", [b"Queue: sales\r\n", b"AppData: sales,t,30\r\n", b"Channel: Local/sales@x-1;1\r\n"])
def test_a_name_that_is_a_queues_too_stays_where_the_queue_is_meant(line: bytes) -> None:
    assert without(AMI, line, names_of(["sales"])) == line


@pytest.mark.parametrize(
    ("line", "new"),
    [
        (b'Data: "Rossi" <0255501234>\r\n', b'Data: "xxxxx" <0000000000>\r\n'),
        (b"support|single_box|0255501234|Rossi|5\n", b"support|single_box|0000000000|xxxxx|5\n"),
        (b"AppData: Anna Rossi,10\r\n", b"AppData: xxxx xxxxx,10\r\n"),
    ],
)
def test_he_goes_from_texts_and_tables(line: bytes, new: bytes) -> None:
    assert without(AMI, line, names_of(["Rossi", "Anna Rossi"])) == new


def test_what_stands_for_no_name_is_none() -> None:
    assert names_of(["<unknown>", "Anonymous", "", None, "0255501234", "s"]) == frozenset()
    quiet = RINGS.replace(b"Jos\xc3\xa9 Rossi", b"<unknown>")
    found = AMI.find(quiet)
    assert found is not None
    assert found.names == frozenset()


def test_a_message_without_him_is_passed_over() -> None:
    assert AMI.find(b"Event: Hangup\r\nCallerIDNum: 101\r\n\r\n") is None
    assert list(AMI.without_number(b"Event: Hangup\r\nCallerIDNum: 101\r\n\r\n")) == []
