"""The kinds of PBX: each is a module here with a ``DIALECT``, found by the name in ``kind = "..."``."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

from cti import pbx
from cti.pbx.dialect import Dialect
from cti.pbx.settings import PbxSettings

Maker = Callable[[PbxSettings], Dialect]


def find_kinds() -> dict[str, Maker]:
    """What makes a dialect of each kind, by name."""
    modules = (import_module(f"{pbx.__name__}.{module.name}") for module in pkgutil.iter_modules(pbx.__path__))
    return {module.DIALECT.kind: module.DIALECT for module in modules if hasattr(module, "DIALECT")}
