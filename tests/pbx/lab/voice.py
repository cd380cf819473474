"""The phones' voice: silence in G.711, sent so that the PBX hears that somebody is there."""

from __future__ import annotations

import itertools
import re
import socket
import threading
from collections.abc import Callable, Iterable

FRAME_S = 0.02
SILENCE = b"\xff" * 160  #: 20 ms of µ-law
_PORT = re.compile(r"^m=audio (\d+)", re.MULTILINE)


class Voice:
    """One RTP port that speaks to all the ports that ``hearers`` names, and is deaf."""

    def __init__(self, hearers: Callable[[], Iterable[int]]) -> None:
        self._hearers = hearers
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._closed = threading.Event()
        self._speaker = threading.Thread(target=self._speak, name="lab-voice", daemon=True)
        self._speaker.start()

    def close(self) -> None:
        self._closed.set()
        self._speaker.join(5)
        self._socket.close()

    def _speak(self) -> None:
        for number in itertools.count(1):
            if self._closed.wait(FRAME_S):
                return
            header = bytes([0x80, 0]) + (number & 0xFFFF).to_bytes(2, "big")
            header += (number * len(SILENCE) & 0xFFFFFFFF).to_bytes(4, "big") + b"LAB0"
            for port in self._hearers():
                self._socket.sendto(header + SILENCE, ("127.0.0.1", port))


def media_port(description: str) -> int | None:
    """Return the port that a session description wants its voice at."""
    found = _PORT.search(description)
    return int(found.group(1)) if found else None
