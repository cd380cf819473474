"""A call that has ended: ten seconds in a queue, a minute with agent 101."""

from __future__ import annotations

from typing import Any

from cti.model import Call
from tests.crm_bridge.scene import Clock, Scene


def ended_call(number: str | None = "335 1234567", **changes: Any) -> Call:
    clock = Clock()
    scene = Scene("17.0", number, clock)
    scene.started()
    scene.queued("sales")
    clock.pass_s(10)
    scene.answered("101")
    clock.pass_s(60)
    scene.released("101")
    scene.ended()
    return scene.becomes(**changes).call
