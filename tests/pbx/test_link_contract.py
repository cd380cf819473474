"""The link held to its contract by a real Asterisk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cti.link import LinkError
from cti.pbx.settings import PbxSettings
from tests.cable import Cable
from tests.cti.link_contract import DRIVERS, LinkContract, Watch, until, watching
from tests.pbx.lab.ami import AmiConsole, Message
from tests.pbx.lab.pbx import ObservedPbx

LOGINS = {"SuccessfulAuth", "InvalidPassword", "ChallengeResponseFailed"}


class LivePeer:
    """The real PBX as the contract sees it, at the end of a cable: Asterisk 16 has no command to end a session."""

    def __init__(self, asterisk: ObservedPbx, cable: Cable) -> None:
        self._asterisk, self._cable = asterisk, cable
        self._logins = 0
        self._console = AmiConsole(asterisk.port, "lab", asterisk.asterisk.lab_secret, self._hear)

    def settings(self, driver: str, **changes: object) -> PbxSettings:
        given = {
            "host": self._asterisk.host,
            "port": self._cable.port,
            "username": self._asterisk.username,
            "secret": self._asterisk.secret,
            **changes,
        }
        return PbxSettings(name="lab", driver=driver, **given)  # type: ignore[arg-type]

    async def pause(self, reason: str) -> None:
        await asyncio.to_thread(self._pause, reason)

    async def cut(self) -> None:
        self._cable.cut()

    def logins(self) -> int:
        return self._logins

    def close(self) -> None:
        self._console.close()

    def _pause(self, reason: str) -> None:
        member = {"Queue": "support", "Interface": "Local/103@agents/n"}
        self._console.ask("QueuePause", Paused="true", Reason=reason, **member)
        self._console.ask("QueuePause", Paused="false", **member)

    def _hear(self, message: Message) -> None:
        if message.get("Event") in LOGINS and message.get("AccountID") == self._asterisk.username:
            self._logins += 1


@pytest.fixture
async def peer(asterisk: ObservedPbx) -> AsyncIterator[LivePeer]:
    async with Cable(asterisk.port) as cable:
        peer = LivePeer(asterisk, cable)
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


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_restart_of_the_pbx(asterisk: ObservedPbx, driver: str) -> None:
    """It lets us in before its queues are loaded: the present is asked for until all of it was told."""
    given = {"username": asterisk.username, "secret": asterisk.secret, "port": asterisk.port}
    settings = PbxSettings(name="lab", driver=driver, backoff_first_s=0.01, backoff_max_s=0.05, **given)
    told = threading.Event()

    async def members_before_and_after() -> tuple[list[str], list[str]]:
        async with watching(settings, snapshot=True) as watch:
            await watch.up()
            await until(lambda: "QueueStatusComplete" in watch.story)
            before = members(watch)
            told.set()
            await until(lambda: watch.causes)
            await until(lambda: "QueueStatusComplete" in watch.story[watch.story.index("lost") :])
            return before, members(watch)[len(before) :]

    with ThreadPoolExecutor(1) as thread:  # the PBX may only be started by the main one, which it ends with
        link = thread.submit(asyncio.run, members_before_and_after())
        assert told.wait(15)
        asterisk.asterisk.halt()
        asterisk.asterisk.start()
        before, after = link.result(15)
    assert sorted(before) == sorted(after)
    assert "Žofia Kováčová" in after


def members(watch: Watch) -> list[str]:
    return [headers["Name"] for name, headers in watch.events if name == "QueueMember"]
