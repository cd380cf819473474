"""A real MariaDB server on loopback, with its own data, for the tests that need one: FreePBX has its records there."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.pbx.lab.processes import Program, free_port, until

USER = "offhook"


class MariadbServer:
    """One server; ``make_database`` gives an empty database. As root it runs as the user ``mysql``."""

    def __init__(self) -> None:
        found = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
        assert found, "MariaDB is missing: apt-get install mariadb-server"
        self._as = ["setpriv", "--reuid=mysql", "--regid=mysql", "--clear-groups", "--"] * (os.geteuid() == 0)
        self._folder = Path(tempfile.mkdtemp(prefix="offhook-mariadb-"))
        if self._as:
            shutil.chown(self._folder, "mysql", "mysql")
        self.port = free_port()
        self._count = 0
        self._start(found)

    def make_database(self) -> str:
        """Make an empty database and return its URL."""
        self._count += 1
        name = f"asteriskcdrdb_{self._count}"
        self.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4; GRANT ALL ON {name}.* TO '{USER}'@'127.0.0.1'")
        return f"mysql://{USER}@127.0.0.1:{self.port}/{name}"

    def run(self, statements: str) -> None:
        """Have the server do something, as its own root."""
        command = [*self._as, "mariadb", "--no-defaults", "--socket", str(self._folder / "socket"), "-u", "root"]
        if self._as:
            command[-1] = "mysql"
        subprocess.run([*command, "-e", statements], check=True, capture_output=True)

    def stop(self) -> None:
        """End the server and remove its data."""
        self._program.stop()
        shutil.rmtree(self._folder)

    def _start(self, server: str) -> None:
        data, socket = str(self._folder / "data"), str(self._folder / "socket")
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db"]
        owner = ["--auth-root-socket-user=mysql"] if self._as else []
        command = [*self._as, *install, "--auth-root-authentication-method=socket", *owner]
        subprocess.run(command, check=True, capture_output=True, cwd="/")
        options = [
            "--no-defaults", f"--datadir={data}", f"--socket={socket}", f"--port={self.port}",
            "--bind-address=127.0.0.1", f"--pid-file={self._folder / 'pid'}", "--skip-networking=0",
            "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin",
        ]  # fmt: skip
        log = Path(tempfile.gettempdir()) / f"{self._folder.name}.log"
        self._program = Program([*self._as, server, *options], log)
        until("MariaDB answers", self._answers, 60, self._program.output)
        self.run(f"CREATE USER '{USER}'@'127.0.0.1'")

    def _answers(self) -> bool:
        socket = f"--socket={self._folder / 'socket'}"
        command = [*self._as, "mariadb-admin", "--no-defaults", socket, "ping"]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
