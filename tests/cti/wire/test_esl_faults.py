"""Each fault of the event socket says what, why and what to do, and can be searched for in the docs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.wire import esl_faults
from cti.wire.esl_faults import EslError

DOCS = Path(__file__).parents[3] / "docs" / "errors.d" / "esl.md"
FAULTS = (
    esl_faults.no_greeting(b"220 mail"),
    esl_faults.turned_away(),
    esl_faults.too_long(104_857_600, 1_048_576, 28),
    esl_faults.wrong_length(200, 28),
    esl_faults.out_of_step(b"Unique-ID: 1", 28),
    esl_faults.bad_length(b"-5", 28),
    esl_faults.line_break("auth"),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.ref)
def test_a_fault_says_what_why_and_what_to_do(fault: EslError) -> None:
    assert fault.what[0].islower() or fault.what.startswith("FreeSWITCH")
    assert not fault.what.endswith(".")
    assert fault.why
    assert fault.hint
    assert f"[{fault.ref}]" in str(fault)


def test_each_fault_is_in_the_docs_and_no_other() -> None:
    headings = {line[3:] for line in DOCS.read_text().splitlines() if line.startswith("## ")}
    assert headings == {fault.ref for fault in FAULTS}
