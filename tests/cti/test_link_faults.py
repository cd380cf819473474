"""Each way to fail says what, why and what to do, and has its page."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from pathlib import Path

import pytest

from cti import link_faults
from cti.errors import OffhookError
from cti.link_faults import LinkError
from cti.pbx.settings import PbxSettings

SETTINGS = PbxSettings(name="hq", host="pbx.example", username="offhook", secret="hush", tls_ca_file="ca.pem")
ROOT = Path(__file__).parents[2]

FAULTS: list[OffhookError] = [
    link_faults.login_refused(SETTINGS, "Authentication failed"),
    link_faults.ActionRefused("Originate", "Permission denied"),
    link_faults.connect_timeout(SETTINGS),
    link_faults.no_greeting(SETTINGS),
    link_faults.bad_ca_file(SETTINGS, FileNotFoundError(errno.ENOENT, "No such file")),
    link_faults.closed_by_peer(SETTINGS, 12, None),
    link_faults.peer_silent(SETTINGS),
    link_faults.not_connected(SETTINGS, "Ping"),
    link_faults.congested(SETTINGS, "Ping", 2_000_000),
    link_faults.no_answer("Ping", 10),
    link_faults.answer_too_long("QueueStatus", 10),
    link_faults.fault(SETTINGS, "KeyError"),
]


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: error.ref)
def test_it_says_what_why_and_what_to_do(error: OffhookError) -> None:
    assert isinstance(error, LinkError)
    assert error.what[0].islower() or error.what.startswith("PBX 'hq'")
    assert not error.what.endswith(".")
    assert error.hint
    assert "hush" not in str(error)


@pytest.mark.parametrize(
    ("error", "ref", "said"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "link-port-closed", "enabled = yes"),
        (socket.gaierror(-2, "Name or service not known"), "link-unknown-host", "Name or service not known"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "link-unreachable", "No route to host"),
        (OSError("Multiple exceptions: [Errno 111], [Errno 113]"), "link-unreachable", "Multiple exceptions"),
        (ssl.SSLError(1, "wrong version number"), "link-tls", "tls = false"),
        (ssl.SSLCertVerificationError(1, "certificate has expired"), "link-tls-certificate", "has expired"),
    ],
)
def test_a_socket_error_is_told_for_this_pbx(error: OSError, ref: str, said: str) -> None:
    told = link_faults.cannot_connect(SETTINGS, error)
    assert told.ref == ref
    assert said in str(told)
    assert "PBX 'hq' at pbx.example:5038" in str(told)


def test_the_words_are_those_of_the_kind_of_pbx() -> None:
    settings = PbxSettings(name="hq", kind="freeswitch", host="pbx.example", secret="hush")
    refused = ConnectionRefusedError(errno.ECONNREFUSED, "x")
    told = [
        link_faults.login_refused(settings, "invalid"),
        link_faults.cannot_connect(settings, refused),
        link_faults.cannot_connect(settings, ssl.SSLError(1, "wrong version number")),
        link_faults.no_greeting(settings),
        link_faults.closed_by_peer(settings, 0, None),
    ]
    assert all("manager.conf" not in str(error) and "Asterisk" not in str(error) for error in told)
    assert "refuses the log-in (" not in str(told[0])
    assert "user ''" not in str(told[0])
    hints = ("password in event_socket", "listen-port", "stunnel", "apply-inbound-acl", "500")
    assert [said in error.hint for error, said in zip(told, hints, strict=True)] == [True] * 5
    assert "PBX 'hq' at pbx.example:8021" in str(told[1])
    assert "manager.conf" in link_faults.login_refused(SETTINGS, "x").hint


def test_a_loss_says_where_in_the_stream_it_came() -> None:
    assert "between two messages" in str(link_faults.closed_by_peer(SETTINGS, 0, None))
    error = link_faults.closed_by_peer(SETTINGS, 77, ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))
    assert "in the middle of a message, after 77 bytes of it (Connection reset by peer)" in str(error)


def test_a_refusal_keeps_the_pbxs_words_apart() -> None:
    assert link_faults.ActionRefused("Originate", "Permission denied").message == "Permission denied"


def test_every_error_of_the_link_has_its_page() -> None:
    places = ("cti/link_faults.py", "cti/wire/ami.py", "cti/drivers/__init__.py", "cti/pbx/settings.py")
    refs = {ref for place in places for ref in re.findall(r'"((?:link|ami)-[a-z-]+)"', (ROOT / place).read_text())}
    pages = "\n".join(path.read_text() for path in sorted((ROOT / "docs").glob("errors*/*.md")))
    pages += (ROOT / "docs/errors.md").read_text() if (ROOT / "docs/errors.md").exists() else ""
    assert len(refs) > 20
    assert {ref for ref in refs if f"\n## {ref}\n" not in "\n" + pages} == set()
