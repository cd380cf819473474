"""What ``offhook replay`` tells of a recording, as the lines that docs/how-calls-are-told.md shows.

``python -m tests.told`` writes them anew into that page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from cti.model import AboutCall, AgentChanged, Call, CallEnded, CallEvent, CallMerged, OddityFound
from offhook.replay import replay
from tests.cti.playbook import line
from tests.source import ROOT

PAGE = ROOT / "docs" / "how-calls-are-told.md"
RECORDINGS = ROOT / "tests" / "recordings"
BLOCK = re.compile(
    r"^```told (?P<recording>[\w./-]+)(?: (?P<agent>\d+))?\n(?P<lines>.*?)^```$", re.MULTILINE | re.DOTALL
)


def told_lines(recording: str, agent: str | None = None) -> list[str]:
    """The events of the calls, one a line, with the talks at each end; or what one agent does meanwhile."""
    folder = RECORDINGS / recording
    truth = json.loads((folder / "truth.json").read_text())
    events = list(replay(folder, **truth.get("settings", {})))
    return list(_about_agent(events, agent) if agent else _about_calls(events))


def _about_calls(events: list[CallEvent]) -> Iterator[str]:
    names: dict[str, str] = {}
    for event in events:
        if isinstance(event, AboutCall):
            name = names.setdefault(event.call.call_id, f"c{len(names) + 1}")
            text = line(event).replace(event.call.call_id, name, 1)
            if isinstance(event, CallMerged):
                text = text.replace(event.into.call_id, names[event.into.call_id])
            yield text
        elif isinstance(event, OddityFound):
            yield line(event)
        if isinstance(event, CallEnded):
            yield from _talks(event.call)


def _talks(call: Call) -> Iterator[str]:
    for talk in call.talks:
        held = f", {talk.hold_s:.1f} s on hold" if talk.holds else ""
        queue = f"; {talk.queue} says {talk.queue_talk_s} s" if talk.queue_talk_s is not None else ""
        yield f"   {talk.agent} talked {talk.talk_s or 0:.1f} s{held}{queue}"


def _about_agent(events: list[CallEvent], agent: str) -> Iterator[str]:
    before = None
    for event in events:
        if isinstance(event, AgentChanged) and event.agent.agent == agent:
            text = line(event)
            if text != before:
                yield text
            before = text


def filled(page: str) -> str:
    """The page with each of its blocks as the replay tells it."""

    def block(found: re.Match[str]) -> str:
        lines = told_lines(found["recording"], found["agent"])
        header = found[0].partition("\n")[0]
        return "\n".join([header, *lines, "```"])

    return BLOCK.sub(block, page)


if __name__ == "__main__":
    Path(PAGE).write_text(filled(PAGE.read_text()))
