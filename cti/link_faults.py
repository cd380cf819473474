"""Every way in which a link fails, in words that say what to do about it."""

from __future__ import annotations

import socket
import ssl
from typing import NamedTuple

from cti.errors import OffhookError
from cti.pbx.settings import PbxSettings


class _Words(NamedTuple):
    """What to do, in the words of one kind of PBX: its files, its commands."""

    refused: str
    no_tls: str
    closed_port: str
    no_greeting: str
    dropped: str


_ASTERISK = _Words(
    refused="check username, secret, and the permit and deny lines of that user in manager.conf; then start again",
    no_tls="is this the TLS port (tlsbindaddr in manager.conf, usually 5039)? else set tls = false",
    closed_port="is the PBX running, with enabled = yes and this bindaddr and port in manager.conf?",
    no_greeting="is this the manager port? if it is the TLS port, set tls = true",
    dropped="if it did not restart, see its log: Asterisk drops readers that are slower than writetimeout",
)
_FREESWITCH = _Words(
    refused="check secret against password in event_socket.conf.xml (then: fs_cli -x 'reload mod_event_socket'), for a "
    "user of the directory esl-password and esl-allowed-events; then start again",
    no_tls="FreeSWITCH's event socket speaks no TLS by itself; set tls = false, or tls = true for a stunnel before it",
    closed_port="is FreeSWITCH running, with mod_event_socket loaded (fs_cli -x 'load mod_event_socket') and this "
    "listen-ip and listen-port in event_socket.conf.xml?",
    no_greeting="is this the event socket's port (listen-port in event_socket.conf.xml, usually 8021)? FreeSWITCH says "
    "nothing either where a firewall or apply-inbound-acl keeps this machine out",
    dropped="if it did not restart, see its log: FreeSWITCH ends listeners that have lost 500 events or more "
    "('Killing listener'), and apply-inbound-acl in event_socket.conf.xml may keep this machine out",
)


class LinkError(OffhookError):
    """The link to a PBX is down, or what was asked over it failed."""


class LoginRefused(LinkError):  # noqa: N818  a refusal, as the trade says it
    """The PBX refuses the user or the secret: trying again by itself is of no use, and may lock the address out."""


class ActionRefused(LinkError):  # noqa: N818
    """The PBX said no to an action. ``message`` is its reason, in its own words."""

    def __init__(self, action: str, message: str) -> None:
        self.message = message
        super().__init__(
            "link-action-refused",
            f"the PBX refused the action {action}",
            message,
            "'Permission denied' or 'permission denied': the user of the PBX that we log in as may not do that",
        )


def login_refused(settings: PbxSettings, message: str) -> LoginRefused:
    who = f" of user {settings.username!r}" if settings.username else ""
    return LoginRefused(
        "link-login-refused", f"{_pbx(settings)} refuses the log-in{who}", message, _words(settings).refused
    )


def cannot_connect(settings: PbxSettings, error: OSError) -> LinkError:
    """What an error of the connecting socket means for this PBX."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return LinkError(
            "link-tls-certificate",
            f"the certificate of {_pbx(settings)} is not trusted",
            getattr(error, "verify_message", "") or str(error),
            "set tls_ca_file to the PEM file of its authority, and host to the name in the certificate",
        )
    if isinstance(error, ssl.SSLError):
        return LinkError(
            "link-tls",
            f"{_pbx(settings)} does not speak TLS as we do",
            getattr(error, "reason", "") or str(error),
            _words(settings).no_tls,
        )
    if isinstance(error, ConnectionRefusedError):
        return LinkError(
            "link-port-closed",
            f"nothing listens at {_pbx(settings)}",
            "connection refused",
            _words(settings).closed_port,
        )
    if isinstance(error, socket.gaierror):
        return LinkError(
            "link-unknown-host", f"no address is known for {_pbx(settings)}", error.strerror or "", "check host"
        )
    return LinkError(
        "link-unreachable",
        f"cannot connect to {_pbx(settings)}",
        error.strerror or str(error) or type(error).__name__,
        "check host, port, the network and firewalls between",
    )


def connect_timeout(settings: PbxSettings) -> LinkError:
    return LinkError(
        "link-connect-timeout",
        f"{_pbx(settings)} does not take the connection",
        f"waited {settings.connect_timeout_s:g} s",
        "check host, port and firewalls; with tls = true, is this the TLS port?",
    )


def no_greeting(settings: PbxSettings) -> LinkError:
    return LinkError(
        "link-no-greeting",
        f"{_pbx(settings)} takes the connection but says nothing",
        f"waited {settings.connect_timeout_s:g} s for its greeting",
        _words(settings).no_greeting,
    )


def bad_ca_file(settings: PbxSettings, error: OSError) -> LinkError:
    return LinkError(
        "link-tls-ca-file",
        f"cannot read tls_ca_file of PBX {settings.name!r}",
        f"{settings.tls_ca_file}: {error.strerror or error}",
        "it must be a PEM file that the user who runs Offhook may read",
    )


def closed_by_peer(settings: PbxSettings, unread: int, error: Exception | None) -> LinkError:
    """``unread`` is the number of bytes of a message that was not complete."""
    cut = f"in the middle of a message, after {unread} bytes of it" if unread else "between two messages"
    reset = f" ({getattr(error, 'strerror', None) or error})" if error is not None else ""
    return LinkError(
        "link-closed-by-peer",
        f"{_pbx(settings)} closed the connection",
        cut + reset,
        _words(settings).dropped,
    )


def peer_silent(settings: PbxSettings) -> LinkError:
    return LinkError(
        "link-peer-silent",
        f"{_pbx(settings)} does not answer any more",
        f"no answer to a keepalive within {settings.keepalive_deadline_s:g} s",
        "is the PBX hung, or the network cut?",
    )


def closed_here(settings: PbxSettings) -> LinkError:
    return LinkError("link-closed", f"the link to {_pbx(settings)} was closed from our side")


def not_connected(settings: PbxSettings, action: str) -> LinkError:
    return LinkError(
        "link-not-connected",
        f"the action {action} was not sent",
        f"there is no connection to {_pbx(settings)}",
        "try again when the link is up",
    )


def congested(settings: PbxSettings, action: str, waiting: int) -> LinkError:
    return LinkError(
        "link-congested",
        f"the action {action} was not sent",
        f"{_pbx(settings)} has not taken the {waiting} bytes sent before",
        "try again later",
    )


def no_answer(action: str, timeout_s: float) -> LinkError:
    return LinkError(
        "link-no-answer",
        f"the PBX did not answer the action {action}",
        f"waited {timeout_s:g} s",
        "it may have been carried out all the same: look before you send it again",
    )


def answer_too_long(action: str, limit: int) -> LinkError:
    return LinkError(
        "link-answer-too-long",
        f"the answer to the action {action} is too long",
        f"more than {limit} bytes without an end",
        "ask for less at once",
    )


def fault(settings: PbxSettings, kind: str) -> LinkError:
    return LinkError(
        "link-fault",
        f"the link to {_pbx(settings)} broke by a fault of this program",
        kind,
        "see the log for where; please report it",
    )


def _words(settings: PbxSettings) -> _Words:
    return _FREESWITCH if settings.kind == "freeswitch" else _ASTERISK


def _pbx(settings: PbxSettings) -> str:
    return f"PBX {settings.name!r} at {settings.host}:{settings.port}"
