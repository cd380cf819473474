"""The driver that stands on python-ESL: what needs the library is tried where it is installed.

What it has in common with the others is held by ``test_link_freeswitch.py``, which runs with both drivers.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from cti.drivers import driver_names, make_driver
from cti.drivers.python_esl import ACCEPTED, Driver, bytes_of
from cti.link import Link
from cti.link_faults import LinkError
from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.settings import PbxSettings
from cti.wire.esl import EslFrame, EslWire
from tests.cti.link_contract import until
from tests.cti.scripted_freeswitch import PASSWORD, ScriptedFreeswitch

RECORDINGS = Path(__file__).parents[2] / "recordings" / "freeswitch"
SETTINGS = PbxSettings(name="hq", kind="freeswitch", secret=PASSWORD, driver="python-esl", backoff_first_s=0.01)
needs_the_library = pytest.mark.skipif(
    find_spec("ESL") is None, reason="python-ESL is not installed; docs/drivers.md tells how it is built"
)


class Given:
    """An event as the library gives it: values decoded, what is no UTF-8 escaped."""

    def __init__(self, headers: dict[str, str], body: str | None = None) -> None:
        self._headers, self._body, self._left = headers, body, iter(())

    def getHeader(self, name: str, /) -> str | None:  # noqa: N802
        return self._headers.get(name)

    def getBody(self) -> str | None:  # noqa: N802
        return self._body

    def firstHeader(self) -> str | None:  # noqa: N802
        self._left: Iterator[str] = iter(self._headers)
        return self.nextHeader()

    def nextHeader(self) -> str | None:  # noqa: N802
        return next(self._left, None)


def test_it_is_found_by_name_and_its_absence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "python-esl" in driver_names()
    monkeypatch.setitem(sys.modules, "ESL", None)
    with pytest.raises(
        LinkError, match=r"driver 'python-esl' cannot be used.*ESL is not installed.*docs/drivers.md"
    ) as told:
        make_driver(SETTINGS)
    assert told.value.ref == "link-driver-missing"


def test_an_event_becomes_the_sockets_text_again() -> None:
    headers = {
        "Event-Subclass": "callcenter::info", "Event-Name": "CUSTOM", "CC-Member-CID-Name": "Žofia\nEvent-Name: x 100%",
        "variable_x": "ARRAY::a|:b", "raw": "\udcff",
    }  # fmt: skip
    [frame] = frames_of(bytes_of(Given(headers, "+OK ü\n")))
    assert frame.name == "callcenter::info"
    assert {name: frame.get(name.encode()) for name in headers if name != "raw"} == {
        name: value for name, value in headers.items() if name != "raw"
    }
    assert frame.get(b"_body") == "+OK ü\n"
    assert b"raw: %FF\n" in frame.raw


def test_a_reply_and_an_answer_become_the_sockets_text_again() -> None:
    reply = Given({"Event-Name": "SOCKET_DATA", "Content-Type": "command/reply", "Reply-Text": "-ERR invalid"})
    answer = Given({"Event-Name": "SOCKET_DATA", "Content-Type": "api/response", "Content-Length": "99"}, "UP\n")
    first, second, third = frames_of(bytes_of(reply) + bytes_of(answer) + ACCEPTED)
    assert first.get(b"Reply-Text") == "-ERR invalid"
    assert (second.name, second.get(b"_body")) == ("api/response", "UP\n")
    assert third.get(b"Reply-Text") == "+OK accepted"


def frames_of(data: bytes) -> list[EslFrame]:
    wire = EslWire()
    wire.resume(0)
    return list(wire.feed(data))


@needs_the_library
@pytest.mark.parametrize("name", ["S10", "S18", "S20"])
async def test_every_event_of_a_recording_comes_through_whole_and_the_tap_can_be_replayed(name: str) -> None:
    stream = gzip.decompress((RECORDINGS / name / "events.esl.gz").read_bytes())
    sent = EslWire().feed(stream)[3:]
    tapped: list[bytes] = []
    async with ScriptedFreeswitch() as pbx:
        link = link_to(pbx, tapped)
        run = asyncio.create_task(link.run())
        await until(lambda: link.connected)
        pbx.send(stream[sent[0].offset :])
        await until(lambda: link.health().events_read == len(sent))
        await link.close()
        await run
    frames = [frame for frame in EslWire().feed(b"".join(tapped)) if frame.raw.startswith(b"Content-Length")]
    assert [dict(frame.items()) for frame in frames] == [dict(frame.items()) for frame in sent]


@needs_the_library
async def test_its_thread_ends_with_the_link() -> None:
    async with ScriptedFreeswitch() as pbx:
        link = link_to(pbx, [])
        run = asyncio.create_task(link.run())
        await until(lambda: link.connected)
        assert "python-esl hq" in names_of_threads()
        await link.close()
        await run
        await until(lambda: "python-esl hq" not in names_of_threads())


@needs_the_library
async def test_a_message_that_never_ends_is_left_by_the_keepalive_and_its_thread_too() -> None:
    """The library waits for the rest for as long as the connection lives, and hears nothing else meanwhile."""
    async with ScriptedFreeswitch() as pbx:
        link = link_to(pbx, [], keepalive_s=0.05, keepalive_deadline_s=0.3)
        run = asyncio.create_task(link.run())
        await until(lambda: link.connected)
        pbx.send(b"Content-Length: 5000\nContent-Type: text/event-plain\n\nEvent-Name: HEARTBEAT\n")
        await until(lambda: link.health().reconnects >= 1)
        await link.close()
        await run
        await until(lambda: "python-esl hq" not in names_of_threads())


@needs_the_library
async def test_a_port_that_is_closed_and_tls_are_told() -> None:
    async with ScriptedFreeswitch() as pbx:
        port = pbx.port
    link = Link(PbxSettings(name="hq", kind="freeswitch", port=port, secret="x", driver="python-esl"), DIALECT, take)
    run = asyncio.create_task(link.run())
    await until(lambda: link.health().attempts_failed >= 1)
    assert link.last_error is not None
    assert link.last_error.ref == "link-port-closed"
    await link.close()
    await run
    with pytest.raises(OSError, match="speaks no TLS"):
        await Driver(SETTINGS).connect(None, object())  # type: ignore[arg-type]


DIALECT = FreeswitchDialect(SETTINGS)


def take(frames: object, received_at: object, session: str) -> None:
    """The events do not matter here."""


def link_to(pbx: ScriptedFreeswitch, tapped: list[bytes], **changes: float) -> Link:
    given = {"name": "hq", "kind": "freeswitch", "secret": PASSWORD, "driver": "python-esl", "port": pbx.port}
    settings = PbxSettings(**{**given, "backoff_first_s": 0.01, "backoff_max_s": 0.05, **changes})  # type: ignore[arg-type]
    return Link(settings, FreeswitchDialect(settings), take, tap=lambda data, _: tapped.append(data))


def names_of_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}
