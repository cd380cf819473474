"""The PBX's REST interface, as a program with a telephone service of its own uses it: an application, its channels."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import threading
import urllib.parse
import urllib.request
from typing import Any

from tests.pbx.lab.processes import until

TEXT = 0x1


class RestApplication:
    """The Stasis application ``lab``, connected; ``entered`` are the channels given to it, in order."""

    def __init__(self, port: int, secret: str) -> None:
        self._port, self._secret = port, secret
        self.entered: list[str] = []
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._stream = self._socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET /ari/events?app=lab&api_key=lab:{secret} HTTP/1.1", f"Host: 127.0.0.1:{port}",
                 "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}",
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: ari", "", ""]  # fmt: skip
        self._socket.sendall("\r\n".join(lines).encode())
        status = self._stream.readline().decode()
        assert " 101 " in status, status
        while self._stream.readline().strip():
            pass
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, name="lab-rest", daemon=True)
        self._reader.start()

    def post(self, path: str, **query: str) -> Any:
        """Return what the PBX answers; nothing for most."""
        url = f"http://127.0.0.1:{self._port}/ari/{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, method="POST")
        login = base64.b64encode(f"lab:{self._secret}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
        with urllib.request.urlopen(request, timeout=10) as reply:
            text = reply.read().decode()
        return json.loads(text) if text else None

    def wait_entered(self, number: int) -> str:
        """Return the channel that came to the application as the first, the second and so on."""
        until(f"channel {number} is in the application", lambda: len(self.entered) >= number, 10)
        return self.entered[number - 1]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(5)
        self._socket.close()

    def _read(self) -> None:
        """Frames from a server are not masked (RFC 6455, 5.1), and events fit in one."""
        with contextlib.suppress(OSError):
            while head := self._stream.read(2):
                size = head[1] & 0x7F
                if size > 125:
                    size = int.from_bytes(self._stream.read(2 if size == 126 else 8), "big")
                data = self._stream.read(size)
                if head[0] & 0xF == TEXT:
                    event = json.loads(data)
                    if event["type"] == "StasisStart":
                        self.entered.append(event["channel"]["id"])
