"""The command line as a test calls it, in this process or as a program of its own."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from typer.testing import CliRunner, Result

from offhook.main import app
from tests.pbx.lab.processes import Program, until
from tests.source import ROOT

OFFHOOK = [sys.executable, "-m", "offhook.main"]


def call(*arguments: str | Path) -> Result:
    """The command's output and exit status; the file permissions of this process are as before."""
    before = os.umask(0o022)
    try:
        return CliRunner().invoke(app, [str(one) for one in arguments])
    finally:
        os.umask(before)


def start(folder: Path, settings: Path) -> Program:
    """``offhook run`` as a program of its own."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return Program([*OFFHOOK, "run", "-c", settings], folder / "offhook.log", cwd=folder, env=environ)


def address(program: Program) -> str:
    """Where its pages are, once it has told."""
    found = until("the address is told", lambda: re.search(r"http://[0-9.:]+", program.output()), 30, program.output)
    return found[0]
