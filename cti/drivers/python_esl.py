"""The driver for sites that standardise on python-ESL: FreeSWITCH's C library reads the socket, in a thread of its own.

The library gives parsed events, not bytes; here they become the event socket's text again, so the wire, the journal and
a replay see what they know. What is mended: it waits without end for a connection and for its next event, decides alone
whether a password was wrong, says nothing of why a connection ended, and blocks whoever calls it.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, Protocol
from urllib.parse import quote_from_bytes

import structlog

from cti.conversation import Conversation
from cti.pbx.settings import PbxSettings

ACCEPTED = b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
MAX_WAITING = 1_000  # events that the house has not taken yet; then the thread waits, and FreeSWITCH's buffer fills
LOOK_MS = 1  # 0 would wait for ever
PAUSE_S = 0.5  # without anything from the socket; commands and the end wake the thread at once
SAFE = "/()'!*~,$"  # what FreeSWITCH leaves as it is, besides letters and digits
_SOCKET_DATA = "SOCKET_DATA"  # the library's name for what is no event: replies

_log = structlog.get_logger(__name__)


class EslEvent(Protocol):
    """What the library gives: an event, or a reply."""

    def getHeader(self, name: str, /) -> str | None: ...  # noqa: N802  the library's names
    def getBody(self) -> str | None: ...  # noqa: N802
    def firstHeader(self) -> str | None: ...  # noqa: N802
    def nextHeader(self) -> str | None: ...  # noqa: N802


class Driver:
    """Connects by python-ESL. Raises ModuleNotFoundError where that is not installed."""

    def __init__(self, settings: PbxSettings) -> None:
        self._settings = settings
        self._library: Any = import_module("ESL")

    async def connect(self, conversation: Conversation, tls: ssl.SSLContext | None) -> None:
        """See whether the PBX greets; the library connects once it is told the password."""
        if tls is not None:
            raise OSError("python-ESL speaks no TLS")
        greeting = await _converse(self._settings.host, self._settings.port)
        connection = _Connection(self._library.ESLconnection, self._settings, conversation)
        conversation.attach(connection)
        conversation.read(greeting)

    def logged_in(self) -> None:
        """Nobody here needs to know."""


class _Connection:
    """The library's connection as a transport: commands go to its thread, events come from there."""

    def __init__(self, connect: Callable[..., Any], settings: PbxSettings, conversation: Conversation) -> None:
        self._connect, self._settings, self._conversation = connect, settings, conversation
        self._loop = asyncio.get_running_loop()
        self._commands: deque[bytes] = deque()
        self._room = threading.Semaphore(MAX_WAITING)
        self._wake: socket.socket | None = None
        self._closing = threading.Event()
        self._connected = threading.Event()
        self._lock = threading.Lock()
        self._descriptor: int | None = None  # the library's socket, while it is open
        self._thread: threading.Thread | None = None
        self._asking: asyncio.Task[None] | None = None

    def write(self, data: bytes) -> None:
        """The first command is the log-in: with it the thread begins."""
        if self._thread is None:
            name, (self._wake, woken) = f"python-esl {self._settings.name}", socket.socketpair()
            self._thread = threading.Thread(target=self._run, args=(data, self._wake, woken), name=name, daemon=True)
            self._thread.start()
            return
        self._commands.append(data)
        self._rouse()

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self._commands))

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        """End the thread; where it is still connecting it ends by itself, and nobody waits for it."""
        if not self._closing.is_set():
            self._closing.set()
            self._rouse()
            self._hang_up()
            if not self._connected.is_set():
                self._loop.call_soon(self._conversation.gone, None)

    def _hang_up(self) -> None:
        """A library that waits for the rest of a message hears nothing else."""
        with self._lock:
            if self._descriptor is not None:
                with suppress(OSError), socket.socket(fileno=os.dup(self._descriptor)) as same:
                    same.shutdown(socket.SHUT_RDWR)

    def _rouse(self) -> None:
        if self._wake is not None:
            with suppress(OSError):  # the thread may be over
                self._wake.send(b"\0")

    def _run(self, login: bytes, wake: socket.socket, woken: socket.socket) -> None:
        """The thread: nothing of the library is touched by any other."""
        library = self._connect(*_login_arguments(self._settings, login))
        self._connected.set()
        with self._lock:
            self._descriptor = library.socketDescriptor() if library.connected() else None
        try:
            if not library.connected():
                self._tell(self._ask_why, login)
                return
            if self._give(ACCEPTED):
                self._read(library, woken)
        finally:
            with self._lock:
                self._descriptor = None
            library.disconnect()
            wake.close()
            woken.close()
        self._tell(self._conversation.gone, None)

    def _read(self, library: Any, woken: socket.socket) -> None:
        sockets = [int(library.socketDescriptor()), woken.fileno()]
        while not self._closing.is_set() and library.connected():
            while self._commands:
                library.send(self._commands.popleft().decode("utf-8", "surrogateescape"))
            event = library.recvEventTimed(LOOK_MS)
            if event is not None:
                if not self._give(bytes_of(event)):
                    return
                continue
            if woken.fileno() in select.select(sockets, [], [], PAUSE_S)[0]:
                woken.recv(4096)

    def _give(self, data: bytes) -> bool:
        """Bytes for the house, when it has room for them; False when the connection is to end."""
        while not self._room.acquire(timeout=PAUSE_S):
            if self._closing.is_set():
                return False
        return self._tell(self._take, data)

    def _take(self, data: bytes) -> None:
        self._room.release()
        self._conversation.read(data)

    def _tell(self, what: Callable[..., object], argument: object) -> bool:
        try:
            self._loop.call_soon_threadsafe(what, argument)
        except RuntimeError:
            return False  # the loop is closed: the program ends
        return True

    def _ask_why(self, login: bytes) -> None:
        self._asking = self._loop.create_task(self._log_in_ourselves(login))

    async def _log_in_ourselves(self, login: bytes) -> None:
        """The library does not say why it has no connection: ask the PBX, and give its answer on."""
        error: Exception | None = None
        try:
            reply = await _converse(self._settings.host, self._settings.port, login)
        except OSError as failed:
            error = failed
        else:
            if b"+OK" not in reply:
                self._conversation.read(reply)
            else:
                _log.warning("python-ESL did not get in where we did", pbx=self._settings.name)
        self._conversation.gone(error)


