"""Messages of the event socket given anew: in every spelling that they come in, with lengths that fit.

That whole recordings tell the same story of other people is held by ``test_scrub.py``.
"""

from __future__ import annotations

import json

from cti.pbx.freeswitch_lists import parse_fifos, parse_rooms
from cti.recording import Piece
from cti.scrub_esl import EslScrubber, EslSplitter, rewritten
from cti.scrub_rules import Rules
from cti.wire.esl import EslFrame, EslWire
from tests.cti.esl_events import GREETING, answer_bytes, esl_bytes, reply_bytes

CALLER, NAME = "+393331234501", "Žofia Kováčová"
ECHO = "offhook asks for the present"
LEG = "09b6ca6d-51e5-4f92-aec2-33d78769f9cd"


def frames_of(data: bytes) -> list[EslFrame]:
    wire = EslWire()
    wire.resume(0)
    return wire.feed(data)


def scrubbed(*messages: bytes) -> list[EslFrame]:
    """The messages, noted together and given anew; read again, so their lengths are right."""
    frames = frames_of(b"".join(messages))
    scrubber = EslScrubber(Rules())
    for frame in frames:
        scrubber.note(frame)
    data = b"".join(scrubber.message(frame) for frame in frames)
    anew = frames_of(data)
    assert b"".join(frame.raw for frame in anew) == data
    assert len(anew) == len(frames)
    return anew


def test_a_person_is_another_and_the_same_one_everywhere() -> None:
    event = esl_bytes(
        "CHANNEL_CREATE",
        {
            "Unique-ID": "2f620553-17cd-40d2-8331-c60f4f0f8564", "Channel-Name": f"sofia/internal/{CALLER}@carrier.lab",
            "Caller-Caller-ID-Name": NAME, "Caller-Caller-ID-Number": CALLER, "Caller-Context": "public",
            "variable_sip_full_from": f'"{NAME}" <sip:{CALLER}@carrier.lab>;tag=x1',
            "variable_note": f"ask {NAME}, PIN 4711",
            "variable_transfer_history": f"ARRAY::1795288940:{LEG}:bl_xfer:9{CALLER}/default/XML",
            "variable_transfer_destination": "blind:7001", "Caller-Channel-Created-Time": "1795288940174495",
        },
    )  # fmt: skip
    [frame] = scrubbed(event)
    number, name = frame.get(b"Caller-Caller-ID-Number") or "", frame.get(b"Caller-Caller-ID-Name") or ""
    assert CALLER not in frame.raw.decode()
    assert number.startswith("+3933")
    assert len(number) == len(CALLER)
    assert NAME.split()[0] not in name
    assert (frame.get(b"Channel-Name") or "").startswith(f"sofia/internal/{number}@")
    assert f'"{name}" <sip:{number}@' in (frame.get(b"variable_sip_full_from") or "")
    assert name in (frame.get(b"variable_note") or "")
    assert "4711" not in (frame.get(b"variable_note") or "")
    kept = (b"Unique-ID", b"Caller-Context", b"variable_transfer_destination", b"Caller-Channel-Created-Time")
    [before] = frames_of(event)
    assert [frame.get(header) for header in kept] == [before.get(header) for header in kept]
    history = frame.get(b"variable_transfer_history") or ""
    assert history.startswith(f"ARRAY::1795288940:{LEG}:bl_xfer:9{number}/")


