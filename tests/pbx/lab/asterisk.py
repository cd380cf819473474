"""A real Asterisk on loopback: its own configuration and run directory, inside a chroot that several can share."""

from __future__ import annotations

import random
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.pbx.lab.chroot import installed_version
from tests.pbx.lab.processes import Program, free_port, listens, until

HERE = Path(__file__).parent
DIALPLAN = HERE.parents[2] / "dialplans" / "asterisk"

#: nothing here is spoken to, and each wants a port or a database of its own
NOT_LOADED = (
    "chan_iax2", "chan_unistim", "chan_motif", "chan_sip", "chan_skinny", "chan_mgcp", "chan_console", "chan_ooh323",
    "pbx_dundi", "res_snmp", "res_xmpp", "res_hep", "res_hep_pjsip", "res_hep_rtcp", "app_voicemail_odbc",
)  # fmt: skip


class Ports(NamedTuple):
    sip: int
    ami: int
    ami_tls: int
    http: int

    @classmethod
    def free(cls) -> Ports:
        return cls(free_port(socket.SOCK_DGRAM), free_port(), free_port(), free_port())


class Asterisk:
    """One Asterisk process. ``path`` is its folder as this machine sees it, ``inside`` as Asterisk sees it."""

    def __init__(self, chroot: Path, role: str, ports: Ports) -> None:
        self.chroot = chroot
        self.role = role
        self.ports = ports
        self.version = installed_version(chroot)
        self.lab_secret = secrets.token_hex(8)
        remove_left_overs(chroot)
        self.path = Path(tempfile.mkdtemp(prefix=f"offhook-{role}-", dir=chroot / "tmp"))
        self.inside = Path("/") / self.path.relative_to(chroot)
        self._program: Program | None = None

    def configure(self, far_sip_port: int, users: str = "", stations: str = "") -> None:
        """Write the configuration: the files that both sides share, then those of this role."""
        for folder in ("etc", "lib", "log", "log/cdr-csv", "spool"):
            (self.path / folder).mkdir(parents=True)
        self._make_certificate()
        rtp_start = random.randrange(10_000, 30_000, 200)
        values = {
            "ETC": self.inside / "etc",
            "RUN": self.inside,
            "MODULES": self._modules(),
            "LOADS": "\n".join(f"noload = {name}.so" for name in NOT_LOADED),
            "SIP_PORT": self.ports.sip,
            "AMI_PORT": self.ports.ami,
            "AMI_TLS_PORT": self.ports.ami_tls,
            "HTTP_PORT": self.ports.http,
            "TIMESTAMPS": "yes" if self.role == "world" else "no",
            "FAR_SIP_PORT": far_sip_port,
            "LAB_SECRET": self.lab_secret,
            "RTP_START": rtp_start,
            "RTP_END": rtp_start + 199,
            "USERS": users,
            "STATIONS": stations,
            "DIALPLAN": "dialplan.conf",
        }
        for template in [*HERE.glob("*.conf"), *(HERE / self.role).glob("*.conf")]:
            self.write(template.name, filled(template.read_text(), values))

    def write(self, name: str, text: str) -> None:
        """Write one file of the configuration."""
        (self.path / "etc" / name).write_text(text)

    def start(self) -> None:
        """Start, and return when it is fully booted and takes AMI connections."""
        self._program = Program([*self._call_asterisk(), "-f"], self.path / "log/console", punctual=True)
        until(f"Asterisk ({self.role}) is up", self._is_up, 60, self.log)

    def stop(self) -> None:
        """End the process and remove its folder."""
        self.halt()
        shutil.rmtree(self.path)

    def halt(self) -> None:
        """End the process; ``start`` brings it back with the same configuration and database."""
        if self._program is not None:
            self._program.stop()
            self._program = None

    def command(self, line: str) -> str:
        """Return what the PBX's own command line answers."""
        command = [*self._call_asterisk(), "-rx", line]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout

    def _call_asterisk(self) -> list[str]:
        return ["chroot", str(self.chroot), "asterisk", "-C", str(self.inside / "etc/asterisk.conf")]

    def log(self) -> str:
        """Return its notices, warnings and errors, and what it printed."""
        parts = [self.path / "log/messages", self.path / "log/console"]
        return "\n".join(part.read_text(errors="replace") for part in parts if part.exists())

    @property
    def certificate(self) -> Path:
        """The self-signed certificate of the AMI's TLS port, for ``localhost`` and 127.0.0.1."""
        return self.path / "etc/ami.crt"

    def _is_up(self) -> bool:
        assert self._program is not None
        if not self._program.running:
            raise AssertionError(f"Asterisk ({self.role}) ended with {self._program.exit_status}\n{self.log()}")
        return listens(self.ports.ami) and "fully booted" in self.command("core waitfullybooted")

    def _modules(self) -> str:
        packaged = (self.chroot / "etc/asterisk/asterisk.conf").read_text()
        return next(line.split("=>")[1].strip() for line in packaged.splitlines() if line.startswith("astmoddir"))

    def _make_certificate(self) -> None:
        key, certificate = self.path / "etc/ami.key", self.certificate
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )  # fmt: skip
        (self.path / "etc/ami.pem").write_text(key.read_text() + certificate.read_text())


def remove_left_overs(chroot: Path) -> None:
    """Remove the folders of runs that were killed: their Asterisk is gone, or never started and an hour has passed."""
    for folder in (chroot / "tmp").glob("offhook-*"):
        pid_file = folder / "asterisk.pid"
        if pid_file.exists():
            over = not Path("/proc", pid_file.read_text().strip() or "none").exists()
        else:
            over = folder.stat().st_mtime < time.time() - 3600
        if over:
            shutil.rmtree(folder, ignore_errors=True)


def filled(template: str, values: dict[str, object]) -> str:
    """Return the template with each ``@NAME@`` replaced."""
    for name, value in values.items():
        template = template.replace(f"@{name}@", str(value))
    return template
