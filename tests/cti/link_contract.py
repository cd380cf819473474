"""What every driver of the link must do with every PBX: one set of tests, run against a scripted and a real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from cti.errors import OffhookError
from cti.link import ActionRefused, Link, LoginRefused
from cti.pbx.asterisk import AsteriskDialect
from cti.pbx.dialect import Frame
from cti.pbx.settings import PbxSettings

DRIVERS = ("native", "panoramisk")
BOUND_S = 15.0


class Peer(Protocol):
    """A PBX that the contract is held against."""

    def settings(self, driver: str, **changes: object) -> PbxSettings:
        """How to reach it."""

    async def pause(self, reason: str) -> None:
        """Make it send a QueueMemberPause for Žofia Kováčová, with that reason."""

    async def cut(self) -> None:
        """Make it drop all connections, and take new ones."""

    def logins(self) -> int:
        """How many log-ins of our user it has seen, refused ones too."""


async def until(condition: Callable[[], object], bound_s: float = BOUND_S) -> None:
    """Wait until ``condition`` holds; TimeoutError after ``bound_s``."""
    async with asyncio.timeout(bound_s):
        while not condition():  # noqa: ASYNC110  what is waited for need not know of the test
            await asyncio.sleep(0.005)


class Watch:
    """A link at work and all that it told: ``events`` as (name, headers), ``story`` in order."""

    def __init__(self, settings: PbxSettings, **options: Any) -> None:
        self.story: list[str] = []
        self.events: list[tuple[str, dict[str, str]]] = []
        self.instants: list[datetime] = []
        self.causes: list[str] = []
        self.link = Link(
            settings,
            AsteriskDialect(settings),
            options.pop("frames", self.take),
            back=lambda at: self._told("back", at),
            lost=self._lost,
            **options,
        )
        self.run: asyncio.Task[None] | None = None

    def take(self, frames: Iterable[Frame], received_at: datetime, session: str) -> None:
        assert session == self.link.session
        for frame in frames:
            self.events.append((frame.name, dict(frame.items())))
            self._told(frame.name, received_at)

    def reasons(self) -> list[str]:
        """Those of the members that were paused, in order."""
        return [headers["PausedReason"] for _, headers in self.events if headers.get("Paused") == "1"]

    async def ended(self) -> asyncio.Task[None]:
        """The link's run, once it is over."""
        await until(lambda: self.run is not None and self.run.done())
        assert self.run is not None
        return self.run

    async def up(self) -> Link:
        await until(lambda: self.link.connected or (self.run is not None and self.run.done()))
        if not self.link.connected and self.run is not None:
            await self.run
        return self.link

    def _told(self, what: str, at: datetime) -> None:
        self.story.append(what)
        self.instants.append(at)

    def _lost(self, at: datetime, cause: str) -> None:
        self.causes.append(cause)
        self._told("lost", at)


@asynccontextmanager
async def watching(settings: PbxSettings, **options: Any) -> AsyncIterator[Watch]:
    """A running link; it is closed at the end."""
    watch = Watch(settings, **options)
    watch.run = asyncio.create_task(watch.link.run())
    try:
        yield watch
    finally:
        await watch.link.close()
        await asyncio.wait({watch.run})