def test_inner_bodies_json_and_answers_are_changed_too_and_their_lengths_fit() -> None:
    inner = f"call {NAME} at {CALLER}\n".encode()
    job = b"Event-Name: BACKGROUND_JOB\nJob-UUID: 8334ecc1-9898-4725-9f5b-fd8caa80d6da\nContent-Length: %d\n\n" % len(
        inner
    )
    own = job + inner
    as_json = json.dumps({"Event-Name": "CHANNEL_CREATE", "Caller-Caller-ID-Name": NAME, "x": [CALLER, "a"]}).encode()
    rows = json.dumps(
        {"row_count": 1, "rows": [{"uuid": "u", "cid_name": NAME, "cid_num": CALLER, "context": "public"}]}
    )
    table = f"queue|state|cid_number|cid_name\nsupport|Waiting|{CALLER}|{NAME}\n+OK\n"
    fifos = (
        f'<fifo_report>\n <fifo name="orders" waiting_count="1">\n  <callers>\n   <caller uuid="{LEG}" status="W" '
        f'caller_id_name="%C5%BDofia%20Kov%C3%A1%C4%8Dov%C3%A1" caller_id_number="%2B393331234501" '
        f'timestamp="2026-11-22 01:32:03" position="1"><member>{NAME}</member></caller>\n  </callers>\n </fifo>\n'
        "</fifo_report>\n"
    )
    rooms = json.dumps([{"conference_name": "r", "members": [{"uuid": LEG, "caller_id_number": CALLER}]}])
    dump = f"Event-Name: CHANNEL_DATA\nCaller-Caller-ID-Number: %2B{CALLER[1:]}\n"
    anew = scrubbed(
        b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(own), own),
        b"Content-Length: %d\nContent-Type: text/event-json\n\n%b" % (len(as_json), as_json),
        *(answer_bytes(text) for text in (rows, table, dump, fifos, rooms, ECHO, f"-ERR no {CALLER}\n")),
        reply_bytes("+OK accepted"),
    )
    text = b"".join(frame.raw for frame in anew).decode()
    assert CALLER not in text
    assert CALLER[1:] not in text
    assert "Kováčová" not in text
    assert "Kov%C3%A1" not in text
    bodies = [frame.get(b"_body") or "" for frame in anew]
    assert bodies[7] == ECHO
    [before], [after] = (list(parse_fifos(text)) for text in (fifos, bodies[5]))
    assert (after.leg, after.pushed_local, after.position) == (before.leg, before.pushed_local, 1)
    assert parse_rooms(bodies[6]).keys() == {LEG}
    assert bodies[3].splitlines()[0] == "queue|state|cid_number|cid_name"
    assert bodies[3].splitlines()[1].startswith("support|Waiting|+3933")
    assert json.loads(bodies[2])["rows"][0]["context"] == "public"
    assert anew[-1].get(b"Reply-Text") == "+OK accepted"


def test_many_keys_become_zeros_and_few_stay() -> None:
    def pressed(leg: str, keys: str) -> list[bytes]:
        return [esl_bytes("DTMF", {"Unique-ID": leg, "DTMF-Digit": key}) for key in keys]

    anew = scrubbed(*pressed("a", "12345"), *pressed("b", "9"))
    assert "".join(frame.get(b"DTMF-Digit") or "" for frame in anew) == "000009"


def test_what_is_broken_is_passed_on_and_bytes_that_are_no_text_stay() -> None:
    body = b"Event-Name: X\nno header\nvariable_x: %FF%zz\n\n"
    [frame] = scrubbed(b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(body), body))
    assert b"\nno header\nvariable_x: %FF" in frame.raw
    assert rewritten(frame, lambda _, value: value) == frame.raw


def test_what_was_lost_of_the_stream_is_counted_and_the_rest_is_cut_at_messages() -> None:
    first, second = esl_bytes("HEARTBEAT", {"a": "1"}), esl_bytes("HEARTBEAT", {"b": "2"})
    splitter = EslSplitter()
    begun = list(splitter.take(Piece(0, 0, GREETING + first + second[:20])))
    assert [frame.offset for frame in begun] == [0, len(GREETING)]
    later = 10_000
    told = list(splitter.take(Piece(1, later, b"x: 1\n\n" + second + first[:9])))
    assert [frame.raw for frame in told] == [second]
    assert told[0].offset == later + 6
    assert splitter.dropped == 20 + 6 + 9
