"""Writes ``docs/kpi.md`` from the measures' passports and the named sets: ``python docs/make_kpi.py``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

from kpi.measure import Dimension, Measure, Passport, all_measures  # noqa: E402
from kpi.named_sets import NAMED_SETS  # noqa: E402
from kpi.parameters import Target  # noqa: E402


def kpi_page() -> str:
    """The whole page."""
    before, after = ((DOCS / "kpi.d" / name).read_text(encoding="utf-8") for name in ("before.md", "after.md"))
    return before + "\n".join((*_sets(), *_symbols(), *_sections(), after))


def _sets() -> Iterator[str]:
    yield "| set | what it asks for | source |\n|---|---|---|"
    for one in NAMED_SETS.values():
        bounds = [_bound(target) for target in one.targets]
        if any(target.measure.startswith("service_level") for target in one.targets):
            bounds.insert(0, f"`answer_within_s` {one.parameters.answer_within_s}")
        yield f"| `{one.name}` | {one.title}: {', '.join(bounds)} | {one.source} |"


def _bound(target: Target) -> str:
    bound = f"at most {target.at_most:g}" if target.at_least is None else f"at least {target.at_least:g}"
    return f"`{target.measure}` {bound}"


def _symbols() -> Iterator[str]:
    yield "\n## The measures\n"
    yield "N entered a queue; A answered, A<=T within T seconds; B abandoned, B<=T, B<=S within T and S; X left"
    yield "otherwise. N = A + B + X + those who wait, always; the difference is a metric that must be 0"
    yield "(`offhook_stay_difference`). Shares are 0 to 1, times are seconds.\n"


def _sections() -> Iterator[str]:
    for measure in sorted(all_measures().values(), key=lambda one: one.key):
        yield f"### `{measure.key}`\n"
        yield f"**{measure.title}** ({measure.unit.value}). {measure.words}\n"
        yield from (f"- {line}" for line in _lines(measure))
        yield ""


def _lines(measure: Passport) -> Iterator[str]:
    yield f"Formula: {measure.formula}"
    yield f"Source: {measure.source}"
    if measure.parameters:
        yield f"Parameters: {', '.join(f'`{name}`' for name in measure.parameters)}"
    if measure.direction is not None:
        yield f"Of {measure.direction.value} calls only"
    if measure.not_by:
        yield f"Not by {', '.join(Dimension(one).value for one in measure.not_by)}"
    if not isinstance(measure, Measure):
        yield "Not a sum: looked for in what is stored, for each row anew"


if __name__ == "__main__":
    (DOCS / "kpi.md").write_text(kpi_page(), encoding="utf-8")
