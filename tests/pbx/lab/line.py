"""One call as the phone at one end of it sees it."""

from __future__ import annotations

import secrets
import urllib.parse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.pbx.lab.journey import Spoke
from tests.pbx.lab.processes import until
from tests.pbx.lab.sip import SipMessage, offer, quoted, response_to, tag_of, uri_of
from tests.pbx.lab.voice import media_port

if TYPE_CHECKING:
    from tests.pbx.lab.telephones import Telephones

ANSWER_WITHIN_S = 10
FINAL = 200


class Line:
    """The phone of ``number`` in one SIP dialogue, and the instants at which it saw each thing happen.

    ``shown`` and ``name`` are the caller: on an incoming call as this phone's display shows him.
    """

    def __init__(
        self, phones: Telephones, number: str, dialled: str, shown: str, name: str | None, call_id: str | None = None
    ) -> None:
        self.phones = phones
        self.number, self.dialled, self.shown, self.name = number, dialled, shown, name
        self.incoming = call_id is not None
        self.call_id = call_id or secrets.token_hex(10)
        self.tag, self.far_tag = secrets.token_hex(5), ""
        self.invited_at: datetime | None = None
        self.rung_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.ended_here = False  #: this phone hung up, or refused
        self.status = 0  #: the final answer to the INVITE
        self.holds: list[tuple[datetime, datetime | None]] = []
        self.referred_at: datetime | None = None
        self.refer_result: int | None = None  #: what the REFER came to, as the last NOTIFY says
        self.far_media: int | None = None
        self._sequence = secrets.randbelow(1000) + 1
        self._invite: SipMessage | None = None
        self._own_uri = f"<sip:{shown if not self.incoming else number}@127.0.0.1>"
        self._far_uri = ""
        self._target = ""

    def __repr__(self) -> str:
        ends = "<-" if self.incoming else "->"
        return f"{self.number} {ends} {self.shown if self.incoming else self.dialled}"

    # what the phone does on an outgoing call

    def invite(self) -> None:
        user = urllib.parse.quote(self.dialled, safe="+*")
        self._target = f"sip:{user}@127.0.0.1:{self.phones.pbx[1]}"
        self._far_uri = f"<{self._target}>"
        if self.name:
            self._own_uri = f"{quoted(self.name)} {self._own_uri}"
        request = self._invite = self.request("INVITE", offer(self.phones.media_port))
        self.invited_at = now()
        self.phones.ask(request, self._on_invite_response)

    def _on_invite_response(self, response: SipMessage) -> None:
        self.far_tag = tag_of(response.get("To")) or self.far_tag
        if response.get("Contact"):
            self._target = uri_of(response.get("Contact"))
        if 100 < response.status < FINAL:
            self.rung_at = self.rung_at or now()
        elif response.status >= FINAL:
            self._on_final(response)

    def _on_final(self, response: SipMessage) -> None:
        assert self._invite is not None
        self._acknowledge(response)
        if self.status:
            return
        self.status = response.status
        if response.status < 300:
            self.far_media = media_port(response.body)
            self.answered_at = now()
            if self.ended_here:  # given up while the answer was under way
                self.hang_up()
        else:
            self.ended_at = now()

    def _acknowledge(self, response: SipMessage) -> None:
        """ACK: of a refusal in the same transaction, of an answer in a new one (RFC 3261, 17.1.1.3 and 13.2.2.4)."""
        assert self._invite is not None
        number, _ = response.sequence
        ack = self.request("ACK", number=number)
        if response.status >= 300:
            ack.headers[0] = ("Via", self._invite.get("Via"))
            ack.start = self._invite.start.replace("INVITE", "ACK", 1)
        self.phones.send(ack)

    # what the phone does on an incoming call

    def accept(self, invite: SipMessage) -> None:
        self._invite = invite
        self.invited_at = now()
        self.far_media = media_port(invite.body)
        self.far_tag = tag_of(invite.get("From"))
        self._far_uri = invite.get("From").partition(";")[0]
        self._own_uri = invite.get("To").partition(";")[0]
        self._target = uri_of(invite.get("Contact"))

    def ring(self) -> None:
        self._respond(180)
        self.rung_at = self.rung_at or now()

    def early_media(self) -> None:
        """Play something before the answer, as mobile networks do."""
        self._respond(183, offer(self.phones.media_port))
        self.rung_at = self.rung_at or now()

    def answer(self) -> None:
        with self.phones.lock:
            assert self.ended_at is None, f"{self!r} cannot be answered, it is over"
            self._respond(200, offer(self.phones.media_port))
            self.status, self.answered_at = 200, now()

    def answer_if_it_rings(self) -> bool:
        """Answer, unless somebody else has, or the caller has gone."""
        with self.phones.lock:
            if self.ended_at is not None:
                return False
            self.answer()
            return True

    def refuse(self, status: int = 486) -> None:
        with self.phones.lock:
            self._end_here(status)
            self._respond(status)

    def redirect(self, to: str) -> None:
        """Forward the call: the phone says where to, and is out of it."""
        with self.phones.lock:
            self._end_here(302)
            self._respond(302, "", [("Contact", f"<sip:{to}@127.0.0.1:{self.phones.pbx[1]}>")])

    def _respond(self, status: int, body: str = "", headers: list[tuple[str, str]] | None = None) -> None:
        assert self._invite is not None
        response = response_to(self._invite, status, self.tag, headers or [self._contact()], body)
        if body:
            response.headers.append(("Content-Type", "application/sdp"))
        self.phones.respond(self._invite, response)

    # what the phone does on any call

    def hang_up(self) -> None:
        """End the call, whatever it is: refuse it, give it up or say good-bye."""
        with self.phones.lock:
            if self.ended_at is not None:
                return
            if self.answered_at:
                self._end_here(self.status)
                self.phones.ask(self.request("BYE"), ignore)
            elif self.incoming:
                self.refuse(603)
            else:
                self._cancel()

    def _cancel(self) -> None:
        assert self._invite is not None
        cancel = self.request("CANCEL", number=self._invite.sequence[0])
        cancel.headers[0] = ("Via", self._invite.get("Via"))
        cancel.start = self._invite.start.replace("INVITE", "CANCEL", 1)
        self.ended_here = True
        self.phones.send(cancel)

    def hold(self) -> None:
        """Put the other end on hold."""
        self._renegotiate("sendonly")
        self.holds.append((now(), None))

    def resume(self) -> None:
        self._renegotiate("sendrecv")
        self.holds[-1] = (self.holds[-1][0], now())

    def _renegotiate(self, direction: str) -> None:
        answers: list[SipMessage] = []
        request = self.request("INVITE", offer(self.phones.media_port, direction))

        def on_response(response: SipMessage) -> None:
            if response.status >= FINAL:
                self._acknowledge(response)
                answers.append(response)

        self.phones.ask(request, on_response)
        until(f"{self!r} is renegotiated", lambda: answers, ANSWER_WITHIN_S, self.phones.evidence)
        assert answers[0].status == 200, answers[0].start

    def press(self, keys: str) -> None:
        """Press keys one after the other; each is there before the next."""
        for key in keys:
            answers: list[SipMessage] = []
            request = self.request("INFO", f"Signal={key}\r\nDuration=100\r\n")
            request.headers.append(("Content-Type", "application/dtmf-relay"))
            self.phones.ask(request, answers.append)
            until(f"{self!r} pressed {key}", lambda: answers, ANSWER_WITHIN_S, self.phones.evidence)  # noqa: B023

    def transfer(self, to: str) -> None:
        """Hand the other end over to an extension, blindly."""
        self._refer(f"<sip:{to}@127.0.0.1:{self.phones.pbx[1]}>")

    def transfer_to(self, other: Line) -> None:
        """Bring the other end and the other end of this phone's line ``other`` together (Replaces)."""
        replaces = urllib.parse.quote(f"{other.call_id};to-tag={other.far_tag};from-tag={other.tag}", safe="")
        self._refer(f"<sip:{other.dialled}@127.0.0.1:{self.phones.pbx[1]}?Replaces={replaces}>")

    def _refer(self, target: str) -> None:
        request = self.request("REFER")
        request.headers += [("Refer-To", target), ("Referred-By", self._own_uri)]
        self.referred_at = now()
        self.phones.ask(request, self._on_refer_response)

    def _on_refer_response(self, response: SipMessage) -> None:
        if response.status >= 300:
            self.refer_result = response.status

    # what comes from the PBX within the dialogue

    def take(self, request: SipMessage) -> None:
        method = request.method
        if method == "ACK":
            return
        if method == "CANCEL":
            self._taken_back(request)
        elif method == "BYE":
            self.ended_at = self.ended_at or now()
            self._confirm(request)
        elif method == "NOTIFY":
            self._confirm(request)
            if request.body.startswith("SIP/2.0 "):
                self._on_transfer_told(int(request.body.split()[1]))
        elif method in ("INVITE", "UPDATE"):
            self._confirm(request, offer(self.phones.media_port))
        else:
            self._confirm(request)

    def _on_transfer_told(self, status: int) -> None:
        """Once the other end is handed over the phone is out of it, and hangs up."""
        self.refer_result = status
        if FINAL <= status < 300:
            self.hang_up()

    def _taken_back(self, cancel: SipMessage) -> None:
        self._confirm(cancel)
        if self.status == 0:
            self.status, self.ended_at = 487, now()
            self._respond(487)

    def _confirm(self, request: SipMessage, body: str = "") -> None:
        response = response_to(request, 200, self.tag, [self._contact()], body)
        if body:
            response.headers.append(("Content-Type", "application/sdp"))
        self.phones.respond(request, response)

    # what a test waits for

    def wait_answered(self, within_s: float = 15) -> Line:
        until(f"{self!r} is answered", lambda: self.answered_at, within_s, self.phones.evidence)
        return self

    def wait_ringing(self, within_s: float = 15) -> Line:
        until(f"{self!r} rings", lambda: self.rung_at, within_s, self.phones.evidence)
        return self

    def wait_ended(self, within_s: float = 20) -> Line:
        until(f"{self!r} ends", lambda: self.ended_at, within_s, self.phones.evidence)
        return self

    def wait_referred(self, within_s: float = 15) -> int:
        """Return what the transfer came to: a SIP status."""
        until(f"the transfer of {self!r} is told", lambda: (self.refer_result or 0) >= FINAL or self.ended_at,
              within_s, self.phones.evidence)  # fmt: skip
        return self.refer_result or 0

    def spoke(self, since: datetime | None = None, until: datetime | None = None, agent: str | None = None) -> Spoke:
        """Return this phone's part of a conversation: from its answer to its end, unless said otherwise."""
        return Spoke(self, agent or self.number, since, until)

    @property
    def hold_s(self) -> float:
        """Seconds that this phone had the other on hold; a hold lasts to the end of its call at the most."""
        spans = [(since, until_at or self.ended_at) for since, until_at in self.holds]
        return sum((end - since).total_seconds() for since, end in spans if end is not None)

    # the dialogue

    def request(self, method: str, body: str = "", *, to: str | None = None, number: int | None = None) -> SipMessage:
        """Return the next request of this dialogue; ACK and CANCEL take the ``number`` of what they are about."""
        if number is None:
            self._sequence += 1
            number = self._sequence
        target = to or self._target
        far = self._far_uri or f"<sip:{self.number}@127.0.0.1:{self.phones.pbx[1]}>"
        headers = [
            self.phones.via(),
            ("Max-Forwards", "70"),
            ("From", f"{self._own_uri};tag={self.tag}"),
            ("To", f"{far};tag={self.far_tag}" if self.far_tag and method != "CANCEL" else far),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
        ]
        if method not in ("ACK", "CANCEL", "REGISTER"):
            headers.append(self._contact())
        if method in ("INVITE",):
            headers.append(("Content-Type", "application/sdp"))
            headers.append(("Allow", "INVITE, ACK, CANCEL, BYE, REFER, NOTIFY, INFO, OPTIONS, UPDATE"))
        return SipMessage(f"{method} {target} SIP/2.0", headers, body)

    def _contact(self) -> tuple[str, str]:
        return "Contact", f"<sip:{self.number}@127.0.0.1:{self.phones.port}>"

    def _end_here(self, status: int) -> None:
        self.ended_here, self.ended_at, self.status = True, now(), status


def ignore(message: SipMessage) -> None:
    """Nothing depends on this answer."""


def now() -> datetime:
    return datetime.now(UTC)
