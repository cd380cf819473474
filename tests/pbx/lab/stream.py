"""The events of an Asterisk, from the log-in on."""

from __future__ import annotations

from pathlib import Path

from tests.pbx.lab.heard import HeardStream


class EventStream(HeardStream):
    """Logs in and asks for nothing."""

    def __init__(self, port: int, username: str, secret: str) -> None:
        super().__init__(port)
        self._socket.sendall(f"Action: Login\r\nUsername: {username}\r\nSecret: {secret}\r\n\r\n".encode())
        self.wait_for("Authentication accepted")

    def store(self, folder: Path, before: str) -> None:
        """Write what was read before the first event with that text, as ``events.ami`` and ``timing.jsonl``."""
        folder.mkdir(parents=True, exist_ok=True)
        end = self._data.rindex(b"\r\nEvent: ", 0, self._data.index(before.encode())) + 2
        (folder / "events.ami").write_bytes(bytes(self._data[:end]))
        (folder / "timing.jsonl").write_text(self._timing(end))
