"""Which desk a browser sits at: a signed cookie, until there are accounts. It names an extension, it proves nothing."""

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
_MAX_LENGTH: Final = 500


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
        return f"{_text(body)}.{_text(self._mark(body))}"

    def read(self, cookie: str | None) -> Seat | None:
        """The seat that the cookie names; None if there is none, or it was not written by us."""
        if not cookie or len(cookie) > _MAX_LENGTH or not cookie.isascii():
            return None
        body_text, _, mark_text = cookie.partition(".")
        try:
            body, mark = _bytes(body_text), _bytes(mark_text)
        except ValueError:
            return None
        if not hmac.compare_digest(mark, self._mark(body)):
            return None
        return msgspec.json.decode(body, type=Seat)

    def _mark(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, b"offhook desk\n" + body, "sha256")


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
