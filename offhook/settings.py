"""One ``offhook.toml``: read, checked against the structs beside the code it configures, all problems told at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import inspect

from crm_bridge.desk_settings import DeskSettings
from crm_bridge.settings import CrmSettings
from crm_bridge.webhook_settings import OutboxSettings, WebhookSettings
from cti.errors import OffhookError
from cti.journal import JournalSettings
from cti.pbx.settings import NO_USER, PbxSettings, lacks_user
from kpi.prometheus import MetricsSettings
from kpi.settings import KpiSettings
from offhook.database import StoreSettings
from offhook.logs import LogSettings
from offhook.mail.settings import MailSettings
from offhook.privacy.settings import RetentionSettings
from offhook.settings_check import Problem, bare, find_problems, inner_structs, join, secret_fields
from offhook.web.security import WebSettings

FILE_NAME = "offhook.toml"
_SUFFIX = "_file"

Document = dict[str, Any]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of ``offhook.toml``."""

    pbx: Annotated[
        tuple[PbxSettings, ...], msgspec.Meta(description="The PBXs to watch: a `[[pbx]]` table for each.")
    ] = ()
    store: Annotated[StoreSettings, msgspec.Meta(description=StoreSettings.__doc__)] = StoreSettings()
    journal: Annotated[JournalSettings, msgspec.Meta(description=JournalSettings.__doc__)] = JournalSettings()
    crm: Annotated[CrmSettings, msgspec.Meta(description=CrmSettings.__doc__)] = CrmSettings()
    desk: Annotated[DeskSettings, msgspec.Meta(description=DeskSettings.__doc__)] = DeskSettings()
    web: Annotated[WebSettings, msgspec.Meta(description=WebSettings.__doc__)] = WebSettings()
    kpi: Annotated[KpiSettings, msgspec.Meta(description=KpiSettings.__doc__)] = KpiSettings()
    mail: Annotated[MailSettings, msgspec.Meta(description=MailSettings.__doc__)] = MailSettings()
    webhook: Annotated[
        tuple[WebhookSettings, ...],
        msgspec.Meta(description="Who is told of calls by HTTP: a `[[webhook]]` table for each."),
    ] = ()
    outbox: Annotated[OutboxSettings, msgspec.Meta(description=OutboxSettings.__doc__)] = OutboxSettings()
    metrics: Annotated[MetricsSettings, msgspec.Meta(description=MetricsSettings.__doc__)] = MetricsSettings()
    retention: Annotated[RetentionSettings, msgspec.Meta(description=RetentionSettings.__doc__)] = RetentionSettings()
    log: Annotated[LogSettings, msgspec.Meta(description=LogSettings.__doc__)] = LogSettings()


