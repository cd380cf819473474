"""The AMI wire: any cut of the bytes gives the same frames, nothing but AmiError comes out, memory is bounded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from cti.wire.ami import MAX_BANNER_BYTES, AmiError, AmiWire, encode_action
from tests.cti.wire.pieces import cut, feed_all, told

RECORDINGS = Path(__file__).parents[2] / "recordings"
STREAMS = {
    f"{path.parent.parent.name}-{path.parent.name}": path
    for pbx in ("asterisk-22", "asterisk-16")
    for path in sorted((RECORDINGS / pbx).glob("*/events.ami"))
}
BANNER = b"Asterisk Call Manager/11.0.0\r\n"
EVENT = "Event: Hangup\r\nUniqueid: 1.2\r\nCallerIDName: Žofia 北京\r\nExten: \r\nUniqueid: second\r\n\r\n".encode()


@pytest.fixture(params=STREAMS)
def stream(request: pytest.FixtureRequest) -> bytes:
    return STREAMS[request.param].read_bytes()


def test_there_are_recordings_of_two_versions() -> None:
    assert len([name for name in STREAMS if "22" in name]) > 20
    assert len([name for name in STREAMS if "16" in name]) > 20


def test_every_byte_of_a_recording_is_in_a_frame(stream: bytes) -> None:
    wire = AmiWire()
    frames = wire.feed(stream)

    assert wire.banner == stream.partition(b"\r\n")[0].decode()
    assert {stream[frame.offset : frame.offset + len(frame.raw)] == frame.raw for frame in frames} == {True}
    edges = [len(wire.banner), *(edge for frame in frames for edge in (frame.offset, frame.offset + len(frame.raw)))]
    between = [stream[start:end] for start, end in zip(edges[::2], edges[1::2], strict=False)]
    assert set(b"".join(between)) == set(b"\r\n")
    assert edges[-1] + len(b"\r\n\r\n") + wire.buffered_bytes == len(stream)
    assert wire.events_read == stream.count(b"\r\nEvent: ")
    assert [frame.name for frame in frames][:3] == ["Response", "FullyBooted", "SuccessfulAuth"]


def test_headers_of_a_recording_read_one_by_one_or_all_at_once_are_the_same(stream: bytes) -> None:
    for frame in AmiWire().feed(stream):
        headers: dict[str, str] = {}
        for key, value in frame.items():
            headers.setdefault(key, value)
        assert {key: frame.get(key.encode()) for key in headers} == headers


def test_single_bytes_give_the_same_frames() -> None:
    stream = STREAMS["asterisk-22-S18"].read_bytes()
    wire = AmiWire()
    assert feed_all(wire, (bytes([byte]) for byte in stream)) == told(AmiWire().feed(stream))
    assert wire.events_read == 99


def test_cut_at_each_position_of_a_hostile_name_gives_the_same_frames() -> None:
    stream = STREAMS["asterisk-22-S18"].read_bytes()
    name = stream.index("北京".encode())
    begin, end = stream.rindex(b"\r\n\r\n", 0, name) - 8, stream.index(b"\r\n\r\n", name) + 8
    whole = told(AmiWire().feed(stream))
    for place in range(begin, end):
        assert feed_all(AmiWire(), (stream[:place], stream[place:])) == whole


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(STREAMS)), places=st.lists(st.integers(0, 1 << 24), max_size=40))
def test_any_cut_gives_the_same_frames(name: str, places: list[int]) -> None:
    stream = STREAMS[name].read_bytes()[:200_000]
    whole, pieces = AmiWire(), AmiWire()
    assert feed_all(pieces, cut(stream, places)) == told(whole.feed(stream))
    assert pieces.buffered_bytes == whole.buffered_bytes


LIKE_AMI = st.lists(
    st.one_of(
        st.sampled_from(
            [b"\r\n", b"\r", b"\n", b"\r\n\r\n", b"Event: ", b"Response: Error", b"Event: X\r\n", b": ", EVENT]
        ),
        st.binary(max_size=30),
    ),
    max_size=60,
).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(data=LIKE_AMI, places=st.lists(st.integers(0, 4000), max_size=30), greets=st.booleans(), wanted=st.booleans())
def test_whatever_comes_only_its_own_errors_go_out_and_memory_is_bounded(
    data: bytes, places: list[int], greets: bool, wanted: bool
) -> None:
    limit = 200
    wire = AmiWire(["Hangup"] if wanted else None, max_frame_bytes=limit)
    stream = BANNER + data if greets else data
    try:
        for piece in cut(stream, places):
            for frame in wire.feed(piece):
                assert stream[frame.offset : frame.offset + len(frame.raw)] == frame.raw
                assert len(frame.raw) <= limit
                assert list(frame.items()) is not None
                assert frame.get(b"Uniqueid") in (None, dict(reversed(list(frame.items()))).get("Uniqueid"))
            assert wire.buffered_bytes <= max(limit, MAX_BANNER_BYTES) + 3
    except AmiError:
        assert wire.error is not None
        assert wire.buffered_bytes == 0


@settings(max_examples=300, deadline=None)
@given(data=LIKE_AMI, places=st.lists(st.integers(0, 4000), max_size=30))
def test_any_cut_of_anything_gives_the_same_frames(data: bytes, places: list[int]) -> None:
    assert feed_all(AmiWire(), cut(BANNER + data, places)) == told(AmiWire().feed(BANNER + data))


def test_a_frame_that_never_ends_is_given_up_at_the_limit() -> None:
    wire = AmiWire(max_frame_bytes=10_000)
    wire.feed(BANNER)
    with pytest.raises(AmiError, match="no end within 10000 bytes") as error:
        for _ in range(1_000_000):
            assert wire.feed(b"x") == []
            assert wire.buffered_bytes <= 10_003
    assert error.value.ref == "ami-frame-too-long"
    assert wire.buffered_bytes == 0


def test_a_long_frame_in_small_pieces_is_searched_once() -> None:
    """A search from the start at each piece would look at 5e9 bytes here: minutes instead of a moment."""
    wire = AmiWire()
    wire.feed(BANNER + b"Event: VarSet\r\nValue: ")
    for _ in range(100_000):
        assert wire.feed(b"0123456789") == []
    (frame,) = wire.feed(b"\r\n\r\n")
    assert frame.get(b"Value") == "0123456789" * 100_000


def test_frames_before_a_fault_are_still_given() -> None:
    wire = AmiWire(max_frame_bytes=1_000)
    frames = wire.feed(BANNER + EVENT + EVENT + b"Event: Huge\r\nX: " + b"y" * 2_000)
    assert [frame.name for frame in frames] == ["Hangup", "Hangup"]
    assert wire.error is not None
    with pytest.raises(AmiError, match="from byte 206 on"):
        wire.feed(b"")
    with pytest.raises(AmiError):
        wire.feed(EVENT)


@pytest.mark.parametrize("complete", [b"", b"\r\n\r\n"])
def test_a_frame_may_be_as_long_as_the_limit_and_no_longer(complete: bytes) -> None:
    fits, too_long = b"Event: X\r\nY: " + b"z" * 87, b"Event: X\r\nY: " + b"z" * 91
    wire = AmiWire(max_frame_bytes=100)
    assert len(wire.feed(BANNER + fits + b"\r\n\r\n")) == 1
    with pytest.raises(AmiError):
        wire.feed(too_long + complete)


@pytest.mark.parametrize(
    "greeting",
    [
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\r\n" + BANNER,
        b"A" * (MAX_BANNER_BYTES + 1),
        b"Asterisk Call Manager/" + b"1" * 10_000_000,
        b"\x15\x03\x01\x00\x02\x02\x50" * 50,
    ],
)
def test_a_peer_that_greets_otherwise_is_no_asterisk(greeting: bytes) -> None:
    wire = AmiWire()
    with pytest.raises(AmiError, match=r"expected 'Asterisk Call Manager/\.\.\.', got") as error:
        wire.feed(greeting)
    assert error.value.ref == "ami-no-banner"
    assert len(str(error.value)) < 400
    assert (wire.banner, wire.buffered_bytes) == (None, 0)


def test_nothing_is_given_before_the_banner() -> None:
    wire = AmiWire()
    assert wire.feed(BANNER[:10]) == []
    assert wire.banner is None
    assert [frame.name for frame in wire.feed(BANNER[10:] + EVENT)] == ["Hangup"]
    assert wire.banner == "Asterisk Call Manager/11.0.0"


def test_only_wanted_events_and_responses_are_given() -> None:
    wire = AmiWire(["Hangup"])
    stream = BANNER + b"Event: VarSet\r\nX: y\r\n\r\n" + EVENT + b"Response: Success\r\nActionID: a/1\r\n\r\n"
    assert [frame.name for frame in wire.feed(stream)] == ["Hangup", "Response"]
    assert (wire.events_read, wire.events_dropped) == (2, 1)


def test_entries_of_a_list_are_given_while_an_answer_is_awaited() -> None:
    entry = b"Event: QueueMember\r\nQueue: sales\r\nActionID: a/1\r\n\r\n"
    other = b"Event: VarSet\r\nX: y\r\n\r\n"
    wire = AmiWire(["Hangup"])
    assert wire.feed(BANNER + entry) == []
    wire.answering = True
    assert [frame.name for frame in wire.feed(entry + other + EVENT)] == ["QueueMember", "Hangup"]
    wire.answering = False
    assert wire.feed(entry) == []
    wire.everything = True
    assert [frame.name for frame in wire.feed(entry + other)] == ["QueueMember", "VarSet"]
    assert (wire.events_read, wire.events_dropped) == (7, 3)


def test_an_event_named_like_a_response_is_counted_as_an_event() -> None:
    wire = AmiWire()
    wire.feed(BANNER + b"Event: Response\r\n\r\n" + b"Event:\r\n\r\n")
    assert (wire.events_read, wire.events_dropped) == (1, 0)


def test_stray_line_ends_between_messages_are_passed_over() -> None:
    wire = AmiWire()
    stream = BANNER + b"\r\n" + EVENT + b"\r\n\r\n\r\n" + EVENT + b"\r\nResponse: Error\r\n\r\nSome text\r\n\r\n"
    frames = wire.feed(stream)
    assert [frame.name for frame in frames] == ["Hangup", "Hangup", "Response", ""]
    assert [stream[frame.offset :][:7] for frame in frames] == [b"Event: ", b"Event: ", b"Respons", b"Some te"]
    assert wire.events_read == 2


def test_a_header_is_found_wherever_it_stands() -> None:
    (frame,) = AmiWire().feed(BANNER + EVENT)
    assert frame.get(b"Event") == "Hangup"
    assert frame.get(b"CallerIDName") == "Žofia 北京"
    assert frame.get(b"Exten") == ""
    assert frame.get(b"Uniqueid") == "1.2", "the first of several"
    assert (frame.get(b"uniqueid"), frame.get(b"Unique"), frame.get(b"id"), frame.get(b"")) == (None,) * 4
    assert list(frame.items())[-1] == ("Uniqueid", "second")
    assert repr(frame) == f"AmiFrame('Hangup', 30, {len(EVENT) - 4} bytes)"


def test_a_response_shows_its_headers() -> None:
    (frame,) = AmiWire([]).feed(BANNER + b"Response: Success\r\nActionID: a/1\r\nMessage:none\r\nLast:\r\n\r\n")
    assert frame.name == "Response"
    assert frame.get(b"Response") == "Success"
    assert frame.get(b"ActionID") == "a/1"
    assert (frame.get(b"Message"), frame.get(b"Last")) == ("none", "")


def test_values_are_as_sent_and_bad_bytes_are_replaced() -> None:
    (frame,) = AmiWire().feed(BANNER + b"Event: X\r\nA:  two spaces \r\nB: \xff\xfe\r\nC: a\rb\nc\r\n\r\n")
    assert [frame.get(header) for header in (b"A", b"B", b"C")] == [" two spaces ", "��", "a\rb\nc"]
    assert dict(frame.items()) == {"Event": "X", "A": " two spaces ", "B": "��", "C": "a\rb\nc"}


def test_an_action_is_said_in_order_with_repeated_fields() -> None:
    said = encode_action("Originate", [("ActionID", "a/1"), ("Variable", "a=1"), ("Variable", "b=ž")])
    assert said == "Action: Originate\r\nActionID: a/1\r\nVariable: a=1\r\nVariable: b=ž\r\n\r\n".encode()


@pytest.mark.parametrize("mark", ["\r", "\n", "\r\n", "\0"])
@pytest.mark.parametrize("place", ["name", "key", "value"])
def test_nothing_can_break_out_of_its_line(mark: str, place: str) -> None:
    parts = {"name": "Ping", "key": "Data", "value": "ordinary"}
    parts[place] += f"{mark}Action: Originate"
    with pytest.raises(AmiError, match="ami-line-break"):
        encode_action(parts["name"], [(parts["key"], parts["value"])])


@settings(max_examples=200, deadline=None)
@given(name=st.text(max_size=20), fields=st.lists(st.tuples(st.text(max_size=20), st.text(max_size=50)), max_size=8))
def test_an_action_is_one_message_or_an_error(name: str, fields: list[tuple[str, str]]) -> None:
    try:
        said = encode_action(name, fields)
    except AmiError:
        assert any(mark in text for mark in "\r\n\0" for text in (name, *(part for pair in fields for part in pair)))
        return
    assert said.count(b"\r\n\r\n") == 1
    assert said.endswith(b"\r\n\r\n")
    assert said.count(b"\r\n") == len(fields) + 2
