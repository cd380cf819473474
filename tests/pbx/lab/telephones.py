"""The far side as SIP phones of the laboratory's own: each does what a test tells it, and notes when what happened.

No second PBX is between the test and the wire, so a phone can do what only phones do: answer 302, send REFER while the
other end still rings, sit with a twin on one extension. Keys travel as SIP INFO, and the voice is silence.
"""

from __future__ import annotations

import socket
import threading
import urllib.parse
from collections.abc import Callable
from contextlib import suppress

from tests.pbx.lab.line import Line
from tests.pbx.lab.processes import until
from tests.pbx.lab.sip import SipMessage, name_of, new_branch, parse_message, response_to, uri_of, user_of
from tests.pbx.lab.voice import Voice

LARGEST_DATAGRAM = 65_535


class Telephone:
    """One phone, or one number of the public. By itself it rings until somebody gives up."""

    def __init__(self, telephones: Telephones, number: str) -> None:
        self.number = number
        self.answers_at_once = False
        self.refuses_with: int | None = None
        self.forwards_to: str | None = None  #: answers 302 with this extension instead of ringing
        self.gives_early_media = False
        self.lines: list[Line] = []
        self._telephones = telephones
        self._shown = 0

    def call(self, dialled: str, name: str | None = None, number: str | None = None) -> Line:
        """Take the phone off the hook and dial; ``number`` is shown instead of the phone's own."""
        line = self._telephones.new_line(self, dialled, number or self.number, name)
        self.lines.append(line)
        line.invite()
        return line

    def wait_line(self, within_s: float = 10) -> Line:
        """Return the next call that came to this phone, once it is there (ringing, if the phone rings)."""
        until(f"{self.number} is called", self._next_incoming, within_s, self._telephones.evidence)
        line = self.next_line()
        assert line is not None
        return line

    def next_line(self) -> Line | None:
        """Return the next call that came to this phone, if there is one by now."""
        line = self._next_incoming()
        if line is not None:
            self._shown = self.lines.index(line) + 1
        return line

    def take(self, within_s: float = 10) -> Line:
        """Answer the next call that comes to this phone; return its line."""
        line = self.wait_line(within_s)
        line.answer()
        return line

    def forget(self) -> None:
        """Be as new; calls that came and nobody asked for are passed over."""
        self.answers_at_once, self.refuses_with, self.forwards_to = False, None, None
        self.gives_early_media = False
        self._shown = len(self.lines)

    def _next_incoming(self) -> Line | None:
        return next((line for line in self.lines[self._shown :] if line.incoming and line.invited_at), None)

    def welcome(self, line: Line, invite: SipMessage) -> None:
        """Do with a new call what this phone does by itself."""
        self.lines.append(line)
        line.accept(invite)
        if self.refuses_with:
            line.refuse(self.refuses_with)
        elif self.forwards_to:
            line.redirect(self.forwards_to)
        elif self.gives_early_media:
            line.early_media()
        else:
            line.ring()
        if self.answers_at_once:
            line.answer()


class Telephones:
    """All phones and the public behind one UDP port, the far end of every endpoint of the PBX."""

    def __init__(self, pbx_sip_port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.pbx = ("127.0.0.1", pbx_sip_port)
        self.lock = threading.RLock()
        self._phones: dict[str, Telephone] = {}
        self._lines: dict[str, Line] = {}
        self._asked: dict[str, Callable[[SipMessage], None]] = {}
        self._answered: dict[tuple[str, str], bytes] = {}
        self._log: list[str] = []
        self._voice = Voice(self._hearers)
        self.media_port = self._voice.port
        self._reader = threading.Thread(target=self._read, name="lab-telephones", daemon=True)
        self._reader.start()

    def __getitem__(self, number: str) -> Telephone:
        with self.lock:
            return self._phones.setdefault(bare(number), Telephone(self, number))

    def new_line(self, phone: Telephone, dialled: str, shown: str, name: str | None) -> Line:
        line = Line(self, phone.number, dialled, shown, name)
        with self.lock:
            self._lines[line.call_id] = line
        return line

    def idle(self) -> bool:
        """Tell whether every call of every phone is over."""
        with self.lock:
            return all(line.ended_at for line in self._lines.values())

    def hang_up_all(self) -> None:
        """End what a failed test left behind, and let every phone be as new."""
        with self.lock:
            for line in list(self._lines.values()):
                if line.ended_at is None:
                    with suppress(AssertionError):
                        line.hang_up()
            for phone in self._phones.values():
                phone.forget()
            self._lines.clear()
            self._answered.clear()
            self._log.clear()

    def register(self, number: str, contact: str | None = None, for_s: int = 300) -> None:
        """Register a phone, at a contact of its own name or another; ``for_s`` 0 takes it away again."""
        line = Line(self, number, number, number, None)
        request = line.request("REGISTER", to=f"sip:127.0.0.1:{self.pbx[1]}")
        request.headers.append(("Contact", f"<sip:{contact or number}@127.0.0.1:{self.port}>"))
        request.headers.append(("Expires", str(for_s)))
        answers: list[SipMessage] = []
        self.ask(request, answers.append)
        until(f"{number} is registered", lambda: any(answer.status == 200 for answer in answers), 5, self.evidence)

    def ask(self, request: SipMessage, on_response: Callable[[SipMessage], None]) -> None:
        """Send a request; its responses go to ``on_response``, on the reader's thread."""
        self._asked[request.branch] = on_response
        self.send(request)

    def send(self, message: SipMessage) -> None:
        data = message.encode()
        self._log.append(f"> {message.start} {message.get('CSeq')} {message.get('Call-ID')}")
        self._socket.sendto(data, self.pbx)

    def respond(self, request: SipMessage, response: SipMessage) -> None:
        """Send a response, and again if the request comes again."""
        self._answered[request.branch, request.method] = response.encode()
        self.send(response)

    def via(self) -> tuple[str, str]:
        return "Via", f"SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch={new_branch()}"

    def evidence(self) -> str:
        """Return the last messages, one a line."""
        return "\n".join(self._log[-60:])

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._reader.join(5)
        self._voice.close()

    def _hearers(self) -> list[int]:
        with self.lock:
            lines = list(self._lines.values())
        return [line.far_media for line in lines if line.far_media and line.answered_at and not line.ended_at]

    def _read(self) -> None:
        while True:
            try:
                data = self._socket.recv(LARGEST_DATAGRAM)
            except OSError:
                return
            if not data:
                return
            if data.strip():
                with self.lock:
                    self._take(parse_message(data))

    def _take(self, message: SipMessage) -> None:
        self._log.append(f"< {message.start} {message.get('CSeq')} {message.get('Call-ID')}")
        if message.status:
            if on_response := self._asked.get(message.branch):
                on_response(message)
            return
        if again := self._answered.get((message.branch, message.method)):
            self._socket.sendto(again, self.pbx)
            return
        line = self._lines.get(message.get("Call-ID"))
        if line is not None:
            line.take(message)
        elif message.method == "INVITE":
            self._invited(message)
        elif message.method != "ACK":
            self.respond(message, response_to(message, 200 if message.method == "OPTIONS" else 481, "none"))

    def _invited(self, message: SipMessage) -> None:
        phone = self[message.request_user]
        line = Line(self, phone.number, phone.number, user_of(uri_of(message.get("From"))),
                    name_of(message.get("From")), message.get("Call-ID"))  # fmt: skip
        self._lines[line.call_id] = line
        phone.welcome(line, message)


def bare(number: str) -> str:
    return urllib.parse.unquote(number).lstrip("+")
