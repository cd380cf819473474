"""A FreeSWITCH event socket that says what a test wants it to say, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.cti.esl_events import GREETING, answer_bytes, reply_bytes
from tests.cti.freeswitch_present import Present
from tests.cti.scripted_server import ScriptedServer

PASSWORD = "correct horse"
GOODBYE = (
    b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\n"
    b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
)
TURNED_AWAY = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"


class ScriptedFreeswitch(ScriptedServer):
    """Greets, checks the password and answers commands in order, unless told otherwise by its attributes.

    ``commands`` are all that it was asked; ``present`` answers those about the present. What is in ``held`` is answered
    by ``release`` only, as are all after it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.greeting = GREETING
        self.present = Present()
        self.commands: list[str] = []
        self.held: set[str] = set()
        self.refused: dict[str, str] = {}
        self._waiting: list[bytes] = []

    def asked(self, command: str) -> list[str]:
        return [one for one in self.commands if one.startswith(command)]

    def send(self, data: bytes) -> None:
        """Send to the newest connection."""
        self._writers[-1].write(data)

    def release(self) -> None:
        """Answer what was held back."""
        self.held.clear()
        waiting, self._waiting = self._waiting, []
        for answer in waiting:
            self.send(answer)

    def answer(self, message: bytes, writer: asyncio.StreamWriter) -> None:
        command = message.decode().rstrip("\n")
        self.commands.append(command)
        word, _, rest = command.partition(" ")
        known: dict[str, Callable[[str], bytes]] = {
            "auth": self._auth,
            "event": lambda _: reply_bytes("+OK event listener enabled plain"),
            "api": self._api,
            "exit": lambda _: reply_bytes("+OK bye") + GOODBYE,
        }
        refusal = self.refused.get(word)
        knows = known.get(word, lambda _: reply_bytes("-ERR command not found"))
        said = reply_bytes(f"-ERR {refusal}") if refusal is not None else knows(rest)
        if command in self.held or self._waiting:
            self._waiting.append(said)
        else:
            writer.write(said)
        if word == "exit" or (word == "auth" and b"-ERR" in said):
            writer.close()

    @staticmethod
    def _auth(password: str) -> bytes:
        return reply_bytes("+OK accepted" if password == PASSWORD else "-ERR invalid")

    def _api(self, command: str) -> bytes:
        if command == "status":
            return answer_bytes("UP 0 years, 0 days, 0 hours\nFreeSWITCH is ready\n")
        if command.split()[0] in ("echo", "msleep", "show", "callcenter_config", "fifo", "conference", "uuid_dump"):
            return answer_bytes(self.present.answer(command))
        return answer_bytes(f"-ERR {command.split()[0]} Command not found!\n")
