"""How Asterisk is asked, and how its answers are read: held against recorded ones."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cti.pbx.asterisk import EVENT_CLASSES, AsteriskDialect
from cti.pbx.asterisk_events import WANTED
from cti.pbx.dialect import Action, Dialect, Frame
from cti.pbx.settings import PbxSettings
from cti.wire.ami import AmiError, AmiFrame, AmiWire

LATE = Path(__file__).parents[2] / "recordings"
DIALECT: Dialect = AsteriskDialect(PbxSettings(name="hq", username="offhook"))


def frame(*lines: str) -> AmiFrame:
    return AmiFrame("", 0, "\r\n".join(lines).encode())


@pytest.fixture(params=["asterisk-22", "asterisk-16"])
def recorded(request: pytest.FixtureRequest) -> list[AmiFrame]:
    """A connection that logged in and asked for many lists."""
    return AmiWire().feed((LATE / request.param / "X01/late/events.ami").read_bytes())


def answers_in(frames: list[AmiFrame]) -> dict[str, list[AmiFrame]]:
    """The recorded answers by ActionID."""
    answers: dict[str, list[AmiFrame]] = {}
    for one in frames:
        action_id = DIALECT.answers(one)
        if action_id is not None:
            answers.setdefault(action_id, []).append(one)
    return answers


def test_each_recorded_answer_ends_with_its_last_frame_and_not_before(recorded: list[AmiFrame]) -> None:
    answers = answers_in(recorded)
    assert len(answers) >= 9
    for answer in answers.values():
        ends = [DIALECT.ends_answer(answer[0], one) for one in answer]
        assert ends == [False] * (len(answer) - 1) + [True]
        assert DIALECT.refusal(answer[0]) is None


def test_events_answer_nothing(recorded: list[AmiFrame]) -> None:
    unasked = [one for one in recorded if DIALECT.answers(one) is None]
    assert {"Hangup", "BridgeEnter", "AgentComplete"} <= {one.name for one in unasked}


def test_recorded_answers_to_the_snapshot_are_lists(recorded: list[AmiFrame]) -> None:
    ends = {answer[-1].name for answer in answers_in(recorded).values()}
    assert {f"{action.name}Complete" for action in DIALECT.snapshot_actions()} <= ends


def test_the_log_in_asks_for_no_class_that_is_not_read() -> None:
    said = DIALECT.encode(DIALECT.login_action("offhook", "correct horse"), "s/1")
    assert said == (
        b"Action: Login\r\nActionID: s/1\r\nUsername: offhook\r\nSecret: correct horse\r\nEvents: %b\r\n\r\n"
        % EVENT_CLASSES.encode()
    )
    assert not {"all", "verbose", "command", "reporting", "security", "cdr", "log", "agi"} & set(
        EVENT_CLASSES.split(",")
    )


def test_a_secret_cannot_break_out_of_its_line() -> None:
    with pytest.raises(AmiError, match="header 'Secret'") as error:
        DIALECT.encode(DIALECT.login_action("offhook", "hush\r\nAction: Command"), "s/1")
    assert "hush" not in str(error.value)


def test_keepalive_and_log_off() -> None:
    assert DIALECT.encode(DIALECT.keepalive_action(), "s/2") == b"Action: Ping\r\nActionID: s/2\r\n\r\n"
    assert DIALECT.encode(DIALECT.logoff_action(), "s/3") == b"Action: Logoff\r\nActionID: s/3\r\n\r\n"


def test_fields_stay_in_order_and_may_come_twice() -> None:
    action = Action("Originate", (("Variable", "a=1"), ("Variable", "b=2"), ("Channel", "PJSIP/101")))
    assert DIALECT.encode(action, "s/4").split(b"\r\n")[1:5] == [
        b"ActionID: s/4",
        b"Variable: a=1",
        b"Variable: b=2",
        b"Channel: PJSIP/101",
    ]


@pytest.mark.parametrize(
    ("response", "refusal"),
    [
        (("Response: Success",), None),
        (("Response: Goodbye", "Message: Thanks for all the fish."), None),
        (("Response: Follows",), None),
        (("Response: Error", "Message: Permission denied"), "Permission denied"),
        (("Response: Error",), "Error"),
        (("ActionID: 1",), "an answer without a Response"),
    ],
)
def test_what_counts_as_a_refusal(response: tuple[str, ...], refusal: str | None) -> None:
    assert DIALECT.refusal(frame(*response)) == refusal


@pytest.mark.parametrize("last", ["Complete", "complete", "Cancelled"])
def test_how_a_list_ends(last: str) -> None:
    response = frame("Response: Success", "EventList: start")
    assert not DIALECT.ends_answer(response, response)
    assert not DIALECT.ends_answer(response, frame("Event: Entry"))
    assert DIALECT.ends_answer(response, frame("Event: End", f"EventList: {last}"))


def test_its_wire_gives_what_it_reads_and_bounds_the_rest() -> None:
    wire = DIALECT.wire(4096)
    frames = wire.feed(b"Asterisk Call Manager/11.0.0\r\nEvent: Hangup\r\nX: 1\r\n\r\nEvent: RTCPSent\r\nX: 1\r\n\r\n")
    assert [one.name for one in frames] == ["Hangup"]
    assert DIALECT.wanted == WANTED
    with pytest.raises(AmiError, match="4096 bytes"):
        wire.feed(b"x" * 5000)


def test_it_normalises_with_the_settings_of_its_pbx(recorded: list[AmiFrame]) -> None:
    settings = PbxSettings(name="branch", username="x", trunks=["101"])
    dialect = AsteriskDialect(settings)
    at = datetime(2026, 1, 2, tzinfo=UTC)

    def told(one: Frame) -> set[str]:
        return {signal.origin.pbx for signal in dialect.normalise(one, at, "s")}

    assert {pbx for one in recorded for pbx in told(one)} == {"branch"}
