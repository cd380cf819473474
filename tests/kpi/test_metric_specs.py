"""What is said of each metric is the same in the source and on the page."""

from __future__ import annotations

import re

import pytest

from kpi.metric_specs import HOLD_BUCKETS_S, SPECS, TALK_BUCKETS_S, WAIT_BUCKETS_S, MetricKind, Section
from tests.source import ROOT

PAGE = (ROOT / "docs" / "metrics.md").read_text()
ROW = re.compile(r"^\| `(offhook_\w+)` \| (\w+) \| (?:`([a-z ]+)`)? *\| (.+) \|$", re.MULTILINE)


def test_the_page_has_every_metric_as_it_is_specified() -> None:
    documented = {name: (kind, labels, text) for name, kind, labels, text in ROW.findall(PAGE)}
    specified = {one.name: (one.kind.value, " ".join(one.labels), one.text) for one in SPECS.values()}
    assert {name: row for name, row in documented.items() if name in specified} == specified


@pytest.mark.parametrize("section", Section)
def test_each_section_of_the_page_has_its_own(section: Section) -> None:
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    assert {row[0] for row in ROW.findall(text)} == {one.name for one in SPECS.values() if one.section is section}


def test_names_follow_the_rules_of_prometheus() -> None:
    for spec in SPECS.values():
        assert re.fullmatch(r"offhook_[a-z_]+[a-z]", spec.name)
        assert spec.name.endswith("_total") == (spec.kind is MetricKind.COUNTER)
        assert spec.text.endswith(".")


@pytest.mark.parametrize("buckets", [WAIT_BUCKETS_S, TALK_BUCKETS_S, HOLD_BUCKETS_S])
def test_buckets_rise(buckets: tuple[int, ...]) -> None:
    assert list(buckets) == sorted(set(buckets))


def test_the_usual_thresholds_are_buckets() -> None:
    """80/20, Italy's and Spain's: a service level is a bucket or it cannot be had."""
    assert {20, 60, 180} <= set(WAIT_BUCKETS_S)


def test_the_page_names_the_buckets() -> None:
    for buckets in (WAIT_BUCKETS_S, TALK_BUCKETS_S, HOLD_BUCKETS_S):
        assert ", ".join(map(str, buckets)) in PAGE.replace("*", "").replace("\n", " ")
