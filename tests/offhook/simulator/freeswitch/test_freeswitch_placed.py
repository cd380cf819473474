"""The calls that agents make, answered or not."""

from __future__ import annotations

import pytest

from offhook.simulator.stories import HangUp, Story
from tests.offhook.simulator.freeswitch import fs_twins
from tests.offhook.simulator.told import Watched
from tests.offhook.simulator.twins import NUMBER, talk

ACTS = (talk(3), HangUp())
STORIES = {
    "out, answered": Story(kind="outbound", agent="101", to=NUMBER, far_answers_after_s=2.0, acts=ACTS),
    "out, not answered": Story(kind="outbound", agent="101", to=NUMBER, far_answers_after_s=None),
    "out, busy": Story(kind="outbound", agent="101", to=NUMBER, far_busy=True),
    "click, answered": Story(kind="click", agent="101", to=NUMBER, answers={"101": 2.0}, acts=ACTS),
    "click, busy": Story(kind="click", agent="101", to=NUMBER, answers={"101": 2.0}, far_busy=True),
    "internal, answered": Story(kind="internal", agent="101", to="102", answers={"102": 2.0}, acts=ACTS),
    "internal, not answered": Story(kind="internal", agent="101", to="102", answers={"102": None}),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_tracker_tells_it_as_it_was(story: Story) -> None:
    watched = Watched(fs_twins.plant())
    watched.plant.tell(story)
    watched.run(120.0)
    assert watched.differences() == []
    assert watched.oddities == []
    assert len(watched.calls) == 1


def test_the_end_of_the_command_is_told_when_the_agent_answers() -> None:
    plant = fs_twins.plant()
    story = STORIES["click, answered"]
    plant.click(story, "the job", "the argument")
    frames = fs_twins.frames_of(plant, 60.0)
    (done,) = [frame for frame in frames if frame.name == "BACKGROUND_JOB"]
    assert (done.get(b"Job-UUID"), done.get(b"Job-Command-Arg")) == ("the job", "the argument")
    assert done.get(b"_body") == f"+OK {plant.truth.calls[0].uniqueid}\n"


def test_an_agent_who_does_not_pick_up_is_never_connected_with_anybody() -> None:
    """FreeSWITCH has not dialled the number by then: no event of the call has it, only the command's own end."""
    watched = Watched(fs_twins.plant())
    watched.plant.tell(Story(kind="click", agent="101", to=NUMBER, answers={"101": None}))
    watched.run(60.0)
    (call,) = watched.calls.values()
    assert (call.outcome, call.answered_by, call.agents_rung) == ("no_answer", (), ("101",))
    assert watched.plant.core.legs == {}
