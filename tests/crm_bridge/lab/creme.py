"""Creme from PyPI with a database of its own making, in a virtual environment outside the checkout that is made once.

Standard library only. ``programs`` says where. Only the parts of Creme that know people, calls, sales, tickets
and e-mails are installed, as each further one makes the database slower to make.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.crm_bridge.lab.creme_sales import SALES
from tests.crm_bridge.lab.programs import STAMP, alone, lab_folder, make_venv

PACKAGES = ("creme-crm==2.8.6",)
SETTINGS = """
import os
from pathlib import Path
from creme.settings import *

FOLDER = Path(os.environ["CREME_FOLDER"])
LEFT_OUT = {
    "assistants", "sketch", "graphs", "reports", "recurrents", "opportunities", "commercial", "events", "crudity",
    "projects", "vcfs", "geolocation", "custom_entities",
}
INSTALLED_APPS = [app for app in INSTALLED_APPS if app.removeprefix("creme.") not in LEFT_OUT] + ["creme.cti"]
SECRET_KEY = "lab"
SITE_DOMAIN = "http://127.0.0.1"
ALLOWED_HOSTS = ["testserver"]
LANGUAGE_CODE = "en"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "creme.sqlite")}}
JOBMANAGER_BROKER = f"unix_socket://{FOLDER}/"
MEDIA_ROOT = STATIC_ROOT = FOLDER / "media"
"""
# Runs within Creme: makes people as Creme itself does, and opens its pages as its administrator. Scripts and pictures
# have the names that they have there: to pack them is for browsers, and takes long.
FILL = """
import json, sys, types
import django

class SameNames(dict):
    def __missing__(self, name):
        return name

packed = types.ModuleType("_generated_media_names")
packed.NAMES = SameNames()
sys.modules[packed.__name__] = packed
django.setup()
from django.test import Client
from creme.creme_core.models import CremeUser
from creme.persons import get_contact_model, get_organisation_model

root = CremeUser.objects.get(username="root")
asked = json.load(sys.stdin)
made = {}
for each in asked["contacts"]:
    trashed = each.pop("trashed", False)
    one = get_contact_model().objects.create(user=root, **each)
    made[one.last_name] = one.id
    if trashed:
        one.trash()
for each in asked["organisations"]:
    one = get_organisation_model().objects.create(user=root, **each)
    made[one.name] = one.id
#more#
client = Client()
client.force_login(root)
pages = {}
for path in asked["pages"]:
    reply = client.get(path.format(**made))
    pages[path] = [reply.status_code, reply.content.decode()]
json.dump({"made": made, "pages": pages}, sys.stdout)
"""


def creme_lab() -> Path:
    """The folder with Creme and an empty database of it: a minute at the first time."""
    folder = lab_folder("creme", (*PACKAGES, SETTINGS))
    with alone(folder.with_suffix(".lock")):
        if not (folder / STAMP).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder)
            (folder / STAMP).touch()
    return folder


def fill_creme(folder: Path, **asked: Any) -> dict[str, Any]:
    """A database with these people in ``folder``, and what they ordered and the like.

    Told are their ids by last name, and what Creme shows on the pages asked.
    """
    made = creme_lab()
    shutil.copy(made / "creme.sqlite", folder / "creme.sqlite")
    command = [str(made / "venv/bin/python"), "-W", "ignore", "-c", FILL.replace("#more#", SALES)]
    done = subprocess.run(command, input=json.dumps(asked), env=_env(made, folder), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout))


def _make(folder: Path) -> None:
    make_venv(folder / "venv", PACKAGES)
    (folder / "creme_lab.py").write_text(SETTINGS)
    for command in ("migrate", "creme_populate"):
        creme = [str(folder / "venv/bin/creme"), command, "--settings=creme_lab", "-v", "0"]
        subprocess.run(creme, check=True, env=_env(folder, folder), capture_output=True)


def _env(made: Path, folder: Path) -> dict[str, str]:
    own = {"PYTHONPATH": str(made), "DJANGO_SETTINGS_MODULE": "creme_lab", "CREME_FOLDER": str(folder)}
    return {**os.environ, **own}
