"""The project's own source as trees, and the makers and links of its docs, for the tests that read them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent
PARTS = ("cti", "crm_bridge", "kpi", "offhook")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def source_files() -> tuple[str, ...]:
    """Every Python file of the four parts, as paths from the root: ``cti/link.py``."""
    return tuple(sorted(str(path.relative_to(ROOT)) for part in PARTS for path in (ROOT / part).rglob("*.py")))


@cache
def tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), file)


def imports(file: str) -> Iterator[tuple[str, int]]:
    """Each module that ``file`` imports, as a dotted name with its line; ``from a import b`` is ``a.b``."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def functions(file: str) -> Iterator[Function]:
    for node in ast.walk(tree(file)):
        if isinstance(node, Function):
            yield node


def calls(file: str) -> Iterator[tuple[ast.Call, str]]:
    """Each call with the dotted name of what is called: ``asyncio.create_task``; "" where it has no name."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{dotted(node.func)}()"
    return ""


@cache
def error_names() -> frozenset[str]:
    """The classes of ours that are an ``OffhookError``, by name."""
    bases = {
        node.name: {dotted(base).rpartition(".")[2] for base in node.bases}
        for file in source_files()
        for node in ast.walk(tree(file))
        if isinstance(node, ast.ClassDef)
    }
    names = {"OffhookError"}
    while more := {name for name, of in bases.items() if of & names} - names:
        names |= more
    return frozenset(names)


@cache
def error_refs() -> dict[str, str]:
    """Each ``ref`` that an error of ours, a problem in the settings or a line of the log has, with a place of it."""
    makers = error_names() | {"Problem", "super().__init__"}
    found: dict[str, str] = {}
    for file in source_files():
        for call, name in calls(file):
            named = [keyword.value for keyword in call.keywords if keyword.arg == "ref"]
            first = call.args[:1] if {name, name.rpartition(".")[2]} & makers else []
            found |= {ref: f"{file}:{call.lineno}" for ref in map(_ref, [*named, *first]) if ref}
    return found


def docs_maker(name: str) -> ModuleType:
    """The program that makes a page of docs/, as a module: ``make_errors``."""
    spec = util.spec_from_file_location(name, ROOT / f"docs/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dead_links(page: Path) -> list[str]:
    """The links of a page to files that there are not."""
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    return [link for link in links if not (page.parent / link).exists()]


def _ref(node: ast.expr) -> str | None:
    """A short name in kebab-case, if that is what is written there."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", value) else None
