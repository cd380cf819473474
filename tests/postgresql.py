"""A real PostgreSQL server on loopback, with its own data, for the tests that need one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from tests.pbx.lab.processes import Program, free_port, until

#: whoever is still connected would keep its tables from being dropped
_EMPTY: Final = """
SET client_min_messages = warning;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
DROP SCHEMA public CASCADE;
CREATE SCHEMA public"""


class PostgresqlServer:
    """One server; ``make_database`` gives an empty database, so that tests do not see each other's rows.

    The server refuses to run as root: then it runs as the user ``postgres`` that its package brings.
    """

    def __init__(self) -> None:
        binaries = [*Path("/usr/lib/postgresql").glob("*/bin")]
        found = shutil.which("initdb") or next((str(one / "initdb") for one in sorted(binaries)[-1:]), None)
        assert found, "PostgreSQL is missing: apt-get install postgresql"
        self._bin = Path(found).resolve().parent
        # The kernel forgets --pdeathsig when the user changes: it is asked for again with the new one.
        user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        self._as = ["setpriv", *user, "--pdeathsig=KILL", "--"]
        self._folder = Path(tempfile.mkdtemp(prefix="offhook-postgresql-"))
        if user:
            shutil.chown(self._folder, "postgres", "postgres")
        self.port = free_port()
        self._count = 0
        self._empty: list[str] = []
        self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def make_database(self) -> str:
        """Make an empty database and return its URL."""
        self._count += 1
        name = f"test_{self._count}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "offhook", name)
        return f"postgresql://offhook@127.0.0.1:{self.port}/{name}"

    @contextmanager
    def lent_database(self) -> Iterator[str]:
        """The URL of an empty database, which is emptied and lent again afterwards: to make one writes 300 files."""
        url = self._empty.pop() if self._empty else self.make_database()
        yield url
        self._run(str(self._bin / "psql"), "-q", "-v", "ON_ERROR_STOP=1", "-c", _EMPTY, url)
        self._empty.append(url)

    def stop(self) -> None:
        """End the server and remove its data."""
        self._program.stop()
        shutil.rmtree(self._folder)

    def kill(self) -> None:
        """End it without a warning, as a power cut does; the data stay for ``start_again``."""
        self._program.kill()

    def start_again(self) -> None:
        """Start it on the same data and port."""
        self._launch()

    def _start(self) -> None:
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "offhook", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._launch()

    def _launch(self) -> None:
        options = ["-h", "127.0.0.1", "-p", str(self.port), "-k", "", "-c", "fsync=off", "-c", "max_connections=50"]
        command = [*self._as, str(self._bin / "postgres"), "-D", str(self._folder / "data"), *options]
        self._program = Program(command, Path(tempfile.gettempdir()) / f"{self._folder.name}.log")
        until("PostgreSQL answers", self._answers, 30, self._program.output)

    def _answers(self) -> bool:
        command = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._bin / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/")
