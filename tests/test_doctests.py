"""Each example in a docstring gives what it says."""

from __future__ import annotations

import doctest
import importlib
import re

import pytest

from tests.source import ROOT, source_files

EXAMPLE = re.compile(r"^\s*>>> ", re.MULTILINE)
WITH_EXAMPLES = [file for file in source_files() if EXAMPLE.search((ROOT / file).read_text())]


@pytest.mark.parametrize("file", WITH_EXAMPLES)
def test_the_examples_are_right(file: str) -> None:
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    result = doctest.testmod(module)
    assert result.attempted
    assert result.failed == 0


def test_each_measure_has_an_example() -> None:
    measures = [file for file in source_files() if file.startswith("kpi/measures/") and "__init__" not in file]
    assert measures
    assert [file for file in measures if file not in WITH_EXAMPLES] == []
