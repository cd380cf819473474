"""A parsed TOML document against the structs that configure the house: all problems at once, each with its path."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from cti.errors import OffhookError
from offhook.terminal import printable

LONGEST_ECHO = 40  # characters of a wrong value shown back: enough to find it in the file


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong in the settings. ``path`` is the TOML path (``pbx[0].port``), empty for the file as a whole."""

    ref: str
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text} [{self.ref}]" if self.path else f"{self.text} [{self.ref}]"


def find_problems(kind: type[Any], raw: object) -> list[Problem]:
    """What keeps ``raw`` from becoming a ``kind`` (a msgspec struct), section by section; empty if nothing."""
    return list(_problems(inspect.type_info(kind), raw, ""))


def secret_fields(struct: inspect.StructType) -> set[str]:
    """The fields that are never shown: each one that may also come from a ``*_file``."""
    names = {field.encode_name for field in struct.fields}
    return {name for name in names if f"{name}_file" in names}


def inner_structs(kind: inspect.Type) -> Iterator[inspect.StructType]:
    """The structs that ``kind`` may be made of, itself first: through lists, unions and annotations."""
    kind = bare(kind)
    if isinstance(kind, inspect.StructType):
        yield kind
    elif isinstance(kind, inspect.UnionType):
        for member in kind.types:
            yield from inner_structs(member)
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
        yield from inner_structs(kind.item_type)
    elif isinstance(kind, inspect.DictType):
        yield from inner_structs(kind.value_type)


def bare(kind: inspect.Type) -> inspect.Type:
    """The type without its annotation."""
    return bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def parser_of(kind: inspect.Type) -> Callable[[str], object] | None:
    """What reads a text of this type, as ``Meta(extra={"parse": ...})`` names it: it raises ValueError if it cannot."""
    if isinstance(kind, inspect.UnionType):
        return next(filter(None, map(parser_of, kind.types)), None)
    if not isinstance(kind, inspect.Metadata):
        return None
    parse: Callable[[str], object] | None = (kind.extra or {}).get("parse")
    return parse or parser_of(kind.type)


def describe(kind: inspect.Type) -> str:
    """A type in the admin's words: ``a whole number from 1 to 65535``, ``true or false``, ``one of: a, b``."""
    kind = bare(kind)
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return ("a whole number" if isinstance(kind, inspect.IntType) else "a number") + _bounds(kind)
    if isinstance(kind, inspect.LiteralType):
        return "one of: " + ", ".join(str(value) for value in kind.values)
    if isinstance(kind, inspect.EnumType):
        return "one of: " + ", ".join(str(member.value) for member in kind.cls)
    if isinstance(kind, inspect.UnionType):
        return " or ".join(describe(member) for member in kind.types if not isinstance(bare(member), inspect.NoneType))
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        item = bare(kind.item_type)
        return "a list of tables" if isinstance(item, inspect.StructType) else f"a list of {describe(item)}"
    if isinstance(kind, inspect.StrType):
        return "text" + _limits(kind)
    words: dict[type[inspect.Type], str] = {
        inspect.BoolType: "true or false",
        inspect.StructType: "a table",
        inspect.DictType: "a table",
    }
    return words.get(type(kind), "another kind of value")


def nearest(key: str, known: list[str]) -> str:
    """What to suggest for a key that is not known: the nearest one, else all of them."""
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.55)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(sorted(known))}"


def join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _problems(kind: inspect.Type, value: object, path: str) -> Iterator[Problem]:
    parse, kind = parser_of(kind), bare(kind)
    if isinstance(kind, inspect.StructType):
        yield from _struct_problems(kind, value, path)
    elif isinstance(kind, inspect.ListType | inspect.VarTupleType) and isinstance(value, list):
        for i, item in enumerate(value):
            yield from _problems(kind.item_type, item, f"{path}[{i}]")
    elif isinstance(kind, inspect.DictType) and isinstance(value, dict):
        for key, item in value.items():
            yield from _problems(kind.value_type, item, join(path, key))
    elif isinstance(kind, inspect.UnionType) and isinstance(value, dict):
        yield from _union_problems(kind, value, path)
    elif isinstance(kind, inspect.UnionType) and isinstance(value, list) and (many := _list_in(kind)) is not None:
        yield from _problems(many, value, path)
    elif not _fits(kind, value):
        yield Problem("config-bad-type", path, f"expected {describe(kind)}, got {_shown(value)}{_brackets(kind, path)}")
    elif parse is not None and isinstance(value, str):
        yield from _parse_problems(parse, value, path)


def _list_in(kind: inspect.UnionType) -> inspect.Type | None:
    lists = (one for one in kind.types if isinstance(bare(one), inspect.ListType | inspect.VarTupleType))
    return next(lists, None)


def _parse_problems(parse: Callable[[str], object], value: str, path: str) -> Iterator[Problem]:
    try:
        parse(value)
    except ValueError as error:
        yield Problem("config-bad-value", path, str(error))


def _union_problems(kind: inspect.UnionType, value: dict[str, object], path: str) -> Iterator[Problem]:
    structs = list(inner_structs(kind))
    tagged = [one for one in structs if one.tag_field and value.get(one.tag_field) == one.tag]
    chosen = tagged or structs
    if len(chosen) == 1:
        yield from _problems(chosen[0], value, path)
    elif structs and (tag_field := structs[0].tag_field):
        tags = [str(one.tag) for one in structs]
        yield Problem("config-bad-value", join(path, tag_field), f"expected one of: {', '.join(tags)}")


