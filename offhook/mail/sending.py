"""One mail to the mail server (RFC 5321), with errors that say what to do."""

from __future__ import annotations

import ssl
from email.message import EmailMessage

import aiosmtplib

from cti.errors import OffhookError
from offhook.mail.settings import PORTS, MailSettings
from offhook.terminal import printable

TIMEOUT_S = 30.0


async def send_mail(settings: MailSettings, password: str | None, message: EmailMessage) -> None:
    """Hand the mail to the server, for all who are to get it.

    Raises:
        OffhookError: the server cannot be reached, or it did not take the mail for all of them.
    """
    port = settings.port or PORTS[settings.security]
    place = f"{settings.host}, port {port}"
    try:
        refused, _ = await aiosmtplib.send(
            message,
            hostname=settings.host,
            port=port,
            username=settings.username,
            password=password,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=None if settings.security == "none" else ssl.create_default_context(),
            timeout=TIMEOUT_S,
        )
    except aiosmtplib.SMTPAuthenticationError as error:
        why, hint = _said(error), "check username and password in [mail]"
        raise OffhookError("mail-login-refused", f"the mail server at {place} refused the log-in", why, hint) from error
    except aiosmtplib.SMTPRecipientsRefused as error:
        why = "; ".join(_said(one) for one in error.recipients[:3])
        raise OffhookError("mail-refused", f"{place} takes the mail for nobody", why, "check the addresses") from error
    except aiosmtplib.SMTPResponseException as error:
        what, hint = f"the mail server at {place} refused the mail", "ask who runs the mail server what it wants"
        raise OffhookError("mail-refused", what, _said(error), hint) from error
    except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
        why, hint = str(error)[:200] or type(error).__name__, "check host, port and security in [mail]"
        raise OffhookError("mail-unreachable", f"the mail server at {place} cannot be used", why, hint) from error
    if refused:
        why = f"it refused {len(refused)} of the addresses; the others have it"
        raise OffhookError("mail-refused", f"{place} did not take the mail for all", why, "check the addresses")


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    """The server's words on one line."""
    text = error.message.decode("utf-8", "replace") if isinstance(error.message, bytes) else str(error.message)
    return printable(f"{error.code} {text}"[:200])
