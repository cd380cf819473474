"""The ready event socket user and its contract, held against what the dialect subscribes to and asks."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.freeswitch_events import HANDLERS
from cti.pbx.settings import PbxSettings
from tests.cti.esl_events import answer
from tests.cti.freeswitch_present import Present
from tests.cti.playbook import at

FOLDER = Path(__file__).parents[2] / "dialplans/freeswitch"
CONTRACT = (FOLDER / "CONTRACT.md").read_text()
SAMPLES = sorted(path.name for path in FOLDER.glob("*.sample"))


def parameter(file: str, name: str) -> str:
    tree = ElementTree.fromstring((FOLDER / file).read_text())
    (found,) = [param.get("value", "") for param in tree.iter("param") if param.get("name") == name]
    return found


def asked() -> set[str]:
    """The first words of all that is asked of a PBX with queues."""
    dialect, present = FreeswitchDialect(PbxSettings(name="hq", kind="freeswitch", username="x")), Present()
    commands = [dialect.keepalive_action().name]
    for action in dialect.snapshot_actions():
        commands.append(action.name)
        list(dialect.normalise(answer(present.answer(action.name.removeprefix("api "))), at(0), "s"))
    return {command.removeprefix("api ").split()[0] for command in commands}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_xml_and_are_explained(name: str) -> None:
    text = (FOLDER / name).read_text()
    ElementTree.fromstring(text)
    assert ("assword" not in text) or ("change-me" in text)
    assert f"`{name}`" in CONTRACT


def test_the_user_hears_what_is_read_and_nothing_else() -> None:
    (subscription,) = FreeswitchDialect(PbxSettings(name="hq", kind="freeswitch", username="x")).subscribe_actions()
    assert parameter("offhook-user.xml.sample", "esl-allowed-events") == subscription.name.removeprefix("event plain ")


def test_the_user_may_ask_what_is_asked_and_nothing_that_changes_a_call() -> None:
    allowed = set(parameter("offhook-user.xml.sample", "esl-allowed-api").split())
    assert asked() | {"uuid_dump"} == allowed


def test_the_socket_is_behind_the_acl_that_the_other_sample_has() -> None:
    name = parameter("event_socket.conf.xml.sample", "apply-inbound-acl")
    assert f'<list name="{name}" default="deny">' in (FOLDER / "acl.conf.xml.sample").read_text()
    assert parameter("event_socket.conf.xml.sample", "listen-ip") == "127.0.0.1"


def test_the_contract_names_each_event_and_each_question() -> None:
    named = set(re.findall(r"`([^`]+)`", CONTRACT))
    assert set(HANDLERS) - named == set()
    words = {word for name in named for word in name.split()[:1]}
    assert asked() - words == set()
