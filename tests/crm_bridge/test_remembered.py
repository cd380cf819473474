"""What was learnt last is known, and no more than fits."""

from __future__ import annotations

from crm_bridge.remembered import Remembered


def test_the_latest_holds_and_what_is_not_known_is_none() -> None:
    seen = Remembered[str]()
    seen.put("main:1", "5")
    seen.put("main:1", "6")
    assert (seen.get("main:1"), seen.get("main:2")) == ("6", None)


def test_of_too_many_the_one_told_longest_ago_is_forgotten() -> None:
    seen = Remembered[str](most=2)
    for key in ("main:1", "main:2", "main:1", "main:3"):
        seen.put(key, "5")
    assert [seen.get(key) for key in ("main:1", "main:2", "main:3")] == ["5", None, "5"]
