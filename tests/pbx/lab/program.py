"""The program under test, as an admin runs it: ``offhook run`` with an ``offhook.toml``, in a process of its own."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.pbx.lab.pbx import ObservedPbx
from tests.pbx.lab.processes import Program, free_port, until

OFFHOOK = Path(sys.executable).parent / "offhook"
PBX_NAME = "lab"

SETTINGS = """
[[pbx]]
name = "{name}"
host = "{pbx.host}"
port = {pbx.port}
username = "{pbx.username}"
secret_file = "ami-secret"
trunks = ["trunk"]

[store]
url = "sqlite:///offhook.sqlite"

[crm]
default_region = "IT"
dial_prefixes = ["9"]

[web]
listen = "127.0.0.1:{port}"
"""

Row = dict[str, Any]


class RunningOffhook:
    """``offhook run`` against the laboratory's PBX, in a folder of its own."""

    def __init__(self, folder: Path, pbx: ObservedPbx) -> None:
        self.folder = folder
        self.web_port = free_port()
        self.settings = folder / "offhook.toml"
        self.settings.write_text(SETTINGS.format(name=PBX_NAME, pbx=pbx, port=self.web_port))
        secret = folder / "ami-secret"
        secret.write_text(pbx.secret + "\n")
        secret.chmod(0o600)
        self.started_at = datetime.now(UTC)
        self._program: Program | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def call(self, *arguments: str | Path) -> str:
        """Run another ``offhook`` command with these settings to its end; return what it printed."""
        done = subprocess.run(
            [OFFHOOK, *arguments], capture_output=True, text=True, cwd=self.folder, timeout=60, check=False
        )
        assert done.returncode == 0, f"offhook {arguments} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self) -> None:
        """Start, and return when it is ready: the PBX's snapshot is taken and the pages are served."""
        command = [OFFHOOK, "run", "-c", self.settings]
        self._program = Program(command, self.folder / "offhook.log", cwd=self.folder, punctual=True)
        until("offhook is ready", self._is_ready, 30, self.log)

    def fetch(self, path: str) -> str:
        """Return a page of it as it is."""
        with urllib.request.urlopen(self.url + path, timeout=10) as reply:
            return str(reply.read().decode())

    def stop(self) -> int | None:
        """End it as a service manager does; return its exit status."""
        assert self._program is not None
        return self._program.stop()

    def log(self) -> str:
        """Return all that it printed."""
        return "" if self._program is None else self._program.output()

    def rows(self, statement: str, *values: object) -> list[Row]:
        """Return rows of its store, read as any other program would."""
        with closing(sqlite3.connect(f"file:{self.folder / 'offhook.sqlite'}?mode=ro", uri=True)) as store:
            store.row_factory = sqlite3.Row
            return [dict(row) for row in store.execute(statement, values)]

    def _is_ready(self) -> bool:
        assert self._program is not None
        assert self._program.running, f"offhook run ended with {self._program.exit_status}\n{self.log()}"
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as reply:
                return bool(reply.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False
