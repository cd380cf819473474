"""An event socket connection of the laboratory's own: one command, one answer; and a stream kept as a recording."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.settings import PbxSettings
from cti.wire.esl import EslFrame, EslWire, encode_command
from tests.pbx.lab.processes import until

READ_BYTES = 65_536
LONGEST = 1 << 24


class EslConsole:
    """Logged in, subscribed to nothing."""

    def __init__(self, port: int, secret: str) -> None:
        self._wire = EslWire(max_frame_bytes=LONGEST)
        self._frames: list[EslFrame] = []
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        try:
            self._next()
            reply = self.ask(f"auth {secret}")
            assert reply.get(b"Reply-Text") == "+OK accepted", reply.raw
        except BaseException:
            self._socket.close()
            raise

    def api(self, command: str) -> str:
        """Return the answer to a command, whatever it says."""
        return self.ask(f"api {command}").get(b"_body") or ""

    def done(self, command: str) -> str:
        """Return the answer to a command that must not fail."""
        answer = self.api(command)
        assert not answer.startswith("-"), f"{command}: {answer}"
        return answer.strip()

    def ask(self, command: str) -> EslFrame:
        self._socket.sendall(encode_command(command))
        return self._next()

    def close(self) -> None:
        self._socket.close()

    def _next(self) -> EslFrame:
        while not self._frames:
            data = self._socket.recv(READ_BYTES)
            if not data:
                raise ConnectionResetError("the event socket was closed")
            self._frames += self._wire.feed(data)
        return self._frames.pop(0)


class EslStream:
    """What Offhook would read: it logs in, subscribes as the dialect does, and keeps every byte with its time."""

    def __init__(self, port: int, secret: str) -> None:
        self.started_at = datetime.now(UTC)
        self._zero = time.monotonic()
        self._data = bytearray()
        self._reads: list[dict[str, float | int]] = []
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, name="lab-esl", daemon=True)
        self._reader.start()
        self.wait_for("auth/request")
        dialect = FreeswitchDialect(PbxSettings(name="lab", kind="freeswitch", username="lab"))
        self._say(f"auth {secret}")
        self.wait_for("+OK accepted")
        for action in dialect.subscribe_actions():
            self._say(action.name)
        self.wait_for("+OK event listener enabled plain")

    def has(self, text: str, times: int = 1) -> bool:
        return self._data.count(text.encode()) >= times

    def seconds(self, at: datetime | None) -> float | None:
        """Return an instant as seconds since the stream began."""
        return None if at is None else round((at - self.started_at).total_seconds(), 3)

    def wait_for(self, text: str, within_s: float = 10, times: int = 1) -> None:
        """Return once the text was read, so many times."""
        until(f"the event stream says {text}", lambda: self.has(text, times), within_s, self._tail)

    def store(self, folder: Path, before: str) -> None:
        """Write what was read before the event with that text, as ``events.esl.gz`` and ``timing.jsonl.gz``."""
        folder.mkdir(parents=True, exist_ok=True)
        marked = self._data.rindex(b"Event-Name", 0, self._data.index(before.encode()))
        end = self._data.rindex(b"Content-Length: ", 0, marked)
        whole = [read for read in self._reads if read["offset"] < end]
        reads = [{**read, "len": min(read["len"], end - read["offset"])} for read in whole]
        timing = "".join(json.dumps(read) + "\n" for read in reads)
        (folder / "events.esl.gz").write_bytes(gzip.compress(bytes(self._data[:end]), mtime=0))
        (folder / "timing.jsonl.gz").write_bytes(gzip.compress(timing.encode(), mtime=0))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(5)
        self._socket.close()

    def _say(self, command: str) -> None:
        self._socket.sendall(encode_command(command))

    def _tail(self) -> str:
        return self._data[-4000:].decode(errors="replace")

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._socket.recv(READ_BYTES):
                t = round(time.monotonic() - self._zero, 6)
                self._reads.append({"t": t, "offset": len(self._data), "len": len(data)})
                self._data += data
