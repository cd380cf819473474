"""``offhook audit`` and ``offhook oddities`` as an admin types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.offhook.called import call
from tests.offhook.house import write_settings


@pytest.mark.parametrize("words", [("audit", "--day", "yesterday"), ("oddities", "--since", "monday")])
def test_a_day_that_is_no_day_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = call(*words, "-c", write_settings(tmp_path, 5038))
    assert done.exit_code == 2
    assert f"'{words[1]}'" in done.output


def test_a_pbx_that_is_not_in_the_settings_is_named(tmp_path: Path) -> None:
    done = call("audit", "--pbx", "rome", "-c", write_settings(tmp_path, 5038))
    assert done.exit_code == 2
    assert "record-which-pbx" in done.output
    assert "main" in done.output
