"""The link held to its contract by a real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from cti.link import LinkError
from cti.pbx.settings import PbxSettings
from tests.cti.link_contract import DRIVERS, LinkContract, until, watching
from tests.pbx.lab.ami import AmiConsole, Message
from tests.pbx.lab.pbx import ObservedPbx

LOGINS = {"SuccessfulAuth", "InvalidPassword", "ChallengeResponseFailed"}


class LivePeer:
    """The real PBX as the contract sees it."""

    def __init__(self, asterisk: ObservedPbx) -> None:
        self._asterisk = asterisk
        self._logins = 0
        self._console = AmiConsole(asterisk.port, "lab", asterisk.asterisk.lab_secret, self._hear)

    def settings(self, driver: str, **changes: object) -> PbxSettings:
        given = {
            "host": self._asterisk.host,
            "port": self._asterisk.port,
            "username": self._asterisk.username,
            "secret": self._asterisk.secret,
            **changes,
        }
        return PbxSettings(name="lab", driver=driver, **given)  # type: ignore[arg-type]

    async def pause(self, reason: str) -> None:
        await asyncio.to_thread(self._pause, reason)

    async def cut(self) -> None:
        await asyncio.to_thread(self._kick)

    def logins(self) -> int:
        return self._logins

    def close(self) -> None:
        self._console.close()

    def _pause(self, reason: str) -> None:
        member = {"Queue": "support", "Interface": "Local/103@agents/n"}
        self._console.ask("QueuePause", Paused="true", Reason=reason, **member)
        self._console.ask("QueuePause", Paused="false", **member)

    def _kick(self) -> None:
        shown = self._asterisk.asterisk.command("manager show connected").splitlines()
        for line in shown:
            if line.split()[:1] == [self._asterisk.username]:
                self._asterisk.asterisk.command(f"manager kick session {line.split()[4]}")

    def _hear(self, message: Message) -> None:
        if message.get("Event") in LOGINS and message.get("AccountID") == self._asterisk.username:
            self._logins += 1


@pytest.fixture
def peer(asterisk: ObservedPbx) -> Iterator[LivePeer]:
    peer = LivePeer(asterisk)
    yield peer
    peer.close()


class TestAsterisk(LinkContract):
    """Every test of the contract, with both drivers."""


@pytest.mark.parametrize("driver", DRIVERS)
async def test_tls(asterisk: ObservedPbx, peer: LivePeer, driver: str) -> None:
    trusted = peer.settings(driver, port=asterisk.tls_port, tls=True, tls_ca_file=str(asterisk.tls_ca_file))
    async with watching(trusted) as watch:
        link = await watch.up()
        await peer.pause("Ž over TLS")
        await until(lambda: "Ž over TLS" in watch.reasons())
        assert (await link.send("Ping"))[0].get(b"Response") == "Success"


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_certificate_that_nobody_trusts(asterisk: ObservedPbx, peer: LivePeer, driver: str) -> None:
    before = peer.logins()
    async with watching(peer.settings(driver, port=asterisk.tls_port, tls=True, backoff_first_s=0.01)) as watch:
        await until(lambda: watch.link.health().attempts_failed >= 2)
        assert isinstance(watch.link.last_error, LinkError)
        assert watch.link.last_error.ref == "link-tls-certificate"
    assert peer.logins() == before
