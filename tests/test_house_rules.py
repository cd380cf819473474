"""The style that keeps the source readable, as far as it can be counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from tests.source import ROOT, Function, calls, dotted, functions, source_files, tree

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
MEDIAN_FUNCTION_LINES = 8
VAGUE_NAMES = {"utils", "util", "helper", "helpers", "manager", "managers", "misc", "common", "tools", "base"}
BROAD_EXCEPTS = {"cti/feed.py", "cti/link.py"}
MIGRATIONS = "offhook/migrations/"
STARTERS = {"create_task", "ensure_future"}

EVERY_FILE = pytest.mark.parametrize("file", source_files())


def body_lines(function: Function) -> int:
    """Lines of the body without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@EVERY_FILE
def test_a_file_is_not_long(file: str) -> None:
    assert len((ROOT / file).read_text().splitlines()) <= MAX_FILE_LINES


@EVERY_FILE
def test_a_function_is_not_long(file: str) -> None:
    long = {one.name: body_lines(one) for one in functions(file) if body_lines(one) > MAX_FUNCTION_LINES}
    assert long == {}


def test_functions_are_short_on_the_whole() -> None:
    assert median(body_lines(one) for file in source_files() for one in functions(file)) <= MEDIAN_FUNCTION_LINES


@EVERY_FILE
def test_a_file_is_named_for_what_it_knows(file: str) -> None:
    assert not VAGUE_NAMES & set(Path(file).stem.split("_"))


@EVERY_FILE
def test_a_file_says_what_it_is_for(file: str) -> None:
    if not file.startswith(MIGRATIONS) or "versions/0" in file:
        assert ast.get_docstring(tree(file)) or not (ROOT / file).read_text().strip()


@EVERY_FILE
def test_a_function_says_what_it_returns(file: str) -> None:
    assert [one.name for one in functions(file) if one.returns is None] == []


@EVERY_FILE
def test_a_source_file_has_its_test_file(file: str) -> None:
    path = Path(file)
    if path.name in ("__init__.py", "__main__.py") or file.startswith(MIGRATIONS):
        return
    assert any((ROOT / "tests" / place).is_file() for place in _test_files(path)), _test_files(path)


def _test_files(path: Path) -> list[str]:
    """Where the tests of a file may be: mirrored, or by its folder's name in the part's own folder."""
    part, folder, parent = path.parts[0], path.parent, path.parent.name
    names = (f"{folder}/test_{path.stem}", f"{folder}/test_{parent}_{path.stem}", f"{part}/test_{parent}_{path.stem}")
    return [f"{name}.py" for name in dict.fromkeys(names)]


@EVERY_FILE
def test_everything_is_caught_in_two_places_only(file: str) -> None:
    broad = [
        f"line {node.lineno}"
        for node in ast.walk(tree(file))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type)
    ]
    assert broad == [] or file in BROAD_EXCEPTS


@EVERY_FILE
def test_a_started_task_is_kept(file: str) -> None:
    lost = [
        f"line {node.lineno}"
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute | ast.Name)
        and (node.value.func.attr if isinstance(node.value.func, ast.Attribute) else node.value.func.id) in STARTERS
    ]
    assert lost == []


@EVERY_FILE
def test_nothing_is_left_to_do(file: str) -> None:
    text = (ROOT / file).read_text()
    assert not [mark for mark in ("TODO", "FIXME", "XXX", "NotImplementedError") if mark in text]


@EVERY_FILE
def test_no_template_is_told_that_a_text_is_safe(file: str) -> None:
    assert [f"line {call.lineno}" for call, name in calls(file) if name.endswith("Markup")] == []


def test_no_template_turns_escaping_off() -> None:
    templates = [path for part in ("offhook", "crm_bridge", "kpi") for path in (ROOT / part).rglob("*.html")]
    assert templates
    marks = ("|safe", "| safe", "autoescape false", "<script>", " onclick=", " style=")
    assert [(path.name, mark) for path in templates for mark in marks if mark in path.read_text()] == []


def test_tests_wait_for_conditions_not_for_time() -> None:
    """Only a function called ``until`` sleeps, between two looks. ``sleep(0)`` lets others run and is no wait.

    Where the moment itself is what is tried, the line says so: ``# the moment of the kill``.
    """
    slept = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for call in _sleeps(ast.parse(path.read_text()))
        if "# the moment of" not in path.read_text().splitlines()[call.lineno - 1]
    ]
    assert slept == []


def _sleeps(node: ast.AST) -> Iterator[ast.Call]:
    if isinstance(node, Function) and node.name.startswith("until"):
        return
    if isinstance(node, ast.Call) and dotted(node.func) in ("time.sleep", "asyncio.sleep", "sleep"):
        waits = not (isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
        yield from [node] if waits else []
    for child in ast.iter_child_nodes(node):
        yield from _sleeps(child)


def _is_broad(kind: ast.expr | None) -> bool:
    if kind is None:
        return True
    names = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(isinstance(name, ast.Name) and name.id in ("Exception", "BaseException") for name in names)
