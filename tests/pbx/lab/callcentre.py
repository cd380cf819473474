"""A call centre with what contact centres do: its Asterisk, the phones round it, and the stream that Offhook reads."""

from __future__ import annotations

import itertools
import secrets
from pathlib import Path

from cti.pbx.asterisk_events import WANTED
from tests.pbx.lab.ami import AmiConsole
from tests.pbx.lab.asterisk import DIALPLAN, Asterisk, Ports
from tests.pbx.lab.pbx import AGENTS, STATION, ignore
from tests.pbx.lab.processes import until
from tests.pbx.lab.telephones import Telephones

#: manager users with event filters, beside the sample's own
FILTERED, ONLY_WANTED = "filtered", "only-wanted"
NO_RIGHTS = "no-rights"  #: may not ask for the list of channels
MAILBOXES = {
    "22": "VoiceMail(101@default,u)",
    "16": "Record(/tmp/offhook-mailbox-${UNIQUEID}.gsm,0,30,q)",  # its voicemail is in a package of its own
}


class CallCentre:
    """One Asterisk with the dialplan of ``centre/``, and all phones of the world, running from entry to exit."""

    host = "127.0.0.1"

    def __init__(self, chroot: Path, version: str) -> None:
        self.version = version
        self.secret = secrets.token_hex(12)
        self.username = "offhook"
        ports = Ports.free()
        self.telephones = Telephones(ports.sip)
        self.asterisk = Asterisk(chroot, "centre", ports)
        stations = "".join(
            STATION.format(agent=agent, name=name, far_sip_port=self.telephones.port) for agent, name in AGENTS.items()
        )
        self.asterisk.configure(self.telephones.port, self._users(), stations)
        plan = self.asterisk.path / "etc/extensions.conf"
        plan.write_text(plan.read_text().replace("@MAILBOX@", MAILBOXES[version]))
        self._console: AmiConsole | None = None
        self._channel_numbers = itertools.count(1)

    def __enter__(self) -> CallCentre:
        try:
            self.asterisk.start()
            self._console = AmiConsole(self.port, "lab", self.asterisk.lab_secret, ignore)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_trouble: object) -> None:
        if self._console is not None:
            self._console.close()
        self.asterisk.stop()
        self.telephones.close()

    @property
    def port(self) -> int:
        return self.asterisk.ports.ami

    @property
    def console(self) -> AmiConsole:
        """The laboratory's own hand on the PBX."""
        assert self._console is not None, "the PBX is not started"
        return self._console

    def log_in(self, queue: str, *agents: str, local: bool = False) -> None:
        """Make agents members of a queue: as plain phones, or behind Local channels as FreePBX does."""
        for agent in agents:
            fields = {"Interface": f"PJSIP/{agent}"}
            if local:
                fields = {"Interface": f"Local/{agent}@agents/n", "StateInterface": f"PJSIP/{agent}"}
            self.console.ask("QueueAdd", Queue=queue, MemberName=AGENTS.get(agent, agent), **fields)

    def log_out_all(self) -> None:
        """Empty every queue."""
        for line in self.asterisk.command("queue show").splitlines():
            words = line.split()
            if line and not line.startswith(" ") and "has" in words:
                queue = words[0]
            elif "(dynamic)" in line:
                interface = line.split("(")[1].split(")")[0].split(" from ")[0]
                self.console.ask("QueueRemove", Queue=queue, Interface=interface)

    def drop_call_file(self, text: str) -> None:
        """Have the PBX place a call by a file: it is moved into place whole, as ``pbx_spool`` wants it."""
        spool = self.asterisk.path / "spool/outgoing"
        written = self.asterisk.path / f"{secrets.token_hex(6)}.call"
        written.write_text(text)
        written.rename(spool / written.name)

    def channel_of(self, name: str) -> str:
        """Return the one channel whose name begins so, such as ``PJSIP/101-``."""
        found = [channel for channel in self.channels() if channel.startswith(name)]
        assert len(found) == 1, f"{name}: {found}"
        return found[0]

    def channels(self) -> list[str]:
        rows = self.asterisk.command("core show channels concise").splitlines()
        return [row.split("!")[0] for row in rows if "!" in row]

    def wait_idle(self) -> None:
        """Return when no call is left anywhere."""
        until("all phones are down", self.telephones.idle, 20, self.telephones.evidence)
        until("no channel is left", lambda: not self.channels(), 20, lambda: "\n".join(self.channels()))

    def _users(self) -> str:
        """The sample's user, the same with fewer rights, with the sample's event filter, and with the longest one."""
        sample = (DIALPLAN / "manager.conf.sample").read_text()
        assert "secret = change-me" in sample
        assert ";eventfilter = " in sample
        user = sample.replace("secret = change-me", f"secret = {self.secret}")
        filtered = user.replace("[offhook]", f"[{FILTERED}]").replace(";eventfilter = ", "eventfilter = ")
        only = f"eventfilter = ^Event: ({'|'.join(sorted(WANTED))})"
        deaf = user.replace("[offhook]", f"[{NO_RIGHTS}]").replace("write = reporting", "write = originate")
        return "\n".join([user, deaf, filtered, user.replace("[offhook]", f"[{ONLY_WANTED}]"), only, ""])