class LinkContract:
    """Subclasses give the fixture ``peer``."""

    @pytest.fixture(params=DRIVERS)
    def driver(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    async def test_logs_in_and_tells_what_happens(self, peer: Peer, driver: str) -> None:
        before = datetime.now(UTC)
        async with watching(peer.settings(driver)) as watch:
            link = await watch.up()
            await peer.pause("Pausa caffè 北京")
            await until(lambda: "Pausa caffè 北京" in watch.reasons())
            health = link.health()

        paused = next(headers for name, headers in watch.events if headers.get("PausedReason") == "Pausa caffè 北京")
        assert paused["MemberName"] == "Žofia Kováčová"
        assert watch.story[0] == "back"
        assert before <= min(watch.instants) <= max(watch.instants) <= datetime.now(UTC)
        assert watch.instants == sorted(watch.instants)
        assert (health.connected, health.reconnects, health.last_error, health.failures) == (True, 0, None, {})
        assert health.events_read >= 1
        assert health.bytes_read > 200
        assert health.last_event_at is not None
        assert before <= health.last_event_at

    async def test_logs_off_when_closed(self, peer: Peer, driver: str) -> None:
        async with watching(peer.settings(driver)) as watch:
            link = await watch.up()
            await link.close()
            assert (await watch.ended()).exception() is None
        assert watch.story[-1] == "lost"
        assert "link-closed]" in watch.causes[-1]
        assert (link.connected, link.session) == (False, None)

    async def test_cancelling_it_logs_off_too(self, peer: Peer, driver: str) -> None:
        async with watching(peer.settings(driver)) as watch:
            await watch.up()
            assert watch.run is not None
            watch.run.cancel()
            assert (await watch.ended()).cancelled()
        assert watch.story[-1] == "lost"

    async def test_a_wrong_secret_ends_it_at_once(self, peer: Peer, driver: str) -> None:
        before = peer.logins()
        async with watching(peer.settings(driver, secret="wrong", backoff_first_s=0.01)) as watch:
            run = await watch.ended()
            with pytest.raises(LoginRefused, match=r"refuses the log-in of user .*Authentication failed") as refused:
                await run
        assert refused.value.ref == "link-login-refused"
        assert "wrong" not in str(refused.value)
        assert watch.link.health().last_error is refused.value
        assert watch.story == []
        await until(lambda: peer.logins() > before)
        assert peer.logins() - before == 1

    async def test_a_callback_that_raises_harms_nobody(self, peer: Peer, driver: str) -> None:
        taken: list[str] = []

        def raise_at_the_second(frames: Iterable[Frame], received_at: datetime, session: str) -> None:
            for frame in frames:
                if frame.name == "QueueMemberPause" and frame.get(b"Paused") == "1":
                    taken.append(frame.get(b"PausedReason") or "")
                    if len(taken) == 2:
                        raise RuntimeError("a fault of the house")

        async with watching(peer.settings(driver), frames=raise_at_the_second) as watch:
            link = await watch.up()
            for number in range(5):
                await peer.pause(f"reason {number}")
            await until(lambda: len(taken) == 5)

            assert taken == [f"reason {number}" for number in range(5)]
            assert link.health().failures == {"frames": 1}
            assert link.connected
        assert watch.story == ["back", "lost"]

    async def test_keepalives_are_answered(self, peer: Peer, driver: str) -> None:
        async with watching(peer.settings(driver, keepalive_s=0.05)) as watch:
            link = await watch.up()
            await until(lambda: link.health().keepalive_s is not None)
            assert 0 < (link.health().keepalive_s or 0) < BOUND_S
            assert link.connected

    async def test_comes_back_after_a_loss(self, peer: Peer, driver: str) -> None:
        async with watching(peer.settings(driver, backoff_first_s=0.05)) as watch:
            link = await watch.up()
            first = link.session
            await peer.cut()
            await until(lambda: watch.story.count("back") == 2)
            await peer.pause("after the return")
            await until(lambda: "after the return" in watch.reasons())

            assert link.health().reconnects == 1
            assert link.session != first
        assert "link-closed-by-peer" in watch.causes[0]
        told = [what for what in watch.story if what in ("back", "lost")]
        assert told == ["back", "lost", "back", "lost"]

    async def test_an_action_gets_its_own_answer(self, peer: Peer, driver: str) -> None:
        async with watching(peer.settings(driver)) as watch:
            link = await watch.up()
            answers = await asyncio.gather(*(link.send("Ping") for _ in range(5)))

        assert [len(answer) for answer in answers] == [1] * 5
        assert all(answer[0].get(b"Response") == "Success" for answer in answers)
        assert len({answer[0].get(b"ActionID") for answer in answers}) == 5

    async def test_a_list_is_given_whole(self, peer: Peer, driver: str) -> None:
        async with watching(peer.settings(driver)) as watch:
            link = await watch.up()
            response, *entries = await link.send("QueueStatus")

        members = [frame for frame in entries if frame.name == "QueueMember"]
        assert response.get(b"EventList") == "start"
        assert "Žofia Kováčová" in {frame.get(b"Name") for frame in members}
        assert (entries[-1].name, entries[-1].get(b"EventList")) == ("QueueStatusComplete", "Complete")
        assert "QueueMember" in watch.story  # normalise makes a snapshot of it

    async def test_the_present_is_asked_for_and_comes_as_events(self, peer: Peer, driver: str) -> None:
        async with watching(peer.settings(driver), snapshot=True) as watch:
            await watch.up()
            await until(lambda: {"StatusComplete", "QueueStatusComplete"} <= set(watch.story))

    async def test_a_refused_action_says_why(self, peer: Peer, driver: str) -> None:
        async with watching(peer.settings(driver)) as watch:
            link = await watch.up()
            with pytest.raises(ActionRefused) as refused:
                await link.send("NoSuchAction")
            assert link.connected
        assert refused.value.message.startswith("Invalid/unknown command: NoSuchAction.")

    async def test_a_line_break_in_a_value_never_leaves_the_house(self, peer: Peer, driver: str) -> None:
        before = peer.logins()
        forged = "x\r\n\r\nAction: Login\r\nUsername: offhook\r\nSecret: y"
        async with watching(peer.settings(driver)) as watch:
            link = await watch.up()
            for fields in ([("Data", forged)], [("Data\r\nAction", "Login")], [("Data", "a\nb")], [("Data", "a\0b")]):
                with pytest.raises(OffhookError, match="ami-line-break"):
                    await link.send("Ping", fields)
            assert (await link.send("Ping"))[0].get(b"Response") == "Success"
            assert link.connected
            await until(lambda: peer.logins() > before)
        assert peer.logins() - before == 1

    async def test_all_bytes_go_to_the_tap(self, peer: Peer, driver: str) -> None:
        tapped: list[tuple[bytes, datetime]] = []
        async with watching(peer.settings(driver), tap=lambda data, at: tapped.append((data, at))) as watch:
            link = await watch.up()
            await link.send("Ping")
            assert sum(len(data) for data, _ in tapped) == link.health().bytes_read

        assert tapped[0][0].startswith(b"Asterisk Call Manager/")
        assert [at for _, at in tapped] == sorted(at for _, at in tapped)
