"""A snapshot is a signal like others: frozen, with the instants its halves were true at."""

from __future__ import annotations

import pytest

from cti.snapshot import SnapshotTaken
from tests.cti.playbook import ORIGIN, at


def test_a_snapshot_tells_when_each_of_its_halves_was_true() -> None:
    taken = SnapshotTaken(at=at(2), origin=ORIGIN, legs_at=at(0), queues_at=at(1), legs=(), waits=(), members=())
    assert taken.legs_at < taken.queues_at < taken.at
    with pytest.raises(AttributeError):
        taken.legs = ()  # type: ignore[misc]
