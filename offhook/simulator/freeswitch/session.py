"""One client of the event socket: what it may ask, what it has asked to hear. Pure: bytes in, bytes out.

Source: ``mod_event_socket.c`` (``parse_command``, ``event_handler``).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from offhook.simulator.freeswitch.answers import Answers
from offhook.simulator.freeswitch.telling import Event

GREETING = b"Content-Type: auth/request\n\n"
GOODBYE = (
    b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\n"
    b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)
TURNED_AWAY = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"
_FORMATS = ("plain", "json")

Headers = Mapping[str, str]


class Session:
    """What one client said so far. ``over`` is True once it is to be disconnected.

    ``users`` are those of the directory who may log in, by ``name@domain``.
    """

    def __init__(self, answers: Answers, password: str, users: Mapping[str, str]) -> None:
        self._answers, self._password, self._users = answers, password, users
        self.logged_in = self.over = self.lingers = False
        self.format: str | None = None
        self._all = False
        self._names: set[str] = set()
        self._filters: list[tuple[str, str]] = []
        self._commands: dict[str, Callable[[str], bytes]] = {
            "api": self._api,
            "event": self._event,
            "nixevent": self._nixevent,
            "noevents": self._noevents,
            "filter": self._filter,
            "linger": self._linger,
            "nolinger": self._nolinger,
        }

    @property
    def listens(self) -> bool:
        """It gets events."""
        return self.format is not None and not self.over

    def obey(self, line: str, headers: Headers) -> bytes:
        """The answer to one command."""
        command, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        if command == "exit":
            self.over = True
            return _reply("+OK bye") + GOODBYE
        if command in ("auth", "userauth"):
            return self._auth(command, rest)
        if not self.logged_in:
            return _reply("-ERR command not found")
        if command == "bgapi":
            return self._bgapi(rest, headers)
        known = self._commands.get(command)
        return _reply("-ERR command not found") if known is None else known(rest)

    def told(self, event: Event) -> bytes:
        """The event as this client gets it; nothing if it did not ask for it."""
        if not self.listens or not (self._all or event.name in self._names) or not self._passes(event):
            return b""
        return event.json if self.format == "json" else event.plain

    def _passes(self, event: Event) -> bool:
        """Without filters all do; otherwise one of them has to fit."""
        return not self._filters or any((event.get(key) or "").lower() == value for key, value in self._filters)

    def _auth(self, command: str, rest: str) -> bytes:
        user, _, secret = rest.partition(":") if command == "userauth" else ("", "", rest)
        wanted = self._users.get(user) if command == "userauth" else self._password
        if wanted is None or not hmac.compare_digest(secret.encode(), wanted.encode()):
            self.over = True
            return _reply("-ERR invalid") + GOODBYE
        self.logged_in = True
        return _reply("+OK accepted")

    def _api(self, text: str) -> bytes:
        command, _, argument = text.partition(" ")
        body = self._answers.answer(command, argument.strip()).encode()
        return b"Content-Type: api/response\nContent-Length: %d\n\n%b" % (len(body), body)

    def _bgapi(self, text: str, headers: Headers) -> bytes:
        core = self._answers.plant.core
        job = unquote(headers.get("job-uuid", "")) or core.new_uuid()
        command, _, argument = text.partition(" ")
        if command == "originate":
            core.api(command, argument)
            said = self._answers.originate(argument, job)
        else:
            said = self._answers.answer(command, argument)
        if said is not None:
            core.job_done(job, command, argument, said)
        return _reply(f"+OK Job-UUID: {job}", f"Job-UUID: {job}\n")

    def _event(self, text: str) -> bytes:
        words = text.replace(",", " ").split()
        form = words.pop(0) if words and words[0] in _FORMATS else "plain"
        if not words:
            return _reply("-ERR no keywords supplied")
        self.format = form
        self._all = self._all or words[0].upper() == "ALL"
        self._names |= _names(words)
        return _reply(f"+OK event listener enabled {form}")

    def _nixevent(self, text: str) -> bytes:
        words = text.replace(",", " ").split()
        if not words:
            return _reply("-ERR no keywords supplied")
        self._all = False if words[0].upper() == "ALL" else self._all
        self._names -= _names(words)
        return _reply("+OK events nixed")

    def _noevents(self, _: str) -> bytes:
        if self.format is None:
            return _reply("-ERR not listening for events")
        self.format, self._all, self._names = None, False, set()
        return _reply("+OK no longer listening for events")

    def _filter(self, text: str) -> bytes:
        words = text.split(maxsplit=2)
        if words and words[0].lower() == "delete" and len(words) > 1:
            key, value = words[1], words[2] if len(words) > 2 else ""
            kept = [one for one in self._filters if one[0] != key or (value and one[1] != value.lower())]
            self._filters = [] if key.lower() == "all" else kept
            return _reply(f"+OK filter deleted. [{key}][{value}]")
        key, _, value = text.partition(" ")
        if not value:
            return _reply("-ERR invalid syntax")
        self._filters.append((key, value.lower()))
        return _reply(f"+OK filter added. [{key}]=[{value}]")

    def _linger(self, _: str) -> bytes:
        self.lingers = True
        return _reply("+OK will linger")

    def _nolinger(self, _: str) -> bytes:
        self.lingers = False
        return _reply("+OK not going to linger")


def _names(words: list[str]) -> set[str]:
    """Names as events have them; after ``CUSTOM`` each word is a subclass, in the case that it has."""
    plain, custom, subclasses = " ".join(words).partition("CUSTOM")
    return {word.upper() for word in plain.split()} | (set(subclasses.split()) if custom else set())


def _reply(text: str, more: str = "") -> bytes:
    return f"Content-Type: command/reply\nReply-Text: {text}\n{more}\n".encode()
