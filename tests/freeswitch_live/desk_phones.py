"""The laboratory's telephones before a FreeSWITCH: desk phones say who they are by digest (RFC 2617)."""

from __future__ import annotations

import hashlib
import re

from tests.pbx.lab.line import Line
from tests.pbx.lab.sip import SipMessage, new_branch
from tests.pbx.lab.telephones import Telephone, Telephones

_PARAMETER = re.compile(r'(\w+)="?([^",]+)"?')
_CHALLENGED = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}


class DeskLine(Line):
    """A call of a desk phone; it is placed again with the password when the PBX asks for it."""

    def _on_final(self, response: SipMessage) -> None:
        challenge = _CHALLENGED.get(response.status)
        if challenge is None or self.status or self._invite is None or self._invite.get(challenge[1]):
            super()._on_final(response)
            return
        self._acknowledge(response)
        self.far_tag = ""
        again = self.request("INVITE", self._invite.body)
        again.headers.append((challenge[1], digest(response.get(challenge[0]), self.number, again)))
        self._invite = again
        self.phones.ask(again, self._on_invite_response)


class DeskPhones(Telephones):
    """All desk phones of the company, behind one port."""

    def new_line(self, phone: Telephone, dialled: str, shown: str, name: str | None) -> Line:
        line = DeskLine(self, phone.number, dialled, shown, name)
        with self.lock:
            self._lines[line.call_id] = line
        return line


def digest(challenge: str, user: str, request: SipMessage) -> str:
    """Return the credentials for a request; an agent's password is ``pw`` and his number."""
    asked = dict(_PARAMETER.findall(challenge))
    method, uri, _ = request.start.split()
    nonce_of_phone = new_branch()[-8:]
    secret = _md5(f"{user}:{asked['realm']}:pw{user}")
    about = _md5(f"{method}:{uri}")
    response = _md5(f"{secret}:{asked['nonce']}:00000001:{nonce_of_phone}:auth:{about}")
    return (
        f'Digest username="{user}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", uri="{uri}", '
        f'response="{response}", algorithm=MD5, cnonce="{nonce_of_phone}", qop=auth, nc=00000001'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