def _struct_problems(struct: inspect.StructType, value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem("config-bad-type", path, f"expected a table, got {_shown(value)}")
        return
    yield from _key_problems(struct, value, path)
    sound, complete = {}, True
    for field in struct.fields:
        name = field.encode_name
        found = list(_field_problems(struct, field, value[name], join(path, name))) if name in value else []
        yield from found
        if name in value and not found:
            sound[name] = value[name]
        elif field.required or (found and not any(inner_structs(field.type))):
            complete = False
    if complete:
        yield from _own_problems(struct, sound, path)


def _key_problems(struct: inspect.StructType, value: Mapping[str, object], path: str) -> Iterator[Problem]:
    fields = {field.encode_name: field for field in struct.fields}
    for key in value:
        if key not in fields and key != struct.tag_field:
            hint = nearest(key, [name for name in fields if value.get(name, {}) == {}] or list(fields))
            yield Problem("config-unknown-key", join(path, key), f"unknown key ({hint})")
    for name, field in fields.items():
        if field.required and name not in value:
            yield Problem("config-missing", join(path, name), f"is missing: {describe(field.type)} is needed")


def _field_problems(struct: inspect.StructType, field: inspect.Field, value: object, path: str) -> Iterator[Problem]:
    if field.encode_name not in secret_fields(struct):
        yield from _problems(field.type, value, path)
    elif not _fits(field.type, value):
        yield Problem("config-bad-type", path, f"expected {describe(field.type)} (the value is not shown)")


def _own_problems(struct: inspect.StructType, value: object, path: str) -> Iterator[Problem]:
    """What the struct itself has against values that are right one by one; parts that are not were left out."""
    try:
        msgspec.convert(value, struct.cls)
    except msgspec.ValidationError as error:
        text = str(error).partition(" - at `$")[0]
        name, _, rest = text.partition(": ")
        if name in {field.encode_name for field in struct.fields}:
            path, text = join(path, name), rest
        yield Problem("config-bad-value", path, text)
    except OffhookError as error:
        yield Problem(error.ref, path, ": ".join(part for part in (error.what, error.why, error.hint) if part))


def _fits(kind: inspect.Type, value: object) -> bool:
    kind = bare(kind)
    if isinstance(kind, inspect.UnionType):
        return any(_fits(member, value) for member in kind.types)
    if isinstance(kind, inspect.LiteralType):
        return value in kind.values
    if isinstance(kind, inspect.EnumType):
        return value in [member.value for member in kind.cls]
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        numbers = int if isinstance(kind, inspect.IntType) else (int, float)
        return isinstance(value, numbers) and not isinstance(value, bool) and _within(kind, value)
    if isinstance(kind, inspect.StrType):
        return isinstance(value, str) and _within_limits(kind, value)
    plain: dict[type[inspect.Type], type] = {
        inspect.BoolType: bool,
        inspect.ListType: list,
        inspect.VarTupleType: list,
        inspect.DictType: dict,
        inspect.StructType: dict,
        inspect.NoneType: type(None),
        inspect.AnyType: object,
    }
    return isinstance(value, plain.get(type(kind), object))


def _within(kind: inspect.IntType | inspect.FloatType, value: float) -> bool:
    return (
        (kind.ge is None or value >= kind.ge)
        and (kind.gt is None or value > kind.gt)
        and (kind.le is None or value <= kind.le)
        and (kind.lt is None or value < kind.lt)
    )


def _within_limits(kind: inspect.StrType, value: str) -> bool:
    longest = len(value) if kind.max_length is None else kind.max_length
    return (kind.min_length or 0) <= len(value) <= longest and bool(re.search(kind.pattern or "", value))


def _limits(kind: inspect.StrType) -> str:
    if kind.pattern:
        return f" that matches {kind.pattern}"
    low = "" if not kind.min_length else " that is not empty" if kind.min_length == 1 else f" of {kind.min_length}"
    high = f" to {kind.max_length} characters" if kind.max_length and (kind.min_length or 0) > 1 else ""
    return low + (high or (" characters or more" if (kind.min_length or 0) > 1 else ""))


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    low = f"{kind.ge}" if kind.ge is not None else f"above {kind.gt}" if kind.gt is not None else ""
    high = f"{kind.le}" if kind.le is not None else f"below {kind.lt}" if kind.lt is not None else ""
    if low and high:
        return f" from {low} to {high}"
    if kind.ge is not None:
        return f" of {low} or more"
    return f" {low}" if low else f" of {high} or less" if kind.le is not None else f" {high}" if high else ""


def _shown(value: object) -> str:
    """A value as the admin wrote it, cut short, with its kind."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    echo = f'"{value}"' if isinstance(value, str) else str(value)
    safe = printable(echo)
    return safe if len(safe) <= LONGEST_ECHO else safe[: LONGEST_ECHO - 1] + "…"


def _brackets(kind: inspect.Type, path: str) -> str:
    tables = isinstance(kind, inspect.ListType | inspect.VarTupleType) and isinstance(
        bare(kind.item_type), inspect.StructType
    )
    return f" (write it with double brackets: [[{path}]])" if tables else ""
