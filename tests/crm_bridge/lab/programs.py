"""Real CRMs and directories from PyPI, in a virtual environment outside the checkout that is made once.

Standard library only. ``OFFHOOK_LAB_DIR`` names another place than ``/var/cache/offhook-lab``; where that cannot be
written, the user's own cache is taken.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PACKAGES = (
    *("trytond==8.2.1", "trytond-party==8.2.0", "trytond-sale==8.2.0", "trytond-sale-complaint==8.2.0"),
    *("phonenumbers>=9", "radicale==3.9.0"),
)
STAMP = "complete"
PASSWORD = "s3cret-password"


def lab_folder(name: str = "crm", contents: Sequence[str] = PACKAGES) -> Path:
    """A folder for what these packages need, named for what is in it."""
    mark = hashlib.sha256(repr((contents, sys.version_info[:2])).encode()).hexdigest()[:12]
    for place in (os.environ.get("OFFHOOK_LAB_DIR"), "/var/cache/offhook-lab", Path.home() / ".cache/offhook-lab"):
        if place:
            folder = Path(place) / f"{name}-{mark}"
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError:
                continue
            return folder
    raise AssertionError("no folder for the real CRMs can be written; set OFFHOOK_LAB_DIR")


def lab() -> Path:
    """The folder with the programs and Tryton's databases in it, made if it is not complete: a minute to two.

    ``crm`` has the modules of sales, ``bare`` that of parties only.
    """
    folder = lab_folder()
    with alone(folder.with_suffix(".lock")):
        if not (folder / STAMP).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder)
            (folder / STAMP).touch()
    return folder


@contextmanager
def running(
    command: Sequence[str | Path], port: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[None]:
    """A server as long as it is needed, once it answers on ``port``."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command], stdout=output, stderr=output, env={**os.environ, **(env or {})}
        )
        try:
            until_listening(port, process, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until_listening(port: int, process: subprocess.Popen[bytes], log: Path, bound_s: float = 90.0) -> None:
    """Wait until somebody answers on the port; AssertionError with the end of the log if nobody does."""
    end = time.monotonic() + bound_s
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text(errors="replace")[-2000:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tryton_config(folder: Path, port: int, mail_port: int = 0) -> str:
    """Tryton's settings for the databases in ``folder``; its e-mails go to ``mail_port`` of this machine."""
    mails = f"[email]\nuri = smtp://127.0.0.1:{mail_port}\nfrom = tryton@example.com\n"
    return f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n{mails}"


def make_venv(folder: Path, packages: Sequence[str], python: str = sys.executable) -> None:
    """A virtual environment with these packages."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--retries", "5", *packages], check=True)


def _make(folder: Path) -> None:
    make_venv(folder / "venv", PACKAGES)
    (folder / "tryton").mkdir()
    (folder / "tryton/crm.sqlite").touch()
    (folder / "password").write_text(PASSWORD + "\n")
    (folder / "trytond.conf").write_text(tryton_config(folder / "tryton", 0))
    admin = [str(folder / "venv/bin/trytond-admin"), "-c", str(folder / "trytond.conf"), "-d", "crm"]
    env = {**os.environ, "TRYTONPASSFILE": str(folder / "password")}
    subprocess.run([*admin, "--all", "--email", "admin@example.com"], check=True, env=env, capture_output=True)
    for modules in (["party"], ["sale", "sale_complaint"]):
        activate = [*admin, "-u", *modules, "--activate-dependencies"]
        subprocess.run(activate, check=True, env=env, capture_output=True)
        if modules == ["party"]:
            shutil.copy(folder / "tryton/crm.sqlite", folder / "tryton/bare.sqlite")


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Nobody else makes what this file stands for."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