def bytes_of(event: EslEvent) -> bytes:
    """An event, or a reply, as the event socket writes it; the lengths are those of what is written here.

    Not by the library's own ``serialize``: that spoils what is no ASCII.
    """
    is_event = event.getHeader("Event-Name") != _SOCKET_DATA
    inner = _bytes(event.getBody() or "")
    headers = [(name, _bytes(event.getHeader(name) or "")) for name in _headers_of(event)]
    left_out = b"Content-Length" if is_event else b"Event-Name Content-Length"
    lines = [
        b"%b: %b\n" % (name, quote_from_bytes(value, SAFE).encode() if is_event else value)
        for name, value in ((_bytes(name), value) for name, value in headers)
        if name not in left_out.split()
    ]
    own = b"".join(lines) + (b"Content-Length: %d\n" % len(inner) if inner else b"") + b"\n" + inner
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(own), own) if is_event else own


def _headers_of(event: EslEvent) -> list[str]:
    names, name = [], event.firstHeader()
    while name is not None:
        names.append(name)
        name = event.nextHeader()
    return list(dict.fromkeys(names))


def _bytes(text: str) -> bytes:
    """The bytes that the library made this text of; what was no UTF-8 comes out as it was."""
    return text.encode("utf-8", "surrogateescape")


def _login_arguments(settings: PbxSettings, login: bytes) -> tuple[str, ...]:
    """Where to connect, and the words of ``auth PASSWORD`` or ``userauth USER:PASSWORD``."""
    command, _, words = login.decode().strip("\n").partition(" ")
    place = (settings.host, str(settings.port))
    if command == "auth":
        return (*place, words)
    user, _, password = words.partition(":")
    return (*place, user, password)


async def _converse(host: str, port: int, command: bytes = b"") -> bytes:
    """The PBX's greeting, or its answer to one command. Raises OSError."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        said = await reader.readuntil(b"\n\n")
        if command:
            writer.write(command)
            said = await reader.readuntil(b"\n\n")
        return said
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ConnectionError("the PBX ended the connection before it had said a word") from error
    finally:
        writer.close()
