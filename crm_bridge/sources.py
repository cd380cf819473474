"""Sources by name: ``kind = "book"`` is the file ``crm_bridge/adapters/book.py``, or an entry point of another package.

An adapter's file holds its ``Options`` (a msgspec struct) and ``open_adapter(name, options, surroundings)``.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge import adapters
from crm_bridge.activity import CallWriter
from crm_bridge.contact import Adapter
from crm_bridge.options import parse_options
from crm_bridge.settings import CrmSettings, SourceSettings
from cti.errors import OffhookError

ENTRY_POINTS: Final = "offhook.adapters"


class Surroundings(msgspec.Struct, frozen=True):
    """What an adapter may use of the house. Files named in its options are taken from ``folder``."""

    engine: AsyncEngine
    settings: CrmSettings
    folder: Path = Path()

    @property
    def region(self) -> str:
        return self.settings.default_region

    @property
    def timeout_s(self) -> float:
        """How long one question to a server may take: a little less than it is waited for, so that it says why."""
        return self.settings.lookup_give_up_s * 0.9


def open_sources(settings: CrmSettings, engine: AsyncEngine, folder: Path = Path()) -> dict[str, Adapter]:
    """The configured sources by name, in their order. Nothing is connected yet.

    Raises OffhookError ``crm-unknown-kind``, ``crm-options``, ``crm-secret-file``, ``crm-extra`` or
    ``crm-cannot-write``.
    """
    surroundings = Surroundings(engine, settings, folder)
    return {source.name: open_source(source, surroundings) for source in settings.sources}


def open_source(source: SourceSettings, surroundings: Surroundings) -> Adapter:
    """One source. Raises what ``open_sources`` raises."""
    module = find_kind(source.kind)
    options = parse_options(source, module.Options, surroundings.folder)
    opened: Adapter = module.open_adapter(source.name, options, surroundings)
    if source.write_calls and not isinstance(opened, CallWriter):
        what = f"calls cannot be written into the source {source.name!r}"
        hint = "leave out write_calls; a [[webhook]] takes calls wherever else they have to go"
        raise OffhookError("crm-cannot-write", what, f"the adapter {source.kind!r} only reads", hint)
    return opened


def find_kind(kind: str) -> ModuleType:
    """The module of an adapter.

    Raises OffhookError ``crm-unknown-kind`` naming the nearest one.
    """
    known = known_kinds()
    if kind not in known:
        near = difflib.get_close_matches(kind, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(sorted(known))}"
        raise OffhookError("crm-unknown-kind", f"no adapter is called {kind!r}", "", hint)
    return importlib.import_module(known[kind])


def known_kinds() -> Mapping[str, str]:
    """Each kind with the module that serves it; a file of ours wins over an entry point."""
    own = {info.name: f"{adapters.__name__}.{info.name}" for info in pkgutil.iter_modules(adapters.__path__)}
    others = {point.name: point.module for point in entry_points(group=ENTRY_POINTS)}
    return others | own
