"""SIP messages as text: just enough of RFC 3261, 3515 and 3891 for the laboratory's phones."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

CRLF = "\r\n"
BRANCH_COOKIE = "z9hG4bK"  #: RFC 3261, 8.1.1.7
REASONS = {
    100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 302: "Moved Temporarily",
    480: "Temporarily Unavailable", 486: "Busy Here", 487: "Request Terminated", 603: "Decline",
}  # fmt: skip
_URI = re.compile(r"<([^>]*)>|(sips?:[^;\s]+)")
_TAG = re.compile(r";tag=([^;\s]+)")
_NAME = re.compile(r'^\s*(?:"((?:\\.|[^"\\])*)"|([^<"]*?))\s*<')


@dataclass
class SipMessage:
    """A request or a response. ``headers`` keeps order and repetition; names are looked up without case."""

    start: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""

    @property
    def method(self) -> str:
        """The method of a request, or of the request that a response answers."""
        return self.sequence[1] if self.status else self.start.partition(" ")[0]

    @property
    def status(self) -> int:
        """The status of a response; 0 for a request."""
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else 0

    @property
    def sequence(self) -> tuple[int, str]:
        number, method = self.get("CSeq").split()
        return int(number), method

    @property
    def request_user(self) -> str:
        """Who a request is for: the user part of its URI."""
        return user_of(self.start.split(" ")[1])

    @property
    def branch(self) -> str:
        return self.get("Via").partition("branch=")[2].partition(";")[0]

    def get(self, name: str) -> str:
        """Return the first header of that name; the empty text when there is none."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        return [value for header, value in self.headers if header.lower() == name.lower()]

    def encode(self) -> bytes:
        body = self.body.encode()
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers), f"Content-Length: {len(body)}"]
        return (CRLF.join(lines) + CRLF * 2).encode() + body


def parse_message(data: bytes) -> SipMessage:
    """Return the message in a datagram."""
    head, _, body = data.decode().partition(CRLF * 2)
    start, *lines = head.split(CRLF)
    pairs = (line.partition(":") for line in lines)
    return SipMessage(start, [(name.strip(), value.strip()) for name, _, value in pairs], body)


def response_to(request: SipMessage, status: int, to_tag: str, headers: Iterable[tuple[str, str]] = (),
                body: str = "") -> SipMessage:  # fmt: skip
    """Return the response that goes back the way the request came."""
    copied = [(name, value) for name, value in request.headers if name.lower() in ("via", "record-route")]
    to = request.get("To")
    if status > 100 and not tag_of(to):
        to = f"{to};tag={to_tag}"
    copied += [("From", request.get("From")), ("To", to), ("Call-ID", request.get("Call-ID")),
               ("CSeq", request.get("CSeq"))]  # fmt: skip
    return SipMessage(f"SIP/2.0 {status} {REASONS.get(status, 'Other')}", [*copied, *headers], body)


def uri_of(header: str) -> str:
    """Return the URI in a From, To, Contact or Refer-To header."""
    found = _URI.search(header)
    assert found is not None, f"no URI in {header!r}"
    return found.group(1) or found.group(2)


def user_of(text: str) -> str:
    """Return the user part of a URI or of a header that has one."""
    return text.partition("sip:")[2].partition("@")[0].partition(";")[0]


def tag_of(header: str) -> str:
    found = _TAG.search(header)
    return found.group(1) if found else ""


def name_of(header: str) -> str:
    """Return the display name as the caller's phone shows it, quotes and their escapes removed."""
    found = _NAME.match(header)
    if found is None:
        return ""
    return re.sub(r"\\(.)", r"\1", found.group(1)) if found.group(1) is not None else found.group(2)


def quoted(name: str) -> str:
    """Return a display name as a quoted string."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def new_branch() -> str:
    return BRANCH_COOKIE + secrets.token_hex(8)


def offer(media_port: int, direction: str = "sendrecv") -> str:
    """Return a session description: one G.711 stream, ``direction`` as the phone wants it."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
             f"m=audio {media_port} RTP/AVP 0", "a=rtpmap:0 PCMU/8000", f"a={direction}"]  # fmt: skip
    return CRLF.join(lines) + CRLF
