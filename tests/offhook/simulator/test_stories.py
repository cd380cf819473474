"""Stories are plain data."""

from __future__ import annotations

import msgspec
import pytest

from offhook.simulator.stories import Blind, HangUp, Story, Talk


def test_a_story_cannot_be_changed() -> None:
    story = Story(kind="queue", to="100")
    with pytest.raises(AttributeError):
        story.kind = "ivr"  # type: ignore[misc]
    assert msgspec.structs.replace(story, acts=(Blind(to="101"),)) != story


def test_a_story_that_says_nothing_is_a_talk_that_the_customer_ends() -> None:
    assert Story(kind="queue", to="100").acts == (Talk(seconds=30.0), HangUp(by="customer"))
