"""Makes ``docs/crm/options.md`` from the adapters themselves: ``python docs/make_crm.py``."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from msgspec import NODEFAULT, inspect

from crm_bridge import adapters
from crm_bridge.sources import find_kind
from offhook.settings_check import describe

PAGE = Path(__file__).parent / "crm/options.md"
HEAD = """# Options of each kind of source

<!-- Made by `python docs/make_crm.py` from the adapters themselves. -->

They stand under `[crm.sources.options]` of a source. How to set one up is in the [pages of each family](README.md). A
secret may be given as `*_file`, a file whose first line it is, or by the environment variable
`OFFHOOK_CRM_<NAME>_<OPTION>`, which wins over both.
"""


def kinds() -> list[str]:
    return sorted(info.name for info in pkgutil.iter_modules(adapters.__path__))


def options_page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([HEAD, *(line for kind in kinds() for line in _kind(kind))])


def _kind(kind: str) -> Iterator[str]:
    module = find_kind(kind)
    yield f"## `{kind}`\n"
    yield " ".join((module.__doc__ or "").replace("``", "`").split("\n\n", 1)[1].split()) + "\n"
    struct = inspect.type_info(module.Options)
    if not isinstance(struct, inspect.StructType) or not struct.fields:
        yield "It has none.\n"
        return
    yield "| option | what it is | takes | default |\n| --- | --- | --- | --- |"
    yield from (_row(field) for field in struct.fields)
    yield ""


def _row(field: inspect.Field) -> str:
    about = (field.type.extra_json_schema or {}) if isinstance(field.type, inspect.Metadata) else {}
    words = describe(field.type).partition(" that matches ")[0]
    cells = (f"`{field.encode_name}`", str(about.get("description", "")), words, _default(field))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(field: inspect.Field) -> str:
    if field.required:
        return "needed"
    value = field.default_factory() if field.default is NODEFAULT else field.default
    if value is None or value == "" or isinstance(value, dict):
        return "none"
    if isinstance(value, tuple):
        return " ".join(f"`{one}`" for one in value) or "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    PAGE.write_text(options_page(), encoding="utf-8")
