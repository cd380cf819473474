"""The events of a PBX as a monitoring program reads them: every byte with its time, in the recordings' format."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from pathlib import Path

from tests.pbx.lab.processes import until

READ_BYTES = 65_536


class HeardStream(ABC):
    """One connection; the subclass logs in. Seconds count from ``started_at``."""

    def __init__(self, port: int) -> None:
        self.started_at = datetime.now(UTC)
        self._zero = time.monotonic()
        self._data = bytearray()
        self._reads: list[dict[str, float | int]] = []
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, name="lab-stream", daemon=True)
        self._reader.start()

    @abstractmethod
    def store(self, folder: Path, before: str) -> None:
        """Write what was read before the first event with that text, as a recording."""

    def has(self, text: str, times: int = 1) -> bool:
        return self._data.count(text.encode()) >= times

    def seconds(self, at: datetime | None) -> float | None:
        """Return an instant as seconds since the stream began."""
        return None if at is None else round((at - self.started_at).total_seconds(), 3)

    def wait_for(self, text: str, within_s: float = 10, times: int = 1) -> None:
        """Return once the text was read, so many times."""
        until(f"the event stream says {text}", lambda: self.has(text, times), within_s, self._tail)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(5)
        self._socket.close()

    def _timing(self, end: int) -> str:
        """The reads up to a byte, one a line."""
        whole = [read for read in self._reads if read["offset"] < end]
        reads = [{**read, "len": min(read["len"], end - read["offset"])} for read in whole]
        return "".join(json.dumps(read) + "\n" for read in reads)

    def _tail(self) -> str:
        return self._data[-4000:].decode(errors="replace")

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._socket.recv(READ_BYTES):
                t = round(time.monotonic() - self._zero, 6)
                self._reads.append({"t": t, "offset": len(self._data), "len": len(data)})
                self._data += data
