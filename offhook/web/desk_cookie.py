"""Which desk a browser sits at: a signed cookie, until there are accounts. It names an extension, it proves nothing.

A ticket lets the same desk write about one call of its own, also after the program was started anew.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Final

import msgspec

from crm_bridge.pop import DeskId

COOKIE: Final = "offhook_desk"
#: a browser stays at its desk this long
MAX_AGE_S: Final = 30 * 24 * 3600
_MAX_LENGTH: Final = 1_000
_SEAT: Final = b"offhook desk\n"
_CALL: Final = b"offhook note\n"


class Seat(msgspec.Struct, frozen=True, array_like=True):
    """A desk and the browser that sits at it. ``browser`` is random: tabs of one browser share it, devices do not."""

    pbx: str
    agent: str
    browser: str

    @property
    def desk(self) -> DeskId:
        return DeskId(self.pbx, self.agent)


class SeatSigner:
    """Writes and reads the cookie. Another ``secret`` makes all cookies worthless."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, desk: DeskId) -> str:
        """A cookie for a browser that takes this desk now."""
        body = msgspec.json.encode(Seat(desk.pbx, desk.agent, secrets.token_hex(8)))
        return f"{_text(body)}.{_text(self._mark(body, _SEAT))}"

    def read(self, cookie: str | None) -> Seat | None:
        """The seat that the cookie names; None if there is none, or it was not written by us."""
        body = self._body(cookie, _SEAT)
        return None if body is None else msgspec.json.decode(body, type=Seat)

    def sign_call(self, desk: DeskId, call_id: str) -> str:
        """A ticket to write about this call of this desk."""
        body = msgspec.json.encode((desk.pbx, desk.agent, call_id))
        return f"{_text(body)}.{_text(self._mark(body, _CALL))}"

    def read_call(self, ticket: str, desk: DeskId) -> str | None:
        """The id of the call for which this desk was given the ticket; None if it was not."""
        body = self._body(ticket, _CALL)
        if body is None:
            return None
        pbx, agent, call_id = msgspec.json.decode(body, type=tuple[str, str, str])
        return call_id if DeskId(pbx, agent) == desk else None

    def _body(self, signed: str | None, use: bytes) -> bytes | None:
        if not signed or len(signed) > _MAX_LENGTH or not signed.isascii():
            return None
        body_text, _, mark_text = signed.partition(".")
        try:
            body, mark = _bytes(body_text), _bytes(mark_text)
        except ValueError:
            return None
        return body if hmac.compare_digest(mark, self._mark(body, use)) else None

    def _mark(self, body: bytes, use: bytes) -> bytes:
        return hmac.digest(self._secret, use + body, "sha256")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
