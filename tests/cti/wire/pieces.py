"""Bytes cut into pieces as a network cuts them, and the frames that a wire makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Protocol

Told = list[tuple[str, int, bytes]]


class Cut(Protocol):
    """A frame as a wire gives it."""

    name: str
    offset: int
    raw: bytes


class Cutter(Protocol):
    """A wire."""

    def feed(self, data: bytes, /) -> Sequence[Cut]: ...


def told(frames: Iterable[Cut]) -> Told:
    return [(frame.name, frame.offset, frame.raw) for frame in frames]


def feed_all(wire: Cutter, pieces: Iterable[bytes]) -> Told:
    return told(frame for piece in pieces for frame in wire.feed(piece))


def cut(data: bytes, places: Iterable[int]) -> Iterator[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return (data[start:end] for start, end in pairwise(edges))
