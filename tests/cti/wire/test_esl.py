"""The ESL wire: any cut of the bytes gives the same frames, nothing but EslError comes out, memory is bounded."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from cti.wire.esl import MAX_ANSWER_BYTES, MAX_HEADER_BYTES, EslError, EslWire, encode_command, many
from tests.cti.wire.pieces import cut, feed_all, told
from tests.cti.wire.raw_esl import ACCEPTED, CALLCENTER, EVENT, EVENT_JSON, GREETING, JOB, NAME, greeted, message, plain

RECORDINGS = Path(__file__).parents[2] / "recordings" / "freeswitch"
STREAMS = {path.parent.name: path for path in sorted(RECORDINGS.glob("S*/events.esl.gz"))}


@cache
def recorded(name: str) -> bytes:
    return gzip.decompress(STREAMS[name].read_bytes())


a_stream = pytest.mark.parametrize("name", STREAMS)


@a_stream
def test_every_byte_of_a_recording_is_in_a_frame(name: str) -> None:
    stream, wire = recorded(name), EslWire()
    frames = wire.feed(stream)

    assert b"".join(frame.raw for frame in frames) == stream
    assert [frame.offset for frame in frames] == [sum(len(one.raw) for one in frames[:i]) for i in range(len(frames))]
    assert [frame.name for frame in frames[:3]] == ["auth/request", "command/reply", "command/reply"]
    assert (wire.banner, wire.buffered_bytes, wire.events_dropped) == ("auth/request", 0, 0)
    assert wire.events_read == len(frames) - 3


@a_stream
def test_headers_of_a_recording_read_one_by_one_or_all_at_once_are_the_same(name: str) -> None:
    for frame in EslWire().feed(recorded(name)):
        headers = dict(reversed(list(frame.items())))  # the first of several
        assert {key: frame.get(key.encode()) for key in headers} == headers
        assert not any("%3A" in value for value in headers.values())


def test_an_event_in_json_has_the_headers_that_it_has_in_plain() -> None:
    def of(name: str, action: str) -> dict[str, str]:
        frames = EslWire(["callcenter::info"]).feed(recorded(name))
        return next(dict(frame.items()) for frame in frames if frame.get(b"CC-Action") == action)

    for action in ("member-queue-start", "agent-offering", "bridge-agent-start", "member-queue-end"):
        assert set(of("S01-json", action)) == set(of("S01", action))
    told_of = of("S01-json", "member-queue-end")
    assert told_of["CC-Member-CID-Name"] == "Mario Bianchi"
    assert len(many(told_of["variable_transfer_history"])) == 2
    assert many(of("S01", "member-queue-end")["variable_transfer_history"])[1].split(":")[2] == "uuid_br"


def test_single_bytes_give_the_same_frames() -> None:
    stream = recorded("S18")[:60_000]
    wire = EslWire()
    assert feed_all(wire, (bytes([byte]) for byte in stream)) == told(EslWire().feed(stream))
    assert wire.events_read == 20


@pytest.mark.parametrize("name", ["S01-json", "S18", "S20"])
def test_cut_at_each_position_round_a_border_gives_the_same_frames(name: str) -> None:
    stream = recorded(name)[:200_000]
    whole = told(EslWire().feed(stream))
    begin = whole[-2][1]
    for place in (*range(1, 120), *range(begin - 60, begin + 120)):
        assert feed_all(EslWire(), (stream[:place], stream[place:])) == whole


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(sorted(STREAMS)), places=st.lists(st.integers(0, 1 << 24), max_size=40))
def test_any_cut_gives_the_same_frames(name: str, places: list[int]) -> None:
    stream = recorded(name)[:200_000]
    whole, pieces = EslWire(), EslWire()
    assert feed_all(pieces, cut(stream, places)) == told(whole.feed(stream))
    assert pieces.buffered_bytes == whole.buffered_bytes


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(sorted(STREAMS)), place=st.integers(0, 1 << 24), cuts=st.lists(st.integers(0, 1 << 20)))
def test_a_stream_taken_up_in_its_middle_goes_on_with_the_first_whole_event(
    name: str, place: int, cuts: list[int]
) -> None:
    stream = recorded(name)
    frames = EslWire().feed(stream)[3:]
    place %= len(stream)
    wire = EslWire()
    wire.resume(place, at_border=False)
    assert feed_all(wire, cut(stream[place:], cuts)) == told(frame for frame in frames if frame.offset >= place)


def test_a_stream_taken_up_at_a_border_is_read_from_there() -> None:
    stream = recorded("S26")
    frames = EslWire().feed(stream)
    for border in (frames[1].offset, frames[3].offset, frames[-1].offset):
        wire = EslWire()
        wire.resume(border)
        assert told(wire.feed(stream[border:])) == told(frame for frame in frames if frame.offset >= border)


LIKE_ESL = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(b"\n", b"\n\n", b": ", b"%", b"%3", b"Event-Name: X\n", b"Content-Length: ", b"4", b"-1", b"9" * 30),
                *(
                    EVENT,
                    EVENT_JSON,
                    JOB,
                    ACCEPTED,
                    b"Content-Type: text/event-plain\n",
                    b"Content-Type: api/response\n",
                ),
            ]
        ),
        st.binary(max_size=30),
    ),
    max_size=60,
).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(
    data=LIKE_ESL,
    places=st.lists(st.integers(0, 4000), max_size=30),
    greets=st.booleans(),
    wanted=st.booleans(),
    lost=st.booleans(),
)
def test_whatever_comes_only_its_own_errors_go_out_and_memory_is_bounded(
    data: bytes, places: list[int], greets: bool, wanted: bool, lost: bool
) -> None:
    limit = 300
    wire = EslWire(["CHANNEL_HANGUP"] if wanted else None, max_frame_bytes=limit)
    stream = GREETING + data if greets else data
    if lost:
        wire.resume(0, at_border=False)
    try:
        for piece in cut(stream, places):
            for frame in wire.feed(piece):
                assert stream[frame.offset : frame.offset + len(frame.raw)] == frame.raw
                headers = dict(reversed(list(frame.items())))
                assert frame.get(b"Unique-ID") in (None, headers.get("Unique-ID"))
            assert wire.buffered_bytes <= MAX_ANSWER_BYTES
            assert b"api/response" in stream or wire.buffered_bytes <= MAX_HEADER_BYTES + limit
    except EslError as error:
        assert len(str(error)) < 400
        assert wire.error is error
        with pytest.raises(EslError):
            wire.feed(EVENT)


def test_a_header_is_found_wherever_it_stands_and_decoded_when_it_is_asked_for() -> None:
    (frame,) = greeted().feed(EVENT)
    assert frame.get(b"Event-Name") == "CHANNEL_HANGUP"
    assert frame.get(b"Caller-Caller-ID-Name") == NAME
    assert frame.get(b"Caller-Caller-ID-Number") == "+39333"
    assert many(frame.get(b"variable_both")) == ["one", "two"]
    assert frame.get(b"Content-Length") is None, "that of the message, not of the event"
    assert (frame.get(b"unique-id"), frame.get(b"ID"), frame.get(b""), frame.get(b"_body")) == (None,) * 4
    assert repr(frame) == f"EslFrame('CHANNEL_HANGUP', 28, {len(EVENT)} bytes)"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (b"a+b", "a+b"),
        (b"100%", "100%"),
        (b"%zz%4", "%zz%4"),
        (b"%FF%FE", "��"),
        (b"\xff", "�"),
        (b"%0ACaller-Caller-ID-Number%3A 110", "\nCaller-Caller-ID-Number: 110"),
        (b"%0A%0AContent-Length: 4", "\n\nContent-Length: 4"),
        (b"a: b", "a: b"),
        (b"", ""),
    ],
)
def test_a_value_is_decoded_after_the_lines_are_cut_and_can_forge_nothing(sent: bytes, read: str) -> None:
    headers = b"Event-Name: X\nName: %b\nCaller-Caller-ID-Number: 39\n" % sent
    first, second = greeted().feed(plain(headers) + EVENT)
    assert first.get(b"Name") == read
    assert first.get(b"Caller-Caller-ID-Number") == "39"
    assert [key for key, _ in first.items()] == ["Event-Name", "Name", "Caller-Caller-ID-Number"]
    assert second.name == "CHANNEL_HANGUP"


def test_an_inner_body_is_given_raw_and_is_no_header() -> None:
    (frame,) = greeted().feed(JOB)
    assert frame.get(b"_body") == "+OK\n\nEvent-Name: FORGED\nUnique-ID: 2\n"
    assert (frame.name, frame.get(b"Unique-ID")) == ("BACKGROUND_JOB", None)
    assert [key for key, _ in frame.items()] == ["Event-Name", "Job-Command", "Content-Length", "_body"]


def test_the_answer_to_a_job_is_read_in_a_recording() -> None:
    (job,) = EslWire(["BACKGROUND_JOB"]).feed(recorded("S20"))[3:]
    assert (job.get(b"_body") or "").startswith("+OK ")
    assert job.get(b"Job-Command") == "originate"


def test_json_is_read_by_length_though_nothing_stands_between_two_events() -> None:
    first, second = greeted().feed(EVENT_JSON + EVENT_JSON)
    assert (first.name, first.get(b"Unique-ID")) == ("CHANNEL_HANGUP", "1")
    assert many(first.get(b"both")) == ["one", "two"]
    assert list(second.items()) == [("Event-Name", "CHANNEL_HANGUP"), ("Unique-ID", "1"), ("both", "ARRAY::one|:two")]
    assert repr(second).startswith("EslJsonFrame('CHANNEL_HANGUP', ")


@pytest.mark.parametrize("name", ["CUSTOM", 'X","Event-Name":"FORGED', 'Event-Name":"FORGED', "\n\n"])
def test_a_name_in_json_can_forge_nothing(name: str) -> None:
    body = json.dumps({"Caller-Caller-ID-Name": name, "Event-Name": "TRUE", "Event-Subclass": "x"}).encode()
    (frame,) = greeted().feed(message(b"text/event-json", body))
    assert (frame.name, frame.get(b"Event-Name")) == ("TRUE", "TRUE")
    assert frame.get(b"Caller-Caller-ID-Name") == name


def test_json_that_is_none_has_no_headers() -> None:
    (frame,) = greeted().feed(message(b"text/event-json", b'{"Event-Name":"X",}'))
    assert (frame.name, frame.get(b"Event-Name"), list(frame.items())) == ("X", None, [])


def test_only_wanted_events_and_all_replies_are_given() -> None:
    wire = greeted(["CHANNEL_HANGUP", "callcenter::info"])
    other = plain(b"Event-Name: HEARTBEAT\n")
    parking = plain(b"Event-Subclass: valet_parking%3A%3Ainfo\nEvent-Name: CUSTOM\n")
    frames = wire.feed(other + EVENT + parking + CALLCENTER + ACCEPTED + EVENT_JSON + JOB)
    assert [frame.name for frame in frames] == ["CHANNEL_HANGUP", "callcenter::info", "command/reply", "CHANNEL_HANGUP"]
    assert (wire.events_read, wire.events_dropped) == (6, 3)
    wire.everything = True
    assert [frame.name for frame in wire.feed(other + parking)] == ["HEARTBEAT", "valet_parking::info"]


def test_an_events_name_is_found_behind_other_headers() -> None:
    late = plain(b"Core-UUID: 1\nvariable_Event-Name: REQUEST_PARAMS\nEvent-Name: CUSTOM\nEvent-Subclass: a%3A%3Ab\n")
    bare = plain(b"Core-UUID: 1\nEvent-Name: CUSTOM\n")
    assert [frame.name for frame in greeted().feed(late + bare)] == ["a::b", "CUSTOM"]


def test_replies_show_their_headers_and_bodies() -> None:
    api = b"Content-Type: api/response\nContent-Length: 7\n\n+OK 50%"
    reply, answer = greeted([]).feed(ACCEPTED + api)
    assert (reply.name, reply.get(b"Reply-Text"), reply.get(b"Content-Type")) == (
        "command/reply", "+OK accepted", "command/reply",
    )  # fmt: skip
    assert dict(reply.items()) == {"Content-Type": "command/reply", "Reply-Text": "+OK accepted"}
    assert (answer.name, answer.get(b"_body"), answer.get(b"Content-Length")) == ("api/response", "+OK 50%", "7")


def test_a_long_answer_in_many_pieces_costs_no_more_than_its_bytes() -> None:
    wire = greeted()
    wire.feed(b"Content-Type: api/response\nContent-Length: 10000000\n\n")
    for _ in range(9_999):
        assert wire.feed(b"x" * 1_000) == []
    assert wire.buffered_bytes > 9_999_000
    (answer,) = wire.feed(b"y" * 1_000)
    assert (answer.get(b"_body") or "")[-1_001:] == "x" + "y" * 1_000


def test_nothing_is_given_before_the_greeting_is_whole() -> None:
    wire = EslWire()
    assert wire.feed(GREETING[:10]) == []
    assert wire.banner is None
    assert [frame.name for frame in wire.feed(GREETING[10:] + EVENT)] == ["auth/request", "CHANNEL_HANGUP"]
    assert wire.banner == "auth/request"


def test_a_command_is_said_with_its_headers_in_order() -> None:
    said = encode_command("sendmsg 1", [("call-command", "hangup"), ("hangup-cause", "USER_BUSY")])
    assert said == b"sendmsg 1\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n"
    assert encode_command("api echo ž") == "api echo ž\n\n".encode()
