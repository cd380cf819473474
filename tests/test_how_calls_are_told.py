"""docs/how-calls-are-told.md says what the recordings show, and leaves none of the laboratory's out."""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.told import BLOCK, PAGE, RECORDINGS, told_lines

NAMED = re.compile(r"`((?:asterisk-22|asterisk-16|asterisk-22-direct|asterisk-22-lab|freeswitch)/[\w-]+)`")


@cache
def page() -> str:
    return PAGE.read_text()


BLOCKS = [(found["recording"], found["agent"], found["lines"].splitlines()) for found in BLOCK.finditer(page())]


@pytest.mark.parametrize(("recording", "agent", "lines"), BLOCKS, ids=[recording for recording, _, _ in BLOCKS])
def test_what_is_shown_is_what_the_replay_tells(recording: str, agent: str | None, lines: list[str]) -> None:
    assert lines == told_lines(recording, agent), "python -m tests.told"


def test_each_situation_names_a_recording_and_both_pbxs() -> None:
    sections = re.split(r"^## ", page(), flags=re.MULTILINE)[1:]
    situations = [section for section in sections if "| Asterisk |" in section]
    assert len(situations) >= 20
    assert [section.partition("\n")[0] for section in situations if "| FreeSWITCH |" not in section] == []
    assert [section.partition("\n")[0] for section in situations if not NAMED.search(section)] == []


def test_the_recordings_that_are_named_are_there() -> None:
    assert [name for name in NAMED.findall(page()) if not (RECORDINGS / name / "truth.json").is_file()] == []


def test_no_recording_of_the_laboratory_is_left_out() -> None:
    named = set(NAMED.findall(page())) | {recording for recording, _, _ in BLOCKS}
    there = {f"asterisk-22-lab/{path.parent.name}" for path in RECORDINGS.glob("asterisk-22-lab/*/truth.json")}
    assert there - named == set()
