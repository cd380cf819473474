"""A real SMTP server for the tests: it keeps what it takes, and refuses whom it is told to."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class MailServer:
    """Use as ``async with MailServer() as server``; ``mails`` are those it took, ``to`` who got them."""

    def __init__(self, password: str | None = None, refuse: str = "") -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.port = 0
        self._password, self._refuse = password, refuse

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address == self._refuse:
            return "550 \x1b[2Jnobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.to.append(list(envelope.rcpt_tos))
        return "250 OK"

    async def __aenter__(self) -> MailServer:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._speaker, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def _speaker(self) -> SMTP:
        wanted = {} if self._password is None else {"auth_require_tls": False, "authenticator": self._check}
        return SMTP(self, hostname="mail.example.com", enable_SMTPUTF8=True, **wanted)

    def _check(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: object) -> AuthResult:
        right = isinstance(given, LoginPassword) and given.password.decode() == self._password
        return AuthResult(success=right, handled=False)
