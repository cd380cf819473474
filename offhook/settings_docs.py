"""``python -m offhook.settings_docs``: the page about all settings, made from the structs themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import Enum
from inspect import cleandoc

from msgspec import NODEFAULT, inspect

from offhook.settings import Settings
from offhook.settings_check import bare, describe, inner_structs, join, secret_fields

HEAD = """# Settings

<!-- Made by `python -m offhook.settings_docs > docs/settings.md` from the descriptions beside the code. -->

Offhook reads one file, `offhook.toml`, named with `-c`. `offhook check -c offhook.toml` tells every problem
in it at once.

- A relative path in it is taken from the folder of the file.
- A secret can stand in the file, in a file of its own (`secret_file`, `password_file`: its first line), or in an
  environment variable, which wins. No secret is ever printed or logged.
- Durations end in `_s` and are seconds.

The least that works:

```toml
[[pbx]]
name = "main"
host = "127.0.0.1"
username = "offhook"
secret_file = "ami.secret"
```
"""


def settings_page() -> str:
    """The whole page, as Markdown: a heading for each setting, named by its TOML path."""
    return "\n".join([HEAD, *_sections(inspect.type_info(Settings), "", "OFFHOOK")])


def setting_paths() -> list[str]:
    """The TOML path of each setting, list indexes left out: ``pbx.host``."""
    return [line.removeprefix("### ").strip("`") for line in settings_page().splitlines() if line.startswith("### ")]


def _sections(kind: inspect.Type, path: str, variable: str) -> Iterator[str]:
    [struct] = inner_structs(kind)
    secrets = secret_fields(struct)
    nested = [field for field in struct.fields if list(inner_structs(field.type))]
    for field in struct.fields:
        if field not in nested:
            name = field.encode_name
            yield from _setting(field, join(path, name), f"{variable}_{name.upper()}" if name in secrets else "")
    for field in nested:
        own = join(path, field.encode_name)
        many = not isinstance(bare(field.type), inspect.StructType)
        yield from _head(field, own, many, path)
        part = "_<NAME>" if many else ""
        yield from _sections(field.type, own, f"{variable}_{field.encode_name.upper()}{part}")


def _head(field: inspect.Field, path: str, many: bool, parent: str) -> Iterator[str]:
    named = isinstance(bare(field.type), inspect.DictType)
    written = f"[{path}.NAME]" if named else f"[[{path}]]" if many else f"[{path}]"
    yield f"## `{written}`\n" if not parent else f"## `{written}` (inside `{parent}`)\n"
    yield f"{_description(field)}\n"


def _setting(field: inspect.Field, path: str, variable: str) -> Iterator[str]:
    yield f"### `{path}`\n"
    yield f"{_description(field)}\n"
    words, matches, pattern = describe(field.type).partition(" that matches ")
    yield f"- Takes: {words}" + (f"{matches}`{pattern}`" if pattern else "")
    yield "- Needed" if field.required else f"- Default: {_default(field)}"
    if variable:
        yield f"- Environment: `{variable}`"
    yield ""


def _description(field: inspect.Field) -> str:
    extra = field.type.extra_json_schema if isinstance(field.type, inspect.Metadata) else None
    return cleandoc(str((extra or {}).get("description", "")))


def _default(field: inspect.Field) -> str:
    value = field.default_factory() if field.default is NODEFAULT else field.default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple | list | dict):
        return "empty"
    if isinstance(value, Enum):
        value = value.value
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(settings_page())
