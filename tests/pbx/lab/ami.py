"""The laboratory's own AMI reader: no code shared with the program under test, which it may have to contradict."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime

ANSWER_WITHIN_S = 10
Message = dict[str, str]


class AmiConsole:
    """A logged-in AMI connection: every event goes to ``on_event``, in order, on the reader's thread."""

    def __init__(self, port: int, username: str, secret: str, on_event: Callable[[Message], None]) -> None:
        self._on_event = on_event
        self._numbers = itertools.count(1)
        self._answers: dict[str, Message] = {}
        self._answered = threading.Condition()
        self._write = threading.Lock()
        self._closing = False
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.settimeout(None)
        self._reader = threading.Thread(target=self._read, name=f"lab-ami-{port}", daemon=True)
        self._reader.start()
        self.ask("Login", Username=username, Secret=secret)

    def ask(self, action: str, **fields: object) -> Message:
        """Send an action and return its response; AssertionError when it is refused or does not come."""
        number = f"lab-{next(self._numbers)}"
        lines = [f"Action: {action}", f"ActionID: {number}"]
        for name, value in fields.items():
            lines += [f"{name}: {each}" for each in (value if isinstance(value, list) else [value])]
        with self._write:
            self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        with self._answered:
            if not self._answered.wait_for(lambda: number in self._answers, ANSWER_WITHIN_S):
                raise AssertionError(f"the PBX did not answer {action} within {ANSWER_WITHIN_S} s")
            answer = self._answers.pop(number)
        if answer["Response"] not in ("Success", "Goodbye", "Follows"):
            raise AssertionError(f"the PBX refused {action} {fields}: {answer}")
        return answer

    def close(self) -> None:
        self._closing = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(5)
        self._socket.close()

    def _read(self) -> None:
        try:
            self._read_to_the_end()
        except ConnectionResetError:
            if not self._closing:
                raise

    def _read_to_the_end(self) -> None:
        stream = self._socket.makefile("rb")
        stream.readline()  # the banner
        message: Message = {}
        for line in stream:
            text = line.decode(errors="replace").rstrip("\r\n")
            if text:
                name, _, value = text.partition(": ")
                message[name.rstrip(":")] = value
            elif message:
                self._deliver(message)
                message = {}

    def _deliver(self, message: Message) -> None:
        if "Response" in message and message.get("ActionID", "").startswith("lab-"):
            with self._answered:
                self._answers[message["ActionID"]] = message
                self._answered.notify_all()
        else:
            self._on_event(message)


def told_at(message: Message) -> datetime:
    """Return when the PBX made the event, to the microsecond: its ``timestampevents`` is on in the laboratory."""
    return datetime.fromtimestamp(float(message["Timestamp"]), UTC)
