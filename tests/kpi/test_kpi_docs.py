"""The page about the numbers says what the passports say."""

from __future__ import annotations

from kpi.measure import all_measures
from tests.source import ROOT, docs_maker

DOCS = ROOT / "docs"


def test_the_page_is_up_to_date() -> None:
    assert (DOCS / "kpi.md").read_text() == docs_maker("make_kpi").kpi_page(), "python docs/make_kpi.py"


def test_each_measure_has_its_formula_and_source_there() -> None:
    page = (DOCS / "kpi.md").read_text()
    for measure in all_measures().values():
        section = page.partition(f"### `{measure.key}`\n")[2].partition("\n###")[0]
        assert measure.formula in section
        assert measure.source in section
        assert all(f"`{name}`" in section for name in measure.parameters)
