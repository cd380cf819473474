"""Mails to a real SMTP server: taken, refused, away."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from cti.errors import OffhookError
from offhook.mail.sending import send_mail
from offhook.mail.settings import MailSettings
from tests.offhook.mail.mail_server import MailServer
from tests.pbx.lab.processes import free_port


def message(*to: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "offhook@example.com", ", ".join(to), "Wöche"
    made.set_content("Zahlen: 1 060 €")
    return made


def settings(port: int, username: str | None = None) -> MailSettings:
    return MailSettings(host="127.0.0.1", port=port, security="none", username=username)


async def test_a_mail_arrives() -> None:
    async with MailServer() as server:
        await send_mail(settings(server.port), None, message("a@example.com", "b@example.com"))
    assert server.to == [["a@example.com", "b@example.com"]]
    assert server.mails[0]["Subject"] == "Wöche"
    assert server.mails[0].get_content().strip() == "Zahlen: 1 060 €"


async def test_with_a_log_in() -> None:
    async with MailServer(password="correct horse") as server:
        await send_mail(settings(server.port, "offhook"), "correct horse", message("a@example.com"))
        with pytest.raises(OffhookError) as refused:
            await send_mail(settings(server.port, "offhook"), "wrong", message("a@example.com"))
    assert refused.value.ref == "mail-login-refused"
    assert len(server.mails) == 1


async def test_an_address_that_is_refused_is_told_and_the_others_have_it() -> None:
    async with MailServer(refuse="gone@example.com") as server:
        with pytest.raises(OffhookError) as one:
            await send_mail(settings(server.port), None, message("a@example.com", "gone@example.com"))
        with pytest.raises(OffhookError) as all_of_them:
            await send_mail(settings(server.port), None, message("gone@example.com"))
    assert (one.value.ref, all_of_them.value.ref) == ("mail-refused", "mail-refused")
    assert server.to == [["a@example.com"]]
    assert "nobody of that name" in str(all_of_them.value)
    assert "\x1b" not in str(all_of_them.value)


async def test_a_server_that_is_away_or_without_tls_is_told() -> None:
    with pytest.raises(OffhookError) as away:
        await send_mail(settings(free_port()), None, message("a@example.com"))
    async with MailServer() as server:
        with pytest.raises(OffhookError) as bare:
            await send_mail(MailSettings(host="127.0.0.1", port=server.port), None, message("a@example.com"))
    assert (away.value.ref, bare.value.ref) == ("mail-unreachable", "mail-unreachable")
