"""The words of the house are values on the wire, in rows and in labels: they may not change by accident."""

from __future__ import annotations

from cti import vocabulary
from cti.model import AgentState, CallOutcome, StayOutcome


def test_the_model_gives_the_same_words() -> None:
    assert AgentState is vocabulary.AgentState
    assert {outcome.value for outcome in StayOutcome} - {outcome.value for outcome in CallOutcome} == {
        "transferred_out"
    }


def test_the_words_are_those_that_stored_rows_have() -> None:
    assert [word.value for word in StayOutcome] == [
        "answered",
        "abandoned",
        "timeout",
        "exit_key",
        "exit_empty",
        "full",
        "refused",
        "transferred_out",
    ]
    assert [word.value for word in vocabulary.RingResult] == [
        "ringing",
        "answered",
        "missed",
        "elsewhere",
        "cancelled",
        "busy",
        "failed",
    ]
    assert [word.value for word in vocabulary.EndedBy] == ["customer", "agent", "pbx"]
    assert [word.value for word in vocabulary.Direction] == ["inbound", "outbound", "internal"]
