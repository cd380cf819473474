"""What each header of FreeSWITCH may hold; what is not known may hold anything."""

from __future__ import annotations

import doctest
import re

import pytest

import cti.scrub_esl_headers
from cti.scrub_esl_headers import holds, is_extension, is_vocabulary
from cti.scrub_headers import Holds
from tests.source import ROOT


def test_the_examples_hold() -> None:
    assert doctest.testmod(cti.scrub_esl_headers).failed == 0


def test_every_header_that_the_dialect_reads_is_known() -> None:
    """What may hold anything is changed word by word: no call would be understood by it."""
    sources = [path for path in (ROOT / "cti/pbx").glob("freeswitch*.py") if "cdr" not in path.name]
    read = {name for path in sources for name in re.findall(r'b"([A-Za-z][\w-]+)"', path.read_text())}
    assert len(read) > 50
    assert {name for name in read if holds(name) is Holds.ANYTHING} == set()


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("Other-Leg-Callee-ID-Name", Holds.NAMES),
        ("variable_origination_caller_id_name", Holds.NAMES),
        ("CC-Member-CID-Name", Holds.NAMES),
        ("cid_name", Holds.NAMES),
        ("initial_cid_num", Holds.TEXT),
        ("Caller-RDNIS", Holds.TEXT),
        ("variable_sip_full_from", Holds.TEXT),
        ("variable_bridge_channel", Holds.TEXT),
        ("Job-Command-Arg", Holds.TEXT),
        ("contact", Holds.TEXT),
        ("FIFO-Name", Holds.PLAN),
        ("context", Holds.PLAN),
        ("Event-Date-Timestamp", Holds.IDS),
        ("variable_start_uepoch", Holds.IDS),
        ("Unique-ID", Holds.IDS),
        ("variable_crm_customer", Holds.ANYTHING),
        ("variable_sip_h_X-Note", Holds.TEXT),
        ("_body", Holds.ANYTHING),
    ],
)
def test_what_a_header_holds(header: str, what: Holds) -> None:
    assert holds(header) is what


def test_whose_words_and_numbers_are_the_dial_plans() -> None:
    assert is_vocabulary("variable_cc_queue")
    assert not is_vocabulary("Caller-Caller-ID-Name")
    assert is_extension("Caller-Destination-Number")
    assert is_extension("variable_dialed_user")
    assert not is_extension("variable_pin")
