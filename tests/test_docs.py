"""The documentation says what the source says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from offhook.main import app
from offhook.settings import load_settings
from offhook.settings_docs import setting_paths
from tests.source import ROOT, dead_links, docs_maker, error_refs

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(ROOT / "dialplans").rglob("*.md")])


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Each command of the program by its whole name: ``offhook customers import``."""
    parts = getattr(command, "commands", None)
    if parts is None:
        yield name, command
        return
    for part, inner in parts.items():
        yield from _commands(inner, f"{name} {part}")


COMMANDS = dict(_commands(typer.main.get_command(app), "offhook"))


def test_each_error_is_explained() -> None:
    explained = {name for name, _ in docs_maker("make_errors").sections()}
    assert {ref: place for ref, place in error_refs().items() if ref not in explained} == {}


def test_no_error_is_explained_that_there_is_not() -> None:
    assert [name for name, _ in docs_maker("make_errors").sections() if name not in error_refs()] == []


def test_an_error_is_explained_once_and_in_some_words() -> None:
    sections = docs_maker("make_errors").sections()
    names = [name for name, _ in sections]
    assert sorted(names) == sorted(set(names))
    assert [name for name, text in sections if len(text.strip()) < 60] == []


def test_the_page_of_errors_is_up_to_date() -> None:
    assert (DOCS / "errors.md").read_text() == docs_maker("make_errors").errors_page(), "python docs/make_errors.py"


def test_each_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = [name for names in project["project"]["optional-dependencies"].values() for name in names]
    wanted = [*project["project"]["dependencies"], *extras, *project["build-system"]["requires"]]
    names = {re.split(r"[\[<>=~! ]", one)[0] for one in wanted} - {"offhook"}
    explained = re.findall(r"^\| `([a-z0-9-]+)` \|.*[a-z]", (DOCS / "dependencies.md").read_text(), re.MULTILINE)
    assert sorted(explained) == sorted(names)


def test_each_dependency_has_a_lower_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    loose = [one for one in [*project["dependencies"], *extras] if ">=" not in one and not one.startswith("offhook[")]
    assert loose == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_explained_with_its_options(name: str) -> None:
    text = (DOCS / "cli.md").read_text()
    section = text.partition(f"## `{name}`\n")[2].partition("\n## ")[0]
    assert section
    options = [opt for one in COMMANDS[name].params for opt in one.opts if opt.startswith("--") and opt != "--help"]
    assert [opt for opt in options if opt not in section] == []
    told = re.findall(r"^- .*?`(--[a-z-]+)", section, re.MULTILINE)
    assert [opt for opt in told if opt not in options] == []


def test_no_command_is_explained_that_there_is_not() -> None:
    explained = re.findall(r"^## `(.+)`$", (DOCS / "cli.md").read_text(), re.MULTILINE)
    assert sorted(explained) == sorted(COMMANDS)


def test_the_sample_settings_are_right(tmp_path: Path) -> None:
    sample = (ROOT / "packaging/offhook.toml").read_text()
    (tmp_path / "offhook.toml").write_text(sample)
    (tmp_path / "ami.secret").write_text("x\n")
    assert load_settings(tmp_path / "offhook.toml", {}).pbx[0].name == "main"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_leads_somewhere(page: Path) -> None:
    assert dead_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_named_in_the_docs_exist(page: Path) -> None:
    known = set(setting_paths())
    tables = {path.rpartition(".")[0] for path in known}
    named = set(re.findall(r"`((?:pbx|store|crm|web|log|journal)\.[a-z_.]+)`", page.read_text()))
    files = {name for name in named if name.endswith((".md", ".toml", ".sqlite", ".py"))}
    assert named - files - known - tables == set()


def test_the_readme_names_the_commands_that_set_all_up() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [command for command in ("make demo", "make test") if command not in readme] == []
