"""What a source said lately."""

from __future__ import annotations

from crm_bridge.answer_cache import AnswerCache, Kept
from tests.crm_bridge.stubborn import someone

ANNA = [someone("Anna", "+39335", "crm")]


def test_an_answer_is_fresh_then_old_then_gone() -> None:
    cache = AnswerCache(fresh_s=60, stale_s=100)
    cache.put("k", ANNA, 0.0)
    assert cache.get("k", 59.0) == Kept(ANNA, 59.0, True)
    assert cache.get("k", 60.0) == Kept(ANNA, 60.0, False)
    assert cache.get("k", 160.0) is None
    assert len(cache) == 0


def test_that_nobody_was_found_is_an_answer_too() -> None:
    cache = AnswerCache(fresh_s=60, stale_s=0)
    cache.put("k", [], 0.0)
    assert cache.get("k", 1.0) == Kept([], 1.0, True)
    assert cache.get("other", 1.0) is None


def test_nothing_is_kept_where_nothing_may_be_shown_again() -> None:
    cache = AnswerCache(fresh_s=0, stale_s=0)
    cache.put("k", ANNA, 0.0)
    assert len(cache) == 0


def test_the_one_used_longest_ago_makes_room() -> None:
    cache = AnswerCache(60, 60, most=2)
    for key in ("a", "b"):
        cache.put(key, ANNA, 0.0)
    cache.get("a", 1.0)
    cache.put("c", ANNA, 2.0)
    assert [key for key in "abc" if cache.get(key, 3.0)] == ["a", "c"]
    cache.forget()
    assert len(cache) == 0
