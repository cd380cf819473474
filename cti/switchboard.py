"""One PBX from frames to published CallEvents: the synchronous way from the reader to the feed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from cti.model import CallEvent, Origin, PbxBack, PbxLost
from cti.pbx.dialect import Frame
from cti.signals import Signal
from cti.tracker import CallTracker


class Normaliser(Protocol):
    """The part of a dialect that tells what a frame means."""

    def normalise(self, frame: Frame, at: datetime, session: str) -> Iterable[Signal]: ...


class Switchboard:
    """Gives each frame to the dialect, its signals to the tracker, and what follows to ``publish``, in order."""

    def __init__(self, pbx: str, dialect: Normaliser, publish: Callable[[CallEvent], None]) -> None:
        self.pbx = pbx
        self.tracker = CallTracker(pbx)
        self._dialect = dialect
        self._publish = publish

    def take(self, frames: Iterable[Frame], received_at: datetime, session: str) -> None:
        """Apply what one read of the socket brought; ``session`` names the connection."""
        normalise, apply, publish = self._dialect.normalise, self.tracker.apply, self._publish
        for frame in frames:
            for signal in normalise(frame, received_at, session):
                for event in apply(signal):
                    publish(event)

    def pass_time(self, now: datetime) -> None:
        """Publish what is over by ``now`` though the PBX says nothing: wrap-ups. A replay tells the same, and when."""
        for event in self.tracker.pass_time(now):
            self._publish(event)

    def announce(self) -> None:
        """Publish what goes on: to be called once, when those who listen have come after the tracker learned of it."""
        for event in self.tracker.present():
            self._publish(event)

    def lost(self, at: datetime, cause: str) -> None:
        """The stream broke; what happens from now on is not seen."""
        self._publish(PbxLost(at=at, origin=self._origin("lost"), pbx=self.pbx, cause=cause))

    def back(self, at: datetime) -> None:
        self.tracker.heard_since(at)
        self._publish(PbxBack(at=at, origin=self._origin("back"), pbx=self.pbx))

    def _origin(self, event: str) -> Origin:
        return Origin(self.pbx, "", 0, event)
