"""``offhook person export``: what is kept about a person, as JSON for a program and as a page for the person."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import msgspec

from offhook.privacy.kept import PersonError
from offhook.privacy.whole_person import WholePerson, plain_whole

JSON_FILE, PAGE_FILE = "person.json", "person.html"


def export_json(person: WholePerson, at: datetime) -> bytes:
    """All of it in one JSON document, made at that instant."""
    document = {"made_at": at, "made_by": "Offhook", **plain_whole(person)}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def export_page(person: WholePerson, at: datetime) -> str:
    """The same as one HTML document that needs nothing beside it; every text in it is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("offhook.privacy"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["plain"] = plain_value
    whole = plain_whole(person)
    parts = [{**found, "parties": _parties(found)} for found in (whole, *whole["by_other_numbers"])]
    return environment.get_template("person.html").render(whole=whole, parts=parts, at=at, unasked=person.unasked)


def write_export(person: WholePerson, folder: Path, at: datetime) -> list[Path]:
    """Both documents in the new folder, for this user only.

    Raises:
        PersonError: it is there already, or cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
        return [
            _write(folder / JSON_FILE, export_json(person, at)),
            _write(folder / PAGE_FILE, export_page(person, at).encode()),
        ]
    except FileExistsError:
        hint = "name a folder that is not there yet"
        raise PersonError("person-export-exists", f"{folder} is there already", "", hint) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise PersonError(
            "person-export-unwritable", f"{folder} cannot be written", why, "make room, or choose another"
        ) from error


def plain_value(value: object) -> str:
    """A value for a cell: nothing for what is not known, JSON for what has parts."""
    if value is None or value in ("", [], {}):
        return ""
    return value if isinstance(value, str) else msgspec.json.format(msgspec.json.encode(value), indent=1).decode()


def _parties(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls as rows of a table, with their parts apart."""
    shown = ("offered_at", "direction", "caller", "dialled", "queue", "outcome", "answered_at", "ended_at")
    return [{name: call[name] for name in shown} | {"whole": call} for call in found["calls"]]


def _write(path: Path, data: bytes) -> Path:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    return path
