"""A peer on a real socket that says what a test wants it to say: for the faults that a real Asterisk does not make."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.cti.scripted_server import ScriptedServer

Fields = dict[str, str]
Answer = Callable[[Fields], bytes]

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
USERNAME, SECRET = "offhook", "correct horse"


def message(*lines: str) -> bytes:
    return "\r\n".join((*lines, "", "")).encode()


def pause_event(reason: str) -> bytes:
    """A wanted event with names that are not ASCII."""
    return message(
        "Event: QueueMemberPause",
        "Privilege: agent,all",
        "Queue: support",
        "MemberName: Žofia Kováčová",
        "Interface: PJSIP/103",
        "Paused: 1",
        f"PausedReason: {reason}",
    )


class ScriptedPbx(ScriptedServer):
    """A server that greets, checks the log-in and answers actions, unless told otherwise by its attributes.

    ``actions`` are all that it was asked; ``raw`` the bytes of it. ``answers`` has the answer to an action by name.
    """

    end_of_message = b"\r\n\r\n"

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.greeting = BANNER
        self.after_login = b""
        self.silent: set[str] = set()
        self.answers: dict[str, Answer] = {}
        self.actions: list[Fields] = []
        self.raw = b""

    def asked(self, action: str) -> list[Fields]:
        return [fields for fields in self.actions if fields["Action"] == action]

    async def send(self, data: bytes, piece: int = 0) -> None:
        """Send to the newest connection, in pieces of so many bytes (0: at once), each in a packet of its own."""
        writer = self._writers[-1]
        for at in range(0, len(data), piece or len(data) or 1):
            writer.write(data[at : at + (piece or len(data))])
            await writer.drain()
            await asyncio.sleep(0)

    def answer(self, message: bytes, writer: asyncio.StreamWriter) -> None:
        fields = dict(line.split(": ", 1) for line in message.decode().strip().split("\r\n"))
        self.actions.append(fields)
        self.raw += message
        name = fields["Action"]
        if name in self.silent:
            return
        answer = self.answers.get(name) or getattr(self, f"_{name.lower()}", self._unknown)
        writer.write(answer(fields))
        if name == "Logoff":
            writer.close()

    def _login(self, fields: Fields) -> bytes:
        if (fields["Username"], fields["Secret"]) != (USERNAME, SECRET):
            return message("Response: Error", f"ActionID: {fields['ActionID']}", "Message: Authentication failed")
        return self._success(fields, "Message: Authentication accepted") + self.after_login

    def _ping(self, fields: Fields) -> bytes:
        return self._success(fields, "Ping: Pong", "Timestamp: 1763759564.123456")

    def _logoff(self, fields: Fields) -> bytes:
        return message("Response: Goodbye", f"ActionID: {fields['ActionID']}", "Message: Thanks for all the fish.")

    def _unknown(self, fields: Fields) -> bytes:
        reason = f"Invalid/unknown command: {fields['Action']}. Use Action: ListCommands to show available commands."
        return message("Response: Error", f"ActionID: {fields['ActionID']}", f"Message: {reason}")

    @staticmethod
    def _success(fields: Fields, *lines: str) -> bytes:
        return message("Response: Success", f"ActionID: {fields['ActionID']}", *lines)


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    certificate, key = folder / "pbx.pem", folder / "pbx.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=pbx.example"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def server_tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
