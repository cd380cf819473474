"""The desks held to the recordings: whoever rang got the pop, whoever talked kept it, and nothing stays open."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.desk import AgentDesk
from crm_bridge.lookup import Lookup
from crm_bridge.pop import Closing, DeskId
from crm_bridge.settings import CrmSettings
from offhook.replay import replay

RECORDINGS = Path(__file__).parents[1] / "recordings"
FOLDERS = sorted(path.parent for path in RECORDINGS.glob("*/S*/truth.json"))
TALKED = {Closing.TALKED, Closing.TRANSFERRED}


async def desk_after(folder: Path) -> AgentDesk:
    """A desk that was told all that the recording tells."""
    desk = AgentDesk(Lookup({}, CrmSettings(recent_calls=200)))
    trunks = ("trunk",) if folder.parent.name.startswith("asterisk") else ()
    for event in replay(folder, trunks):
        desk.apply(event)
    return desk


def closings(desk: AgentDesk) -> dict[str, Counter[Closing | None]]:
    views = {agent.agent: desk.view(DeskId("replay", agent.agent)) for agent in desk.agents()}
    assert all(view.cards == () for view in views.values())
    return {agent: Counter(card.closing for card in view.past) for agent, view in views.items() if view.past}


def wanted(truth: dict[str, Any]) -> tuple[set[str], dict[str, int]]:
    """Who has to have had a pop, and how many talks each had."""
    popped, talks = set[str](), defaultdict[str, int](int)
    for call in truth["calls"]:
        own = [call["caller"]] if call["direction"] == "outbound" else []
        popped |= {*call["agents_rung"], *call["answered_by"], *own}
        for agent in call["answered_by"]:
            talks[agent] += 1
    return popped, dict(talks)


@pytest.mark.parametrize("folder", FOLDERS, ids=[f"{path.parent.name}-{path.name}" for path in FOLDERS])
async def test_who_rang_had_the_pop_and_who_talked_kept_it(folder: Path) -> None:
    desk = await desk_after(folder)
    told = closings(desk)
    popped, talks = wanted(json.loads((folder / "truth.json").read_text()))
    assert set(told) == popped
    assert {
        agent: sum(one[how] for how in TALKED) for agent, one in told.items() if any(one[how] for how in TALKED)
    } == talks
    assert desk.counts.offered == sum(desk.counts.closed.values())
    assert desk._files == {}


async def test_the_losers_of_a_ring_all_are_told_who_answered() -> None:
    desk = await desk_after(RECORDINGS / "asterisk-22" / "S19")
    past = {agent: desk.view(DeskId("replay", agent)).past[0] for agent in ("103", "104", "105")}
    assert {agent: card.closing for agent, card in past.items()} == {
        "103": Closing.TAKEN,
        "104": Closing.TALKED,
        "105": Closing.TAKEN,
    }
    assert past["103"].other == past["105"].other == "Dana O'Neill (104)"


async def test_a_miss_is_a_miss_and_says_who_took_it_then() -> None:
    desk = await desk_after(RECORDINGS / "asterisk-16" / "S07")
    (missed,) = desk.view(DeskId("replay", "101")).missed
    assert missed.other == "Bruno Esposito (102)"


async def test_a_transfer_is_no_hang_up() -> None:
    desk = await desk_after(RECORDINGS / "asterisk-22" / "S08")
    (card,) = desk.view(DeskId("replay", "103")).past
    assert (card.closing, card.other) == (Closing.TRANSFERRED, "Anna Rossi (101)")


async def test_the_hostile_name_is_shown_as_it_was_sent() -> None:
    desk = await desk_after(RECORDINGS / "asterisk-22" / "S18")
    (card,) = desk.view(DeskId("replay", "101")).past
    assert card.pbx_name == "<script>alert(1)</script>\"';-- Žofia Müller 北京"


async def test_of_three_hundred_calls_no_pop_stays_open() -> None:
    folder = RECORDINGS / "asterisk-22" / "mix-1"
    desk = await desk_after(folder)
    told = closings(desk)
    assert set(told) == wanted(json.loads((folder / "truth.json").read_text()))[0]
    assert desk.counts.offered == sum(desk.counts.closed.values())
    assert desk._files == {}
