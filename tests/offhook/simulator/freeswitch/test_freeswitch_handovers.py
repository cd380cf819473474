"""Callers sent on: whatever the handover comes to, the tracker tells it as it was."""

from __future__ import annotations

import pytest

from offhook.simulator.stories import Act, Attended, Blind, HangUp, Park, Story, ToQueue
from tests.offhook.simulator.freeswitch import fs_twins
from tests.offhook.simulator.told import Watched
from tests.offhook.simulator.twins import DIRECT, SALES, queue, talk

EVERYBODY = {"101": 1.0, "102": 1.0, "103": 1.5, "104": 2.0, "105": 3.0}
HANDOVERS: dict[str, Act] = {
    "blind": Blind(to="103"),
    "attended": Attended(to="103", seconds=3.0),
    "a consultation refused": Attended(to="103", seconds=3.0, fails="refused"),
    "a consultation unanswered": Attended(to="103", seconds=3.0, fails="unanswered"),
    "to a queue": ToQueue(queue="support"),
    "parked": Park(by="102", seconds=4.0),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("did", [SALES, DIRECT], ids=["from a queue", "direct"])
@pytest.mark.parametrize("act", HANDOVERS.values(), ids=HANDOVERS)
def test_a_handover_is_told_as_it_was(act: Act, did: str, seed: int) -> None:
    watched = Watched(fs_twins.plant(seed=seed))
    watched.plant.tell(queue(did, talk(3), act, talk(4), HangUp(by="agent"), answers=EVERYBODY))
    watched.run(120.0)
    assert watched.differences() == []
    assert watched.oddities == []
    assert watched.plant.core.legs == {}


def test_a_busy_colleague_takes_nobody() -> None:
    watched = Watched(fs_twins.plant())
    plant = watched.plant
    plant.tell(Story(kind="internal", agent="104", to="103", answers={"103": 0.5}, acts=(talk(60), HangUp())))
    acts = (talk(3), Attended(to="103", fails="busy"), talk(2), Blind(to="103"))
    plant.timeline.after(2.0, lambda: plant.tell(queue(SALES, *acts, answers=EVERYBODY)))
    watched.run(200.0)
    handed = plant.truth.calls[1]
    assert [each["to"] for each in handed.transfers_failed] == ["103"]
    assert (handed.outcome, handed.ended_by) == ("answered", "pbx")
    assert watched.differences() == []


def test_a_caller_who_is_sent_on_may_give_up() -> None:
    watched = Watched(fs_twins.plant())
    never = {**EVERYBODY, "103": None}
    watched.plant.tell(queue(SALES, talk(3), Blind(to="103"), answers=never, patience_s=6.0))
    watched.run(200.0)
    assert watched.plant.truth.calls[0].ended_by == "customer"
    assert watched.differences() == []
