"""One behaviour tried: a fresh stream, what the phones did, and what Offhook tells of it."""

from __future__ import annotations

import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cti.model import Call, CallEnded, CallEvent, OddityFound
from offhook.replay import START, replay, rows
from tests.cti.story import TOLERANCE_S, differences, inner_differences, nearest
from tests.pbx.lab.callcentre import CallCentre
from tests.pbx.lab.journey import Journey
from tests.pbx.lab.stream import EventStream
from tests.pbx.lab.telephones import Telephone

#: set to have each scene that is worth it kept as a recording
KEEP = "OFFHOOK_LAB_RECORD"
MARIO = "+393331234501"  #: a customer
SLACK_S = 0.4  #: what a busy machine may be late; the recordings kept are held to the tenth of a second
SPEECH_S = 0.3  #: as long as anybody speaks
RECORDINGS = Path(__file__).parents[2] / "recordings"


class Scene:
    """A call centre for one test. ``phones`` are the world's; ``story`` is what is told once all is over."""

    def __init__(self, centre: CallCentre, folder: Path) -> None:
        self.centre, self.console = centre, centre.console
        self.folder = folder
        self.stream = EventStream(centre.port, centre.username, centre.secret)
        self.states: list[dict[str, Any]] = []
        self.settings: dict[str, Any] = {}  #: of the PBX, as ``PbxSettings`` takes them
        self._events: list[CallEvent] | None = None
        self._end = ""

    def phone(self, number: str) -> Telephone:
        return self.centre.telephones[number]

    @property
    def events(self) -> list[CallEvent]:
        """All that is told, once every call is over."""
        if self._events is None:
            self.centre.wait_idle()
            self._end = self._mark()
            self.stream.store(self.folder, self._end)
            self._events = list(replay(self.folder, **self.settings))
        return self._events

    @property
    def calls(self) -> list[Call]:
        return [event.call for event in self.events if isinstance(event, CallEnded)]

    def at(self, instant: datetime | None) -> datetime | None:
        """An instant of the far side on the clock of what is told."""
        return None if instant is None else START + (instant - self.stream.started_at)

    def near(self, told: datetime | None, seen: datetime | None) -> bool:
        """Tell whether an instant is told as the far side saw it."""
        expected = self.at(seen)
        if told is None or expected is None:
            return told is expected
        return abs((told - expected).total_seconds()) <= TOLERANCE_S["answered_at"] + SLACK_S

    def now(self) -> datetime:
        """The far side's clock."""
        return datetime.now(UTC)

    def agrees(self, *journeys: Journey, name: str | None = None, what: str = "") -> list[Call]:
        """Hold what is told against the far side: these calls, and no other; return them in the order given."""
        told = [row for row in rows(iter(self.events)) if row["type"] == "call"]
        truth = [journey.row(self.stream.seconds) for journey in journeys]
        if name is not None:
            self._keep(name, what, truth)
        wrong, calls = [], {call.call_id: call for call in self.calls}
        paired = []
        for number, want in enumerate(truth, 1):
            want["id"] = f"c{number}"
            got = nearest(want, told)
            if got is None:
                wrong.append(f"{want['id']}: not told; told are {told}")
                continue
            told.remove(got)
            paired.append(calls[got["id"]])
            wrong += [f"{want['id']} {difference}" for difference in differences(want, got, SLACK_S)]
            wrong += [
                f"{want['id']} {difference}" for difference in inner_differences(want, paired[-1], START, SLACK_S)
            ]
        wrong += [f"told, but never happened: {ghost}" for ghost in told]
        wrong += [str(event.oddity) for event in self.events if isinstance(event, OddityFound)]
        assert wrong == [], "\n".join(wrong) + f"\n{self.folder}"
        return paired

    def close(self) -> None:
        """Leave nothing behind for the next test."""
        self.stream.close()
        self.centre.telephones.hang_up_all()
        self.centre.log_out_all()

    def _mark(self) -> str:
        """Be sure that all events of the calls were read: the one of which this is a part comes after them."""
        mark = f"mark-{secrets.token_hex(6)}"
        self.console.ask("QueueAdd", Queue="marks", Interface=f"Local/{mark}@nowhere")
        self.stream.wait_for(mark)
        self.console.ask("QueueRemove", Queue="marks", Interface=f"Local/{mark}@nowhere")
        return mark

    def _keep(self, name: str, what: str, truth: list[dict[str, Any]]) -> None:
        if KEEP not in os.environ or self.centre.version != "22":
            return
        folder = RECORDINGS / "asterisk-22-lab" / name
        self.stream.store(folder, self._end)
        told: dict[str, Any] = {
            "scenario": name,
            "what": what,
            "pbx": "asterisk-22",
            "pbx_version": self.centre.asterisk.version,
            "started_at": self.stream.started_at.isoformat(),
            "calls": truth,
            "agent_states": self.states,
        }
        if self.settings:
            told["settings"] = self.settings
        (folder / "truth.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
