"""What can go wrong with the bytes of FreeSWITCH's event socket: each fault with what, why and what to do."""

from __future__ import annotations

from cti.errors import OffhookError


class EslError(OffhookError):
    """The bytes are not FreeSWITCH's event socket, or a command cannot be said in it."""


def no_greeting(start: bytes) -> EslError:
    return EslError(
        "esl-no-greeting",
        "the peer does not greet like a FreeSWITCH event socket",
        f"expected 'Content-Type: auth/request', got {start!r}",
        "is this the event socket's port (event_socket.conf.xml, usually 8021)?",
    )


def turned_away() -> EslError:
    return EslError(
        "esl-turned-away",
        "FreeSWITCH does not talk to this address",
        "it answered text/rude-rejection",
        "add this machine to apply-inbound-acl in event_socket.conf.xml",
    )


def too_long(length: int, limit: int, offset: int) -> EslError:
    return EslError(
        "esl-frame-too-long",
        "a message from the PBX is too long",
        f"at byte {offset} it announces {length} bytes, {limit} are taken",
        "the stream is not FreeSWITCH's, or broken; if it really sends such messages, raise max_frame_bytes",
    )


def wrong_length(length: int, offset: int) -> EslError:
    return EslError(
        "esl-wrong-length",
        "a message from the PBX is not as long as it says",
        f"the event at byte {offset} does not end after the {length} bytes that it announces",
        "the stream is broken; the link begins anew",
    )


def out_of_step(start: bytes, offset: int) -> EslError:
    return EslError(
        "esl-out-of-step",
        "a message from the PBX has no head",
        f"at byte {offset} there is {start!r}",
        "the length of the message before was wrong; the link begins anew",
    )


def bad_length(said: bytes, offset: int) -> EslError:
    return EslError(
        "esl-bad-length",
        "a message from the PBX does not say how long it is",
        f"at byte {offset} Content-Length is {said!r}",
        "the stream is not FreeSWITCH's, or broken; the link begins anew",
    )


def line_break(begin: str) -> EslError:
    return EslError(
        "esl-line-break", "a command's value has a line break in it", f"in {begin!r}", "remove CR, LF and NUL"
    )
