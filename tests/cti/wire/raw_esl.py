"""What comes through an event socket, byte by byte, and a wire that was greeted."""

from __future__ import annotations

import json
from collections.abc import Iterable

from cti.wire.esl import EslWire
from tests.cti.esl_events import GREETING

ACCEPTED = b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
NAME = "Žofia 北京"
HEADERS = (
    b"Event-Name: CHANNEL_HANGUP\nUnique-ID: 1\nCaller-Caller-ID-Name: %C5%BDofia%20%E5%8C%97%E4%BA%AC\n"
    b"Caller-Caller-ID-Number: %2B39333\nvariable_both: ARRAY%3A%3Aone%7C%3Atwo\n"
)
JSON = json.dumps({"Event-Name": "CHANNEL_HANGUP", "Unique-ID": "1", "both": ["one", "two"]}).encode()


def message(kind: bytes, body: bytes) -> bytes:
    return b"Content-Length: %d\nContent-Type: %b\n\n%b" % (len(body), kind, body)


def plain(headers: bytes, inner: bytes = b"") -> bytes:
    said = b"Content-Length: %d\n" % len(inner) if inner else b""
    return message(b"text/event-plain", headers + said + b"\n" + inner)


EVENT = plain(HEADERS)
JOB = plain(b"Event-Name: BACKGROUND_JOB\nJob-Command: status\n", b"+OK\n\nEvent-Name: FORGED\nUnique-ID: 2\n")
CALLCENTER = plain(b"Event-Subclass: callcenter%3A%3Ainfo\nEvent-Name: CUSTOM\nCC-Action: members-count\n")
EVENT_JSON = message(b"text/event-json", JSON)


def greeted(wanted: Iterable[str] | None = None, **limits: int) -> EslWire:
    wire = EslWire(wanted, **limits)
    wire.feed(GREETING)
    return wire
