"""The pages about CRMs say what the adapters say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from crm_bridge.options import parse_options
from crm_bridge.settings import CrmSettings
from crm_bridge.sources import find_kind
from tests.source import ROOT, dead_links, docs_maker

DOCS = ROOT / "docs/crm"
PAGES = sorted(DOCS.glob("*.md"))


KINDS: list[str] = docs_maker("make_crm").kinds()
README = (DOCS / "README.md").read_text()


def test_the_page_of_options_is_up_to_date() -> None:
    assert (DOCS / "options.md").read_text() == docs_maker("make_crm").options_page(), "python docs/make_crm.py"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_says_against_what_it_was_tried(kind: str) -> None:
    rows = re.findall(rf"^\| `{kind}` \| (.+) \| (.+) \| \[.+\]\((.+)\) \|$", README, re.MULTILINE)
    assert len(rows) == 1
    tried, page = rows[0][1], (DOCS / rows[0][2]).resolve()
    assert kind in page.read_text().lower() or page.name == "agents.md"
    test = (ROOT / f"tests/crm_bridge/test_adapters_{kind}.py").read_text()
    assert ("the real one" in test.splitlines()[0]) == ("the real one" in tried) or kind in (
        "book",
        "sql",
        "csv",
        "vcard",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_explained_with_its_permission_and_options(kind: str) -> None:
    module = find_kind(kind)
    assert "permission" in (module.__doc__ or "")
    for field in msgspec.inspect.type_info(module.Options).fields:  # type: ignore[union-attr]
        assert isinstance(field.type, msgspec.inspect.Metadata), field.name
        assert (field.type.extra_json_schema or {}).get("description"), field.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_leads_somewhere(page: Path) -> None:
    assert dead_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_example_can_be_copied(page: Path, tmp_path: Path) -> None:
    for example in re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL):
        text = example if "[crm" in example.split("\n", 1)[0] or "[[crm" in example else ""
        document = tomllib.loads(text if "[[crm.sources]]" in text or "[crm]" in text else "")
        settings = msgspec.convert(document.get("crm", {}), CrmSettings)
        for source in settings.sources:
            secrets = [value for key, value in source.options.items() if key.endswith("_file")]
            for secret in secrets:
                (tmp_path / secret).write_text("x\n")
            parse_options(source, find_kind(source.kind).Options, tmp_path, {})


def test_each_vendor_of_the_contract_has_its_source_cited() -> None:
    vendors = [path for path in (ROOT / "tests/crm_bridge/vendors").glob("*.py") if "class Vendor(" in path.read_text()]
    assert len(vendors) >= 11
    for path in vendors:
        head = path.read_text().split('"""')[1]
        assert path.stem == "http" or re.search(r"docs?\.|developer|\.php|documented|help\.", head), path.name
