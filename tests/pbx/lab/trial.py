"""One behaviour tried on a real PBX: what Offhook tells of it, held against what the phones did."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from cti.model import Call, CallEnded, CallEvent, OddityFound
from offhook.replay import START, replay, rows
from tests.cti.story import differences, inner_differences, nearest
from tests.pbx.lab.heard import HeardStream
from tests.pbx.lab.journey import Journey

#: set to have each behaviour that is worth it kept as a recording
KEEP = "OFFHOOK_LAB_RECORD"
SLACK_S = 0.4  #: what a busy machine may be late; the recordings kept are held to the tenth of a second
RECORDINGS = Path(__file__).parents[2] / "recordings"


class Kept(NamedTuple):
    """Where recordings of a PBX are kept, and what they say of it."""

    folder: str
    pbx: str
    version: str


class Trial(ABC):
    """A fresh stream from the PBX into ``folder``; ``settings`` are the PBX's, as ``PbxSettings`` takes them."""

    stream: HeardStream

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings: dict[str, Any] = {}
        self._events: list[CallEvent] | None = None
        self._end = ""

    @abstractmethod
    def wait_idle(self) -> None:
        """Return when no call is left."""

    @abstractmethod
    def mark(self) -> str:
        """Be sure that all events of the calls were read, and return a text that stands in the first event after."""

    @abstractmethod
    def kept(self) -> Kept | None:
        """How the behaviours of this PBX are kept, if they are."""

    @property
    def events(self) -> list[CallEvent]:
        """All that is told, once every call is over."""
        if self._events is None:
            self.wait_idle()
            self._end = self.mark()
            self.stream.store(self.folder, self._end)
            self._events = list(replay(self.folder, **self.settings))
        return self._events

    @property
    def calls(self) -> list[Call]:
        return [event.call for event in self.events if isinstance(event, CallEnded)]

    def now(self) -> datetime:
        """The far side's clock."""
        return datetime.now(UTC)

    def agrees(self, *journeys: Journey, name: str | None = None, what: str = "") -> list[Call]:
        """Hold what is told against the far side: these calls, and no other; return them in the order given."""
        told = [row for row in rows(iter(self.events)) if row["type"] == "call"]
        truth = [journey.row(self.stream.seconds) for journey in journeys]
        if name is not None:
            self._keep(name, what, truth)
        wrong, paired, calls = [], [], {call.call_id: call for call in self.calls}
        for number, want in enumerate(truth, 1):
            want["id"] = f"c{number}"
            got = nearest(want, told)
            if got is None:
                wrong.append(f"{want['id']}: not told; told are {told}")
                continue
            told.remove(got)
            paired.append(calls[got["id"]])
            wrong += [f"{want['id']} {one}" for one in differences(want, got, SLACK_S)]
            wrong += [f"{want['id']} {one}" for one in inner_differences(want, paired[-1], START, SLACK_S)]
        wrong += [f"told, but never happened: {ghost}" for ghost in told]
        wrong += [str(event.oddity) for event in self.events if isinstance(event, OddityFound)]
        assert wrong == [], "\n".join(wrong) + f"\n{self.folder}"
        return paired

    def _keep(self, name: str, what: str, truth: list[dict[str, Any]]) -> None:
        kept = self.kept() if KEEP in os.environ else None
        if kept is None:
            return
        folder = RECORDINGS / kept.folder / name
        self.stream.store(folder, self._end)
        told: dict[str, Any] = {
            "scenario": name,
            "what": what,
            "pbx": kept.pbx,
            "pbx_version": kept.version,
            "started_at": self.stream.started_at.isoformat(),
            "calls": truth,
            "agent_states": [],
        }
        if self.settings:
            told["settings"] = self.settings
        (folder / "truth.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
