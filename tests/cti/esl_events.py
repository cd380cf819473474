"""FreeSWITCH's events made by hand, as the wire gives them."""

from __future__ import annotations

from urllib.parse import quote

from cti.wire.esl import EslFrame, EslWire

GREETING = b"Content-Type: auth/request\n\n"


def esl(name: str, headers: dict[str, str]) -> EslFrame:
    """The frame of one event; a name with ``::`` is the subclass of a ``CUSTOM`` one."""
    (frame,) = _wire().feed(esl_bytes(name, headers))
    return frame


def esl_bytes(name: str, headers: dict[str, str]) -> bytes:
    """One event as the socket gives it."""
    named = {"Event-Subclass": name, "Event-Name": "CUSTOM"} if "::" in name else {"Event-Name": name}
    lines = [f"{key}: {quote(value, safe='/()')}" for key, value in (named | headers).items()]
    body = ("\n".join(lines) + "\n\n").encode()
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(body), body)


def answer(text: str) -> EslFrame:
    """The frame of an answer to an ``api`` command."""
    (frame,) = _wire().feed(answer_bytes(text))
    return frame


def answer_bytes(text: str) -> bytes:
    body = text.encode()
    return b"Content-Type: api/response\nContent-Length: %d\n\n%b" % (len(body), body)


def reply_bytes(text: str) -> bytes:
    """The reply to a command."""
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()


def _wire() -> EslWire:
    wire = EslWire()
    wire.feed(GREETING)
    return wire
