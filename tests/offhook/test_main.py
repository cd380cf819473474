"""The commands are found, and ``--help`` is there at once."""

from __future__ import annotations

import subprocess
import sys

from tests.offhook.called import call
from tests.source import ROOT


def test_without_arguments_it_tells_what_it_can_do() -> None:
    assert {"run", "check", "replay", "demo", "customers", "version"} <= set(call("--help").output.split())


def test_help_is_there_at_once() -> None:
    """Nothing heavy is imported before a command needs it."""
    probe = "import sys; from offhook import main; print([one for one in sys.modules if one in sys.argv[1:]])"
    heavy = ["aiohttp", "sqlalchemy", "alembic", "phonenumbers", "jinja2", "structlog", "argon2", "rich.progress"]
    done = subprocess.run([sys.executable, "-c", probe, *heavy], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
