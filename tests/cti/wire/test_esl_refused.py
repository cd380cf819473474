"""What is no event socket, or too much of one, is a clear error; and what could forge a command is not said."""

from __future__ import annotations

import pytest

from cti.wire.esl import MAX_HEADER_BYTES, EslError, EslWire, encode_command
from tests.cti.wire.pieces import cut, feed_all, told
from tests.cti.wire.raw_esl import ACCEPTED, EVENT, GREETING, greeted, message, plain


@pytest.mark.parametrize(
    ("broken", "ref", "why"),
    [
        (b"Content-Length: 12x\nContent-Type: api/response\n\n", "esl-bad-length", "b'12x'"),
        (b"Content-Length: -5\nContent-Type: text/event-plain\n\n", "esl-bad-length", "b'-5'"),
        (b"Content-Length: \nContent-Type: text/event-plain\n\n", "esl-bad-length", "b''"),
        (b"Content-Length: 1\nContent-Length: 2\nContent-Type: api/response\n\n", "esl-bad-length", "b'1, 2'"),
        (b"Content-Length: " + b"9" * 400 + b"\nContent-Type: api/response\n\n", "esl-bad-length", "999"),
        (
            b"Content-Length: 104857600\nContent-Type: text/event-plain\n\n",
            "esl-frame-too-long",
            "104857600 bytes, 1048576",
        ),
        (b"Content-Length: 104857600\nContent-Type: api/response\n\n", "esl-frame-too-long", "67108864 are taken"),
        (EVENT.replace(b": 1", b": 2", 1), "esl-wrong-length", "does not end after the 2"),
        (EVENT[:16] + b"%d" % (len(EVENT) // 2) + EVENT[19:], "esl-wrong-length", "the event at byte"),
        (message(b"text/event-plain", b"Event-Name: X\n"), "esl-wrong-length", "14 bytes"),
        (message(b"text/event-plain", b"Unique-ID: 1\n\n"), "esl-wrong-length", "14 bytes"),
        (message(b"text/event-json", b'{"Event-Name":"X"}\n{"a":"b"}'), "esl-wrong-length", "28 bytes"),
        (message(b"text/event-json", b'{"Event-Name":"X"'), "esl-wrong-length", "17 bytes"),
        (b"Unique-ID: 1\n\n", "esl-out-of-step", "b'Unique-ID: 1"),
        (b"\n\n", "esl-out-of-step", "at byte"),
        (b"x" * MAX_HEADER_BYTES, "esl-out-of-step", "b'xxxx"),
    ],
)
def test_what_is_no_event_socket_is_a_clear_error_and_what_came_before_is_still_given(
    broken: bytes, ref: str, why: str
) -> None:
    wire = greeted()
    frames = wire.feed(EVENT + broken + EVENT * 3)
    assert told(frames) == [("CHANNEL_HANGUP", len(GREETING), EVENT)]
    assert wire.error is not None
    assert wire.error.ref == ref
    assert why in wire.error.why
    assert wire.buffered_bytes == 0
    with pytest.raises(EslError) as again:
        wire.feed(EVENT)
    assert again.value is wire.error


@pytest.mark.parametrize("wanted", [None, ["HEARTBEAT"]])
def test_a_length_that_swallows_the_next_event_is_noticed(wanted: list[str] | None) -> None:
    length = len(EVENT) - EVENT.index(b"\n\n") - 2
    swallowing = EVENT.replace(b"%d" % length, b"%d" % (length + len(EVENT)), 1)
    wire = greeted(wanted)
    with pytest.raises(EslError) as error:
        wire.feed(swallowing + EVENT)
    assert error.value.ref == "esl-wrong-length"


def test_an_answer_may_be_longer_than_an_event() -> None:
    wire = greeted(max_frame_bytes=1_000)
    rows = b"x" * 100_000
    (answer,) = wire.feed(b"Content-Type: api/response\nContent-Length: 100000\n\n" + rows)
    assert answer.get(b"_body") == rows.decode()
    with pytest.raises(EslError, match="1000 are taken"):
        wire.feed(plain(b"Event-Name: X\n" + b"Y: z\n" * 1_000))


@pytest.mark.parametrize(
    "greeting",
    [
        b"Asterisk Call Manager/11.0.0\r\n",
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\n" + GREETING,
        b"A" * 10_000_000,
        EVENT,
        ACCEPTED,
    ],
)
def test_a_peer_that_greets_otherwise_is_no_freeswitch(greeting: bytes) -> None:
    wire = EslWire()
    with pytest.raises(EslError, match=r"expected 'Content-Type: auth/request', got") as error:
        wire.feed(greeting)
    assert error.value.ref == "esl-no-greeting"
    assert len(str(error.value)) < 400
    assert (wire.banner, wire.buffered_bytes) == (None, 0)


def test_a_peer_that_turns_us_away_says_so() -> None:
    turned_away = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
    for cuts in ([], [5], [20], [27]):
        wire = EslWire()
        with pytest.raises(EslError) as error:
            feed_all(wire, cut(turned_away, cuts))
        assert error.value.ref == "esl-turned-away"


@pytest.mark.parametrize("mark", ["\r", "\n", "\r\n", "\0"])
@pytest.mark.parametrize("place", ["command", "key", "value"])
def test_a_line_break_in_a_command_is_refused_and_not_repeated(mark: str, place: str) -> None:
    evil = f"auth hush{mark}{mark}api shutdown"
    command = evil if place == "command" else "sendmsg 1"
    header = (evil if place == "key" else "key", evil if place == "value" else "value")
    with pytest.raises(EslError) as error:
        encode_command(command, [header])
    assert error.value.ref == "esl-line-break"
    assert "hush" not in str(error.value)
