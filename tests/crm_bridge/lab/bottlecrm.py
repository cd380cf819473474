"""BottleCRM from PyPI on SQLite, in a virtual environment outside the checkout that is made once.

Standard library only. ``programs`` says where. It needs Python 3.12 or later, which need not be the one that runs the
tests. Its tables are made from its models at once: its hundreds of migrations take minutes on SQLite.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.crm_bridge.lab.programs import STAMP, alone, free_port, lab_folder, make_venv, running

PACKAGES = ("django-crm==1.35.0",)
NEEDED = (3, 12)
SETTINGS = """
import os
from crm.test_settings import *

class MadeFromModels:
    def __contains__(self, name):
        return True
    def __getitem__(self, name):
        return None

MIGRATION_MODULES = MadeFromModels()
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.environ["BOTTLE_FOLDER"], "bottle.sqlite"),
    },
}
"""
# Runs within BottleCRM: an organisation with one member, his tokens, its contacts and what it knows of them.
FILL = """
import json, sys
from datetime import date, datetime
from decimal import Decimal
import django
django.setup()
from django.contrib.auth import get_user_model
from cases.models import Case
from common.models import Org, PersonalAccessToken, Profile
from contacts.models import Contact
from interactions.service import log_interaction
from opportunity.models import Opportunity

asked = json.load(sys.stdin)
user = get_user_model().objects.create_user(email="agent@example.com", password="x", name="Dana O'Neill")
org = Org.objects.create(name="Lab")
member = Profile.objects.create(user=user, org=org, role="ADMIN", is_organization_admin=True, is_active=True)
tokens = [PersonalAccessToken.generate(member, "offhook", scopes=scopes)[0] for scopes in asked["scopes"]]
people = {}
for each in asked["contacts"]:
    people[each["last_name"]] = Contact.objects.create(org=org, **each)
for each in asked.get("deals", ()):
    who, closed_on, amount = people[each.pop("of")], date.fromisoformat(each.pop("closed_on")), Decimal("1250.50")
    one = Opportunity(org=org, closed_on=closed_on, amount=amount, currency="EUR", **each)
    one.full_clean(exclude=["pipeline", "stage"])
    one.save()
    one.contacts.add(who)
for each in asked.get("cases", ()):
    who, made = people[each.pop("of")], datetime.fromisoformat(each.pop("made"))
    one = Case.objects.create(org=org, priority="High", **each)
    one.contacts.add(who)
    Case.objects.filter(pk=one.pk).update(created_at=made)
for each in asked.get("interactions", ()):
    who, at = people[each.pop("of")], datetime.fromisoformat(each.pop("at"))
    log_interaction(org, home="contact", record=who, occurred_at=at, logged_by=member, **each)
json.dump(tokens, sys.stdout)
"""


def fitting_python() -> str | None:
    """A Python that BottleCRM runs on; None if this machine has none."""
    pyenv = sorted(Path("~/.pyenv/versions").expanduser().glob("3.*/bin/python3"), reverse=True)
    known = [sys.executable, *(shutil.which(f"python3.{minor}") for minor in (13, 12)), *map(str, pyenv)]
    return next((one for one in known if one is not None and _fits(one)), None)


@contextmanager
def bottlecrm(
    folder: Path, python: str, scopes: Sequence[Sequence[str]], contacts: Sequence[Mapping[str, str]], **known: Any
) -> Iterator[Any]:
    """The address of a BottleCRM with these contacts and what is known of them, and a token for each of ``scopes``."""
    made = _lab(python)
    shutil.copy(made / "bottle.sqlite", folder / "bottle.sqlite")
    env, port = _env(made, folder), free_port()
    asked = json.dumps({"scopes": list(scopes), "contacts": list(contacts), **known})
    fill = [str(made / "venv/bin/python"), "-W", "ignore", "-c", FILL]
    done = subprocess.run(fill, input=asked, env=env, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    tokens = json.loads(done.stdout.splitlines()[-1])
    server = [made / "venv/bin/gunicorn", "--chdir", folder, "-w", "1", "-t", "300"]
    server += ["--control-socket", folder / "control"]
    with running([*server, "-b", f"127.0.0.1:{port}", "crm.wsgi"], port, folder / "log", env):
        yield f"http://127.0.0.1:{port}", tokens


def why_not_installed(python: str) -> str | None:
    """Why its packages cannot be had with this Python; None if they are there."""
    try:
        _lab(python)
    except subprocess.CalledProcessError as error:
        return f"{error.cmd[:4]} ended with {error.returncode}"
    return None


def _lab(python: str) -> Path:
    folder = lab_folder("bottlecrm", (*PACKAGES, SETTINGS, python))
    with alone(folder.with_suffix(".lock")):
        if not (folder / STAMP).exists():
            shutil.rmtree(folder, ignore_errors=True)
            make_venv(folder / "venv", PACKAGES, python)
            (folder / "bottle_lab.py").write_text(SETTINGS)
            command = [str(folder / "venv/bin/django-admin"), "migrate", "--run-syncdb", "-v", "0"]
            subprocess.run(command, check=True, env=_env(folder, folder), cwd=folder, capture_output=True)
            (folder / STAMP).touch()
    return folder


def _env(made: Path, folder: Path) -> dict[str, str]:
    own = {"PYTHONPATH": str(made), "DJANGO_SETTINGS_MODULE": "bottle_lab", "BOTTLE_FOLDER": str(folder)}
    return {**os.environ, **own, "SECRET_KEY": "lab" * 20, "ENV_TYPE": "dev"}


def _fits(python: str) -> bool:
    ask = f"import sys, venv, ensurepip, sqlite3; sys.exit(sys.version_info < {NEEDED})"
    try:
        return subprocess.run([python, "-c", ask], capture_output=True).returncode == 0
    except OSError:
        return False
