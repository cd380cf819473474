"""What a customer wants, and what holds of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from crm_bridge.consent import MAX_CONSENTS, NO, Channel, Consent, Decision, against, in_force, joined, says_no

DAY = date(2026, 3, 3)


def said(
    decision: Decision, channel: Channel = Channel.PHONE, on: date | None = DAY, purpose: str = "", source: str = "x"
) -> Consent:
    return Consent(channel=channel, decision=decision, source=source, on=on, purpose=purpose)


CONSENTS = st.builds(
    said,
    st.sampled_from(Decision),
    st.sampled_from(Channel),
    st.none() | st.dates(),
    st.sampled_from(["", "marketing"]),
    st.text(max_size=5),
)


def test_the_words_name_way_decision_day_and_source() -> None:
    assert (
        said(Decision.REFUSED, Channel.EMAIL, None, "news").words == "Do not e-mail for news: refused, day not known, x"
    )
    assert said(Decision.GIVEN, Channel.ANY).words == "May be contacted: given 3 Mar 2026, x"


@pytest.mark.parametrize("flag", [True, 1, "1", "true", "Yes", " on "])
def test_a_check_box_that_is_set_is_a_refusal(flag: object) -> None:
    (one,) = says_no(flag, Channel.PHONE, "said by the CRM")
    assert (one.channel, one.decision, one.on, one.source) == (Channel.PHONE, Decision.REFUSED, None, "said by the CRM")


@pytest.mark.parametrize("flag", [False, 0, "0", "", None, "no", "off", [], {}, object()])
def test_a_check_box_that_is_not_set_says_nothing(flag: object) -> None:
    assert says_no(flag, Channel.PHONE, "x") == ()


def test_the_last_word_of_each_channel_and_purpose_holds_refusals_first() -> None:
    first, then = said(Decision.REFUSED), said(Decision.GIVEN)
    mail, news = said(Decision.WITHDRAWN, Channel.EMAIL), said(Decision.REFUSED, purpose="news")
    assert in_force([first, mail, then, news]) == (news, mail, then)
    assert in_force([first, said(Decision.LIFTED)]) == ()


def test_of_two_sources_the_later_day_holds_and_without_a_day_the_refusal() -> None:
    later = DAY + timedelta(days=1)
    refused, agreed = said(Decision.REFUSED), said(Decision.GIVEN, on=later)
    assert joined([refused], [agreed]) == joined([agreed], [refused]) == (agreed,)
    undated = said(Decision.REFUSED, on=None)
    assert joined([undated], [agreed]) == joined([agreed], [undated]) == (undated,)
    mail = said(Decision.REFUSED, Channel.EMAIL)
    assert set(joined([mail], [refused])) == {mail, refused}


def test_a_refusal_of_all_ways_holds_for_each_until_that_one_is_allowed() -> None:
    later = DAY + timedelta(days=1)
    nothing = said(Decision.REFUSED, Channel.ANY)
    assert against([nothing], Channel.PHONE) == (nothing,)
    assert against([nothing, said(Decision.GIVEN, on=later)], Channel.PHONE) == ()
    assert against([nothing, said(Decision.GIVEN, on=later)], Channel.EMAIL) == (nothing,)
    assert against([nothing, said(Decision.GIVEN, on=later, purpose="news")], Channel.PHONE) == (nothing,)
    assert against([nothing, said(Decision.GIVEN, on=None)], Channel.PHONE) == (nothing,)
    own = said(Decision.REFUSED)
    assert against([own, said(Decision.GIVEN, Channel.ANY, later)], Channel.PHONE) == (own,)


@given(st.lists(CONSENTS, max_size=60))
def test_what_holds_was_said_is_bounded_and_holds_again(words: list[Consent]) -> None:
    held = in_force(words)
    assert set(held) <= set(words)
    assert len(held) <= MAX_CONSENTS
    assert len({(one.channel, one.purpose) for one in held}) == len(held)
    assert set(in_force(held)) == set(held)


@given(st.lists(CONSENTS, max_size=10), st.lists(CONSENTS, max_size=10))
def test_an_undated_refusal_is_never_lost_between_two_sources(one: list[Consent], other: list[Consent]) -> None:
    first, more = in_force(one), in_force(other)
    lasting = {(word.channel, word.purpose) for word in (*first, *more) if word.decision in NO and word.on is None}
    kept = {(word.channel, word.purpose) for word in joined(first, more) if word.decision in NO}
    assert lasting <= kept
