"""The page about the numbers says what the passports say."""

from __future__ import annotations

from importlib import util
from pathlib import Path
from types import ModuleType

from kpi.measure import all_measures

DOCS = Path(__file__).parent.parent.parent / "docs"


def builder() -> ModuleType:
    spec = util.spec_from_file_location("make_kpi", DOCS / "make_kpi.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date() -> None:
    assert (DOCS / "kpi.md").read_text() == builder().kpi_page(), "python docs/make_kpi.py"


def test_each_measure_has_its_formula_and_source_there() -> None:
    page = (DOCS / "kpi.md").read_text()
    for measure in all_measures().values():
        section = page.partition(f"### `{measure.key}`\n")[2].partition("\n###")[0]
        assert measure.formula in section
        assert measure.source in section
        assert all(f"`{name}`" in section for name in measure.parameters)
