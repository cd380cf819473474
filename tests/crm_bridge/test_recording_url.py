"""Where a recording is heard."""

from __future__ import annotations

from crm_bridge.recording_url import recording_url
from cti.model import Call
from tests.crm_bridge.scene import HOSTILE, Clock, Scene

TEMPLATES = {
    "main": "https://pbx/{year}/{month}/{day}/{call_id}.wav?q={queue}&a={agent}&c={caller}&d={dialled}&p={pbx}"
}


def talked(number: str | None = "+39335", call_id: str = "17.0") -> Call:
    scene = Scene(call_id, number, Clock())
    for step in (scene.started, scene.queued):
        step()
    scene.answered("101")
    return scene.call


def test_each_value_stands_in_the_address() -> None:
    wanted = "https://pbx/2026/11/21/17.0.wav?q=sales&a=101&c=%2B39335&d=%2B390221000100&p=main"
    assert recording_url(TEMPLATES, talked()) == wanted


def test_nothing_that_a_caller_sends_leads_elsewhere() -> None:
    made = recording_url(TEMPLATES, talked(HOSTILE, "../../etc/passwd#"))
    assert made is not None
    assert made.startswith("https://pbx/2026/11/21/..%2F..%2Fetc%2Fpasswd%23.wav?")
    assert not set("<>\"' ") & set(made)


def test_there_is_none_without_a_template_or_a_talk() -> None:
    assert recording_url({}, talked()) is None
    assert recording_url({"main": ""}, talked()) is None
    assert recording_url(TEMPLATES, Scene("1", None, Clock()).call) is None
