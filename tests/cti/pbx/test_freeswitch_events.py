"""What each of FreeSWITCH's events means, event by event; and that none with something missing means anything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from cti import signals as s
from cti.model import LegRole
from cti.pbx.freeswitch_events import HANDLERS, WANTED, FreeswitchEvents
from cti.pbx.freeswitch_queues import CALLCENTER
from cti.pbx.freeswitch_snapshot import REPLY
from cti.signals import Signal
from tests.cti.esl_events import esl
from tests.cti.pbx.freeswitch_meanings import (
    BY_GATEWAY,
    BY_QUEUE,
    CALLED,
    CALLER,
    CC,
    ENDED,
    INBOUND,
    MEANINGS,
    NEEDED,
    Headers,
    all_told,
    meaning,
    shorn,
    told,
)
from tests.cti.playbook import at


@pytest.mark.parametrize("case", MEANINGS)
def test_an_event_means(case: str) -> None:
    name, headers, expected = MEANINGS[case]
    assert [told(signal) for signal in meaning(name, headers)] == [shorn(words) for words in expected]


def test_every_event_that_is_wanted_is_tried_here() -> None:
    assert {name for name, _, _ in MEANINGS.values()} == set(HANDLERS) == WANTED - {REPLY}
    assert {headers.get("CC-Action") for name, headers, _ in MEANINGS.values() if name == CC} > set(CALLCENTER)


@pytest.mark.parametrize(("name", "header"), [(name, header) for name, needed in NEEDED.items() for header in needed])
def test_an_event_without_what_it_needs_means_nothing(name: str, header: str) -> None:
    event, headers = next(
        (event, given)
        for event, given, expected in MEANINGS.values()
        if name in (event, given.get("CC-Action")) and expected and header in given
    )
    assert meaning(event, headers) != []
    assert meaning(event, {key: value for key, value in headers.items() if key != header}) == []


def test_an_event_that_nobody_knows_means_nothing() -> None:
    assert meaning("CHANNEL_STATE", INBOUND) == []


def test_a_signal_carries_where_it_was_read_and_when_it_happened() -> None:
    events = FreeswitchEvents("hq")
    stamped = {**INBOUND, "Event-Date-Timestamp": "1795288939000000"}
    list(events.normalise(esl("HEARTBEAT", stamped), at(0), "s/1"))
    late = {**INBOUND, "Event-Date-Timestamp": "1795288940000000"}
    (signal,) = events.normalise(esl("CHANNEL_ANSWER", late), at(1.5), "s/1")
    assert (signal.origin.pbx, signal.origin.session, signal.origin.event) == ("hq", "s/1", "CHANNEL_ANSWER")
    assert signal.at == at(1)


def test_trunks_are_known_by_the_settings_words() -> None:
    for word in ("external", "carrier", "from-carrier"):
        events = FreeswitchEvents("pbx", [word])
        inbound = {**INBOUND, "Channel-Name": f"sofia/{'external' if word == 'external' else 'x'}/100@h",
                   "Caller-Context": "from-carrier", "Caller-Caller-ID-Number": "100"}  # fmt: skip
        if word != "carrier":
            (leg,) = meaning("CHANNEL_CREATE", inbound, events)
            assert isinstance(leg, s.LegSeen)
            assert leg.role is LegRole.CUSTOMER
        else:
            leg, _ = meaning("CHANNEL_CREATE", BY_GATEWAY | {"variable_sip_gateway_name": "carrier"}, events)
            assert isinstance(leg, s.LegSeen)
            assert leg.role is LegRole.CUSTOMER
        other, *_ = meaning("CHANNEL_CREATE", {**CALLER, "Unique-ID": "u9"}, events)
        assert isinstance(other, s.LegSeen)
        assert other.role is LegRole.AGENT


def test_a_leg_is_announced_by_its_first_ringing_when_its_making_is_told_later() -> None:
    events = FreeswitchEvents("pbx")
    now = {"Event-Date-Timestamp": "1795288939100000", "Caller-Channel-Created-Time": "1795288939000000"}
    told_of = all_told(events, ("CHANNEL_PROGRESS", CALLED | now), ("CHANNEL_CREATE", CALLED))
    assert [kind for kind, *_ in told_of] == [s.LegSeen, s.LegDialled, s.LegRang]


def test_a_leg_that_began_long_ago_is_not_made_up() -> None:
    then = {"Event-Date-Timestamp": "1795288939900000", "Caller-Channel-Created-Time": "1795288939000000"}
    assert [kind for kind, *_ in all_told(FreeswitchEvents("pbx"), ("CHANNEL_PROGRESS", CALLED | then))] == [s.LegRang]


def test_a_leg_whose_end_comes_first_does_not_begin() -> None:
    events = FreeswitchEvents("pbx")
    assert all_told(events, ("CHANNEL_HANGUP_COMPLETE", ENDED), ("CHANNEL_CREATE", CALLED)) == [
        (s.LegEnded, "u2", None, 16)
    ]


def test_an_agent_is_known_by_the_extension_that_his_phone_has() -> None:
    events = FreeswitchEvents("pbx")
    meaning("CHANNEL_CREATE", BY_QUEUE, events)
    (signal,) = meaning(CC, {"CC-Action": "agent-status-change", "CC-Agent": "Anna", "CC-Agent-Status": "x"}, events)
    assert told(signal)[1] == "101"


NAMES = st.sampled_from(sorted({header for _, given, _ in MEANINGS.values() for header in given}))
VALUES = st.one_of(
    st.sampled_from(sorted({value for _, given, _ in MEANINGS.values() for value in given.values()})),
    st.text(max_size=12),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(HANDLERS)), st.dictionaries(NAMES, VALUES, max_size=12)), max_size=12))
def test_whatever_an_event_says_it_means_signals_or_nothing(story: list[tuple[str, Headers]]) -> None:
    events = FreeswitchEvents("pbx")
    for name, headers in story:
        assert all(isinstance(signal, Signal) for signal in meaning(name, headers, events))
