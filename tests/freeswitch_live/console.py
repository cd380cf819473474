"""An event socket connection of the laboratory's own: one command, one answer; and a stream kept as a recording."""

from __future__ import annotations

import gzip
import socket
from pathlib import Path

from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.settings import PbxSettings
from cti.wire.esl import EslFrame, EslWire, encode_command
from tests.pbx.lab.heard import READ_BYTES, HeardStream

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


class EslStream(HeardStream):
    """What Offhook would read: it logs in and subscribes as the dialect does."""

    def __init__(self, port: int, secret: str) -> None:
        super().__init__(port)
        self.wait_for("auth/request")
        dialect = FreeswitchDialect(PbxSettings(name="lab", kind="freeswitch", username="lab"))
        self._say(f"auth {secret}")
        self.wait_for("+OK accepted")
        for action in dialect.subscribe_actions():
            self._say(action.name)
        self.wait_for("+OK event listener enabled plain")

    def store(self, folder: Path, before: str) -> None:
        """Write what was read before the event with that text, as ``events.esl.gz`` and ``timing.jsonl.gz``."""
        folder.mkdir(parents=True, exist_ok=True)
        marked = self._data.rindex(b"Event-Name", 0, self._data.index(before.encode()))
        end = self._data.rindex(b"Content-Length: ", 0, marked)
        (folder / "events.esl.gz").write_bytes(gzip.compress(bytes(self._data[:end]), mtime=0))
        (folder / "timing.jsonl.gz").write_bytes(gzip.compress(self._timing(end).encode(), mtime=0))

    def _say(self, command: str) -> None:
        self._socket.sendall(encode_command(command))
