"""Asterisk's names and numbers, with their escapes."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given, settings, strategies as st

from cti.pbx import asterisk_names
from cti.pbx.asterisk_names import (
    agent_of,
    caller_name,
    caller_number,
    dialled_number,
    endpoint_of,
    unescape,
    whole_number,
)

C_ESCAPES = {"\\": "\\\\", '"': '\\"', "'": "\\'", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "?": "\\?"}


def escape(text: str) -> str:
    """What ``ast_escape_c`` makes of a text."""
    return "".join(C_ESCAPES.get(letter, letter) for letter in text)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(asterisk_names) == (0, 6)


@pytest.mark.parametrize(
    ("channel", "endpoint"),
    [
        ("PJSIP/101-0000003e", "101"),
        ("PJSIP/trunk-it-2-0000003e", "trunk-it-2"),
        ("SIP/10.0.0.5-0000003e", "10.0.0.5"),
        ("DAHDI/i1/0612345678-1f", "i1/0612345678"),
        ("IAX2/provider-4711", "provider"),
        ("Local/103@agents-0000001a;2", "103@agents"),
        ("SIP/alice-laptop-0000001a", "alice-laptop"),
        ("PJSIP/door-12345678-0000001a", "door-12345678"),
        ("DAHDI/5-1", "5"),
        ("PJSIP/101", "101"),
        ("no slash", ""),
        ("", ""),
    ],
)
def test_the_endpoint_of_a_channel(channel: str, endpoint: str) -> None:
    assert endpoint_of(channel) == endpoint


@pytest.mark.parametrize(
    ("interface", "agent"),
    [
        ("PJSIP/103", "103"),
        ("SIP/alice-laptop", "alice-laptop"),
        ("PJSIP/door-12345678", "door-12345678"),
        ("Local/103@agents/n", "103"),
        ("Agent/1001", "1001"),
        ("IAX2/user:secret@host/103", "user"),
        ("hint:103@ext-local", "103"),
        ("Custom:103", "103"),
        ("103", "103"),
        ("", ""),
    ],
)
def test_the_agent_behind_an_interface(interface: str, agent: str) -> None:
    assert agent_of(interface) == agent


@pytest.mark.parametrize(
    ("dial_string", "number"),
    [
        ("+390612345678@trunk", "+390612345678"),
        ("0612345678@trunk", "0612345678"),
        ("trunk/sip:0612345678@10.0.0.1:5060", "0612345678"),
        ("trunk/0612345678", "0612345678"),
        ("g1/0612345678", "0612345678"),
        ("i1/112/x", "112"),
        ("103@agents/n", "103"),
        ("101/sip:101@192.168.1.7:5060;transport=udp", "101"),
        ("*69@trunk", "*69"),
        ("alice", None),
        ("1", None),
        ("", None),
        (None, None),
    ],
)
def test_the_number_in_a_dial_string(dial_string: str | None, number: str | None) -> None:
    assert dialled_number(dial_string) == number


@pytest.mark.parametrize(
    "word", ["<unknown>", "unknown", "anonymous", "Anonymous", "RESTRICTED", "Unavailable", "", None]
)
def test_whoever_withholds_has_neither_number_nor_name(word: str | None) -> None:
    assert (caller_number(word), caller_name(word)) == (None, None)


def test_a_number_is_kept_as_it_was_sent() -> None:
    assert caller_number("+39 06-123") == "+39 06-123"
    assert caller_number("0039061") == "0039061"


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        ("Dana O\\'Neill", "Dana O'Neill"),
        ("Dana O'Neill", "Dana O'Neill"),
        (
            "<script>alert(1)</script>\\\\\\\"\\';-- Žofia Müller 北京",
            "<script>alert(1)</script>\"';-- Žofia Müller 北京",
        ),
        ("two\\nlines\\tand\\ttabs", "two\nlines\tand\ttabs"),
        ("a lonely backslash\\", "a lonely backslash\\"),
        ("what\\?", "what?"),
        ("plain", "plain"),
    ],
)
def test_a_name_is_unescaped_as_it_was_escaped(escaped: str, text: str) -> None:
    assert caller_name(escaped) == text


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\\b\f\v")))
def test_what_asterisk_escapes_comes_back(text: str) -> None:
    assert unescape(escape(text)) == text


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(st.text())
def test_no_text_is_too_odd_to_be_a_name(text: str) -> None:
    for parse in (endpoint_of, agent_of, unescape, caller_name, caller_number, dialled_number):
        parse(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("16", 16), ("0", 0), ("", None), (None, None), ("-1", None), ("²", None), ("1" * 10, None), ("1.5", None)],
)
def test_a_whole_number(text: str | None, number: int | None) -> None:
    assert whole_number(text) == number
