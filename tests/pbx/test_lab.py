"""The laboratory itself: what the world writes down as truth is what the PBX wrote in its own log."""

from __future__ import annotations

from tests.pbx.lab.pbx import ObservedPbx
from tests.pbx.lab.world import World


def test_the_pbx_log_tells_the_same_story(asterisk: ObservedPbx, world: World) -> None:
    world.phone("101", answers_after_s=1)
    call = world.call_in("+393331234599", "Log Book", "+390221000100", talk_s=1, hangs_up="phone").wait_ended()

    assert (call.outcome, call.agents_rung, call.answered_by, call.ended_by) == ("answered", ["101"], ["101"], "agent")
    written = [line.split("|") for line in (asterisk.asterisk.path / "log/queue_log").read_text().splitlines()]
    mine = next(row[1] for row in written if row[4] == "ENTERQUEUE" and row[6] == "+393331234599")
    assert [row[4] for row in written if row[1] == mine] == ["ENTERQUEUE", "CONNECT", "COMPLETEAGENT"]


def test_it_is_the_asterisk_that_was_asked_for(asterisk: ObservedPbx) -> None:
    assert asterisk.version.startswith(("Asterisk 22.", "Asterisk 16."))
    assert asterisk.version.split()[1] in asterisk.asterisk.command("core show version")
