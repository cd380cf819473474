"""What an admin may set about the agents' page."""

from __future__ import annotations

import pytest

from crm_bridge.desk_settings import DeskQueueSettings, DeskSettings


def test_a_queue_has_its_own_dispositions_or_everybodys() -> None:
    own = DeskQueueSettings(dispositions=("Solved",))
    settings = DeskSettings(dispositions=("Order",), queue={"support": own, "sales": DeskQueueSettings()})
    asked = [settings.dispositions_of(queue) for queue in ("support", "sales", "other", None)]
    assert asked == [("Solved",), ("Order",), ("Order",), ("Order",)]
    assert DeskSettings().dispositions_of("support") == ()


@pytest.mark.parametrize(("wrong", "why"), [("", "is not a word"), ("x" * 61, "is not a word"), ("a\nb", "is not a")])
def test_a_disposition_is_a_word_or_two(wrong: str, why: str) -> None:
    for make in (DeskSettings, DeskQueueSettings):
        with pytest.raises(ValueError, match=why):
            make(dispositions=("Order", wrong))


def test_none_is_there_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        DeskSettings(dispositions=("Order", "Order"))
