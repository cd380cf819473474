"""Programs that the tests start: each dies with the test run, however that ends, and is awaited, never slept for."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


class Program:
    """One started program, with its output in a file.

    ``setpriv --pdeathsig`` has the kernel end it when the test run is killed: an interrupted run leaves nothing.
    One that is ``punctual`` goes before whatever else the machine does, because its instants are compared. Needs root.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        log: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        *,
        punctual: bool = False,
    ) -> None:
        self.log = log
        self._output = log.open("wb")
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *(["nice", "-n", "-10"] if punctual else []), *command],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=env,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_status(self) -> int | None:
        return self._process.poll()

    def output(self) -> str:
        """Return all that it printed so far."""
        return self.log.read_text(errors="replace")

    def wait(self, timeout_s: float) -> int:
        """Return the exit status; subprocess.TimeoutExpired when it is still running then."""
        return self._process.wait(timeout_s)

    def interrupt(self) -> None:
        """Ask as Ctrl-C does."""
        self._process.send_signal(2)

    def kill(self) -> None:
        """End it without a warning, as a power cut does."""
        self._process.kill()
        self._process.wait(10)
        self._output.close()

    def stop(self, patience_s: float = 10) -> int | None:
        """Ask it to end, insist when it does not, and return its exit status."""
        if self.running:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience_s)
        if self.running:
            self.kill()
        self._output.close()
        return self._process.returncode


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: str, look: Callable[[], Found | None], within_s: float, evidence: Callable[[], str] = str) -> Found:
    """Return the first true answer of ``look``; AssertionError naming ``what`` and the evidence after ``within_s``."""
    deadline = time.monotonic() + within_s
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}\n{evidence()[-4000:]}")
        time.sleep(0.02)
    return found


def listens(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a TCP connection to the port is taken."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
