"""A call in the words that a CRM is given."""

from __future__ import annotations

from datetime import UTC, datetime

from crm_bridge.activity import CallActivity, text_of, title_of

AT = datetime(2026, 11, 21, 9, 30, 1, tzinfo=UTC)
CALL = CallActivity(
    call_id="milan:1795289209.0",
    direction="inbound",
    outcome="answered",
    number="+390212345678",
    started_at=AT,
    ended_at=AT,
    wait_s=3.2,
    talk_s=125.6,
    queue="sales",
    agents=("Anna Rossi", "102"),
    on_behalf=True,
    note="Wants an offer",
    disposition="Offer",
    recording_url="https://pbx.example/1.wav",
)


def test_a_call_in_words() -> None:
    assert text_of(CALL).splitlines() == [
        "Wants an offer", "", "Number: +390212345678",
        "On behalf of this customer: the caller was somebody else.", "Queue: sales", "Agents: Anna Rossi, 102",
        "Began: 2026-11-21 09:30:01 UTC", "Waited: 0:03", "Talked: 2:06", "Recording: https://pbx.example/1.wav",
        "Offhook call milan:1795289209.0",
    ]  # fmt: skip


def test_what_is_not_known_is_not_said() -> None:
    bare = CallActivity(
        call_id="main:1", direction="outbound", outcome="no_answer", number="", started_at=AT, ended_at=AT
    )
    assert title_of(bare) == "Outbound call, no answer"
    assert text_of(bare).splitlines() == ["Number: withheld", "Began: 2026-11-21 09:30:01 UTC", "Offhook call main:1"]