class SettingsError(OffhookError):
    """The settings cannot be used; ``problems`` are all that is wrong with them."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.path, self.problems = path, problems
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(problems[0].ref, f"{path}: {count}\n{lines}")


def load_settings(path: Path, environ: Mapping[str, str] | None = None, *, needs_pbx: bool = True) -> Settings:
    """The settings in ``path``, with secrets from ``environ`` (the process's when None) and file paths made absolute.

    Without ``needs_pbx`` they may name no PBX.

    Raises:
        SettingsError: with every problem found.
    """
    document = read_toml(path)
    problems = settle_secrets(document, path.parent.resolve(), os.environ if environ is None else environ)
    problems = [*find_problems(Settings, document), *problems]
    problems += [*_duplicates(document, "pbx"), *_duplicates(document, "webhook")]
    problems += [one for one in _nameless(document) if one.path not in {known.path for known in problems}]
    if needs_pbx and not problems and not document.get("pbx"):
        problems = [Problem("config-no-pbx", "pbx", "no PBX is named: add a [[pbx]] table")]
    if problems:
        raise SettingsError(path, problems)
    return msgspec.convert(document, Settings)


def read_toml(path: Path) -> Document:
    """The document as it is, unchecked.

    Raises:
        SettingsError: there is no such file, it cannot be read, or it is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        text = "there is no such file (name it with -c; docs/install.md has one to start from)"
        raise SettingsError(path, [Problem("config-no-file", "", text)]) from error
    except OSError as error:
        raise SettingsError(path, [Problem("config-no-file", "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        text = f"is not UTF-8 (byte {error.start})"
        raise SettingsError(path, [Problem("config-not-toml", "", text)]) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            path, [Problem("config-not-toml", "", f"is not TOML: {error}; texts stand in quotes")]
        ) from error


def settle_secrets(document: Document, folder: Path, environ: Mapping[str, str]) -> list[Problem]:
    """Put secrets from the environment into ``document``, make its file paths absolute, and say what cannot be read.

    The environment wins: ``OFFHOOK_WEB_PASSWORD`` for ``web.password``, ``OFFHOOK_PBX_<NAME>_SECRET`` for a PBX's.
    """
    problems: list[Problem] = []
    for struct, table, path, variable in _tables(inspect.type_info(Settings), document, "", "OFFHOOK"):
        for field in struct.fields:
            name = field.encode_name
            if name.endswith(_SUFFIX) and isinstance(value := table.get(name), str):
                table[name] = str(folder / value)
        for name in sorted(secret_fields(struct)):
            problems += _settle_secret(table, name, join(path, name), environ.get(f"{variable}_{name.upper()}"))
    return problems


def fetch_secret_file(path: str) -> str:
    """The first line of a secret's file.

    Raises:
        OffhookError: the file cannot be read, or its first line is empty.
    """
    try:
        secret = Path(path).read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8"
        hint = "check the path, and that the user who runs Offhook may read it"
        raise OffhookError("config-secret-file", f"{path} cannot be read", why, hint) from error
    if not secret:
        hint = "write the secret on its first line, and nothing else"
        raise OffhookError("config-secret-file", f"{path} holds no secret", "its first line is empty", hint)
    return secret


def fetch_secret(value: str | None, path: str | None) -> str | None:
    """A secret given as itself or by its file; None where neither is set. Raises what ``fetch_secret_file`` raises."""
    return fetch_secret_file(path) if value is None and path is not None else value


def environment_name(part: str) -> str:
    """A name as a part of an environment variable.

    >>> environment_name("head-office.1")
    'HEAD_OFFICE_1'
    """
    return re.sub(r"[^A-Z0-9]", "_", part.upper())


def _settle_secret(table: Document, name: str, path: str, from_environment: str | None) -> list[Problem]:
    file_name = name + _SUFFIX
    if from_environment is not None:
        table[name] = from_environment
        table.pop(file_name, None)
        return []
    if name in table and file_name in table:
        text = f"is given twice: remove {name} or {file_name}"
        del table[file_name]
        return [Problem("config-secret-twice", path, text)]
    if isinstance(file := table.get(file_name), str):
        try:
            fetch_secret_file(file)
        except OffhookError as error:
            return [Problem(error.ref, path + _SUFFIX, f"{error.what}: {error.why} ({error.hint})")]
    return []


def _tables(
    kind: inspect.Type, value: object, path: str, variable: str
) -> Iterator[tuple[inspect.StructType, Document, str, str]]:
    """Each table whose struct is known: struct, table, TOML path, start of the names of its environment variables."""
    kind = bare(kind)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType) and isinstance(value, list):
        for i, item in enumerate(value):
            own = item.get("name") if isinstance(item, dict) else None
            part = environment_name(own if isinstance(own, str) else str(i))
            yield from _tables(kind.item_type, item, f"{path}[{i}]", f"{variable}_{part}")
    structs = list(inner_structs(kind))
    if len(structs) != 1 or not isinstance(value, dict):
        return
    yield structs[0], value, path, variable
    for field in structs[0].fields:
        name = field.encode_name
        if name not in value and isinstance(bare(field.type), inspect.StructType):
            value[name] = {}  # a table left out may still get its secret from the environment
        if name in value:
            yield from _tables(field.type, value[name], join(path, name), f"{variable}_{name.upper()}")


def _nameless(document: Document) -> list[Problem]:
    """The PBXs without a manager user: found here too, because a struct with other faults is not looked at whole."""
    tables = document.get("pbx")
    return [
        Problem("config-bad-value", f"pbx[{i}].username", NO_USER)
        for i, one in enumerate(tables if isinstance(tables, list) else [])
        if isinstance(one, dict) and lacks_user(one.get("kind", "asterisk"), one.get("username"))
    ]


def _duplicates(document: Document, kind: str) -> list[Problem]:
    """PBXs or webhooks with the name of an earlier one: they could not be told apart."""
    tables = document.get(kind)
    names = [one.get("name") if isinstance(one, dict) else None for one in (tables if isinstance(tables, list) else [])]
    return [
        Problem("config-duplicate", f"{kind}[{i}].name", f'"{name}" is the name of {kind}[{names.index(name)}] too')
        for i, name in enumerate(names)
        if isinstance(name, str) and names.index(name) < i
    ]
