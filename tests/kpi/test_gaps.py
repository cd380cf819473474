"""What a gap is."""

from __future__ import annotations

from kpi.columns import EPOCH
from kpi.gaps import BEFORE, Gap, late_end
from tests.kpi.calls import at


def test_a_gap_is_filled_once_nothing_is_missing() -> None:
    lost = Gap(pbx="milan", began_at=at(0), ended_at=at(60), cause="cut")
    partly = Gap(pbx="milan", began_at=at(0), ended_at=at(60), cause="cut", filled_at=at(70), still_missing="no cel")
    wholly = Gap(pbx="milan", began_at=at(0), ended_at=at(60), cause="cut", filled_at=at(70))
    assert [gap.is_filled for gap in (lost, partly, wholly)] == [False, False, True]


def test_its_time_counts_filled_or_not_and_goes_on_while_it_is_open() -> None:
    assert Gap(pbx="milan", began_at=at(0), ended_at=at(60), cause="cut", filled_at=at(70)).missing_s(at(600)) == 60
    assert Gap(pbx="milan", began_at=at(0), cause="cut").missing_s(at(600)) == 600
    assert Gap(pbx="milan", began_at=at(700), cause="cut").missing_s(at(600)) == 0


def test_the_time_before_offhook_is_no_loss() -> None:
    history = Gap(pbx="milan", began_at=EPOCH, ended_at=at(0), cause=BEFORE)
    assert (history.is_history, history.missing_s(at(600))) == (True, 0)


def test_a_call_may_seem_to_have_begun_at_the_gaps_end() -> None:
    lost = Gap(pbx="milan", began_at=at(0), ended_at=at(60), cause="cut")
    assert at(60) < late_end(lost) < at(61)
