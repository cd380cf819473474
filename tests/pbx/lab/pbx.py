"""The PBX under observation: the project's ready dialplan and AMI user, five agents, two queues, one trunk."""

from __future__ import annotations

import secrets
from pathlib import Path

from tests.pbx.lab.ami import AmiConsole, Message
from tests.pbx.lab.asterisk import DIALPLAN, Asterisk, Ports

AGENTS = {"101": "Anna Rossi", "102": "Bruno Esposito", "103": "Žofia Kováčová", "104": "Dana O'Neill", "105": "Elio"}
SALES = ("101", "102")
SUPPORT = ("103", "104", "105")

STATION = """
[{agent}](station)
aors = {agent}
callerid = {name} <{agent}>

[{agent}]
type = aor
contact = sip:{agent}@127.0.0.1:{far_sip_port}
"""


class ObservedPbx:
    """What the program under test is given: where the AMI is, and a user with the smallest rights that suffice."""

    host = "127.0.0.1"
    username = "offhook"

    def __init__(self, chroot: Path, ports: Ports, far_sip_port: int) -> None:
        self.secret = secrets.token_hex(12)
        self.asterisk = Asterisk(chroot, "pbx", ports)
        stations = "".join(
            STATION.format(agent=agent, name=name, far_sip_port=far_sip_port) for agent, name in AGENTS.items()
        )
        self.asterisk.configure(far_sip_port, self._user(), stations)
        self.asterisk.write("dialplan.conf", (DIALPLAN / "extensions.conf.sample").read_text())
        self.asterisk.write("queues.conf", (DIALPLAN / "queues.conf.sample").read_text())
        self.asterisk.write("res_parking.conf", (DIALPLAN / "res_parking.conf.sample").read_text())
        self.asterisk.write("features.conf", "")

    @property
    def port(self) -> int:
        return self.asterisk.ports.ami

    @property
    def tls_port(self) -> int:
        return self.asterisk.ports.ami_tls

    @property
    def tls_ca_file(self) -> Path:
        return self.asterisk.certificate

    @property
    def version(self) -> str:
        """``Asterisk 22.10.1...``, as the PBX says it."""
        return self.asterisk.version

    def start(self) -> None:
        """Start the PBX and log the agents in to their queues."""
        self.asterisk.start()
        console = self.console()
        for agent in SALES:
            console.ask("QueueAdd", Queue="sales", Interface=f"PJSIP/{agent}", MemberName=AGENTS[agent])
        for agent in SUPPORT:
            console.ask("QueueAdd", Queue="support", Interface=f"Local/{agent}@agents/n",
                        StateInterface=f"PJSIP/{agent}", MemberName=AGENTS[agent])  # fmt: skip
        console.close()

    def console(self) -> AmiConsole:
        """Return a new connection of the laboratory's own AMI user, who may do everything."""
        return AmiConsole(self.port, "lab", self.asterisk.lab_secret, ignore)

    def stop(self) -> None:
        self.asterisk.stop()

    def _user(self) -> str:
        sample = (DIALPLAN / "manager.conf.sample").read_text()
        assert "secret = change-me" in sample
        return sample.replace("secret = change-me", f"secret = {self.secret}")


def ignore(message: Message) -> None:
    """Nobody reads these events."""
