"""The default driver alone: bytes and the end of the connection reach the conversation."""

from __future__ import annotations

import sys
from datetime import datetime

import pytest

from cti.conversation import Conversation
from cti.drivers import Driver, driver_names, make_driver, native
from cti.link import LinkError
from cti.pbx.asterisk import AsteriskDialect
from cti.pbx.settings import PbxSettings
from tests.cti.link_contract import DRIVERS, until
from tests.cti.scripted_pbx import ScriptedPbx, pause_event


async def test_it_carries_bytes_both_ways_and_tells_the_end(pbx: ScriptedPbx) -> None:
    settings = PbxSettings(name="hq", port=pbx.port, username="x")
    read: list[tuple[bytes, datetime]] = []
    talk = Conversation(
        settings, AsteriskDialect(settings), "s", lambda *_: None, lambda data, at: read.append((data, at))
    )
    driver: Driver = native.Driver(settings)
    await driver.connect(talk, None)
    driver.logged_in()
    await until(lambda: talk.wire.banner)
    await pbx.send(pause_event("x"))
    await until(lambda: talk.wire.events_read == 1)
    talk.write("Ping", b"Action: Ping\r\nActionID: 1\r\n\r\n")
    await until(lambda: pbx.asked("Ping"))
    pbx.cut()
    await until(talk.ended.done)
    assert b"".join(data for data, _ in read).startswith(pbx.greeting)
    assert talk.ended.result().ref == "link-closed-by-peer"
    await talk.close()


async def test_it_raises_what_the_socket_raises(pbx: ScriptedPbx) -> None:
    await pbx.stop()
    settings = PbxSettings(name="hq", port=pbx.port, username="x")
    talk = Conversation(settings, AsteriskDialect(settings), "s", lambda *_: None)
    with pytest.raises(ConnectionRefusedError):
        await native.Driver(settings).connect(talk, None)
    await talk.close()
    await pbx.listen()


def test_each_driver_is_found_by_its_name() -> None:
    assert {*DRIVERS, "python-esl"} == set(driver_names())  # that one reads a FreeSWITCH
    for name in DRIVERS:
        driver = make_driver(PbxSettings(name="hq", username="x", driver=name))
        assert type(driver).__module__ == f"cti.drivers.{name}"


def test_an_unknown_driver_is_refused_with_the_known_ones() -> None:
    known = r"no driver 'pystrix': known are native, panoramisk, python-esl .*link-unknown-driver"
    with pytest.raises(LinkError, match=known):
        make_driver(PbxSettings(name="hq", username="x", driver="pystrix"))


def test_an_absent_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "cti.drivers.panoramisk", raising=False)
    for name in ("panoramisk", "panoramisk.actions"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(LinkError, match=r"pip install 'offhook\[panoramisk\]'") as error:
        make_driver(PbxSettings(name="hq", username="x", driver="panoramisk"))
    assert error.value.ref == "link-driver-missing"
    assert "the library panoramisk" in error.value.why
    assert isinstance(make_driver(PbxSettings(name="hq", username="x")), native.Driver)
