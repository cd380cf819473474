"""One real FreeSWITCH in the foreground: its configuration in a folder of its own, its ports free ones, on loopback."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from tests.freeswitch_live.console import EslConsole
from tests.pbx.lab.processes import Program, free_port, until

VARIABLE = "FREESWITCH_BIN"
CONFIGURATION = Path(__file__).parent / "conf"
SAMPLES = Path(__file__).parents[2] / "dialplans/freeswitch"
DOMAIN = "pbx.lab"
AGENTS = ("101", "102", "103", "104", "105")
RTP_PORTS = 400
START_S = 60
FOLDERS = ("log", "run", "db", "storage", "temp", "recordings", "cache", "sounds", "grammar", "scripts", "certs")


def binary() -> str | None:
    """Return the program to test with, None when this machine names none."""
    return os.environ.get(VARIABLE)


@dataclass(frozen=True)
class Ports:
    """Where one FreeSWITCH listens, and where its phones and the public do."""

    esl: int
    internal: int
    external: int
    desks: int
    public: int
    rtp: int

    @classmethod
    def free(cls, desks: int, public: int) -> Ports:
        udp = socket.SOCK_DGRAM
        first = 20_000 + secrets.randbelow(30) * 2 * RTP_PORTS
        return cls(free_port(), free_port(udp), free_port(udp), desks, public, first)


class FreeSwitch:
    """The process, from ``start`` to ``stop``. ``secret`` is the event socket's, ``user_secret`` the user's."""

    def __init__(self, folder: Path, program: str, desks: int, public: int) -> None:
        self.folder, self.ports = folder, Ports.free(desks, public)
        self.secret, self.user_secret = secrets.token_hex(12), secrets.token_hex(12)
        self._binary = program
        self._program: Program | None = None
        self._console: EslConsole | None = None
        self._configure()

    @property
    def console(self) -> EslConsole:
        """The laboratory's own hand on the PBX."""
        assert self._console is not None, "the PBX is not started"
        return self._console

    def start(self) -> None:
        """Run it until its queues answer."""
        for name in FOLDERS:
            (self.folder / name).mkdir(exist_ok=True)
        places = [part for name in FOLDERS for part in (f"-{name}", str(self.folder / name))]
        own = ["unshare", "--uts", "sh", "-c", 'hostname pbx && exec "$@"', "sh"]  # what is recorded names this machine
        run = [self._binary, "-nf", "-nc", "-nonat", "-conf", str(self.folder / "conf"), *places]
        self._program = Program([*own, *run], self.folder / "freeswitch.log", self.folder, punctual=True)
        until("FreeSWITCH answers", self._answers, START_S, self.output)

    def stop(self) -> None:
        if self._console is not None:
            self._console.close()
            self._console = None
        if self._program is not None:
            self._program.stop(20)

    def output(self) -> str:
        """Return what it printed and logged."""
        log = self.folder / "log/freeswitch.log"
        logged = log.read_text(errors="replace") if log.exists() else ""
        return logged + ("" if self._program is None else self._program.output())

    def _answers(self) -> bool:
        assert self._program is not None
        assert self._program.running, self.output()
        try:
            self._console = self._console or EslConsole(self.ports.esl, self.secret)
        except OSError:
            return False
        profiles = self._console.api("sofia status")
        return profiles.count("RUNNING") >= 2 and "+OK" in self._console.api("callcenter_config queue list")

    def _configure(self) -> None:
        conf = self.folder / "conf"
        for place in (conf, conf / "offhook", conf / "offhook-users"):
            place.mkdir(parents=True, exist_ok=True)
        for path in CONFIGURATION.glob("*.xml"):
            (conf / path.name).write_text(self._filled(path.read_text()))
        for name in ("event_socket.conf.xml", "acl.conf.xml"):
            text = (SAMPLES / f"{name}.sample").read_text().replace('value="8021"', f'value="{self.ports.esl}"')
            text = text.replace("change-me", self.secret).replace("127.0.0.0/8", "127.0.0.1/32")
            (conf / "offhook" / name).write_text(text)
        user = (SAMPLES / "offhook-user.xml.sample").read_text().replace("change-me", self.user_secret)
        (conf / "offhook-users" / "offhook.xml").write_text(user)

    def _filled(self, text: str) -> str:
        ports = self.ports
        users = "".join(
            f'<user id="{agent}"><params><param name="password" value="pw{agent}"/>'
            f'<param name="vm-password" value="{agent}"/></params><variables>'
            f'<variable name="user_context" value="default"/>'
            f'<variable name="effective_caller_id_number" value="{agent}"/></variables></user>'
            for agent in AGENTS
        )
        values = {
            "INTERNAL": ports.internal, "EXTERNAL": ports.external, "DESKS": ports.desks, "PUBLIC": ports.public,
            "RTP_FIRST": ports.rtp, "RTP_LAST": ports.rtp + RTP_PORTS - 1, "USERS": users,
        }  # fmt: skip
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        return text
