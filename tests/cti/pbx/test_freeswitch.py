"""How FreeSWITCH is asked, and how its answers are read."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cti.pbx.dialect import Action, Dialect, Frame
from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.freeswitch_events import HANDLERS, WANTED
from cti.pbx.settings import PbxSettings
from cti.wire.esl import EslError, EslFrame, EslWire
from tests.cti.esl_events import GREETING, answer, esl, reply_bytes

RECORDINGS = Path(__file__).parents[2] / "recordings" / "freeswitch"
DIALECT: Dialect = FreeswitchDialect(PbxSettings(name="hq", kind="freeswitch", username="offhook"))


def reply(text: str) -> EslFrame:
    (_, frame) = EslWire().feed(GREETING + reply_bytes(text))
    return frame


def said(action: Action) -> bytes:
    return DIALECT.encode(action, "s/1")


def test_the_log_in_shows_its_secret_to_nobody_but_the_pbx() -> None:
    action = DIALECT.login_action("offhook", "correct horse")
    assert said(action) == b"auth correct horse\n\n"
    assert action.name == "auth"


def test_a_user_of_the_directory_logs_in_by_name() -> None:
    action = DIALECT.login_action("offhook@pbx.example", "hush")
    assert (said(action), action.name) == (b"userauth offhook@pbx.example:hush\n\n", "userauth")


@pytest.mark.parametrize("mark", ["\r", "\n", "\0"])
def test_a_secret_cannot_break_out_of_its_line(mark: str) -> None:
    with pytest.raises(EslError, match="in 'auth'") as error:
        said(DIALECT.login_action("offhook", f"hush{mark}{mark}api shutdown"))
    assert "hush" not in str(error.value)


def test_no_event_is_asked_for_that_is_not_read_and_subclasses_stand_last() -> None:
    (action,) = DIALECT.subscribe_actions()
    words = said(action).decode().split()
    assert words[:2] == ["event", "plain"]
    assert set(words[2:]) - {"CUSTOM"} == set(HANDLERS)
    subclasses = words[words.index("CUSTOM") + 1 :]
    assert subclasses == ["callcenter::info", "conference::maintenance", "fifo::info", "valet_parking::info"]
    assert not {"ALL", "CHANNEL_EXECUTE", "CHANNEL_STATE", "PRESENCE_IN"} & set(words)


def test_keepalive_and_log_off() -> None:
    assert said(DIALECT.keepalive_action()) == b"api status\n\n"
    assert said(DIALECT.logoff_action()) == b"exit\n\n"


def test_a_command_with_headers() -> None:
    action = Action("sendmsg u1", (("call-command", "hangup"), ("hangup-cause", "NORMAL_CLEARING")))
    assert said(action) == b"sendmsg u1\ncall-command: hangup\nhangup-cause: NORMAL_CLEARING\n\n"


def test_replies_answer_the_oldest_question_and_events_none() -> None:
    assert DIALECT.answers_in_order
    assert DIALECT.answers(reply("+OK accepted")) == ""
    assert DIALECT.answers(answer("UP 0 years")) == ""
    assert DIALECT.answers(esl("HEARTBEAT", {})) is None
    (greeting,) = EslWire().feed(GREETING)
    assert DIALECT.answers(greeting) is None


def test_an_answer_is_one_message() -> None:
    one = answer("UP 0 years")
    assert DIALECT.ends_answer(one, one)
    assert not DIALECT.ends_answer(one, reply("+OK"))


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (reply("+OK accepted"), None),
        (reply("+OK event listener enabled plain"), None),
        (reply("-ERR invalid"), "invalid"),
        (reply("-ERR command not found"), "command not found"),
        (reply("-ERR"), "-ERR"),
        (answer("-ERR callcenter_config Command not found!"), None),
        (answer("+OK"), None),
    ],
)
def test_a_refusal_gives_the_pbxs_own_words(response: Frame, why: str | None) -> None:
    assert DIALECT.refusal(response) == why


def test_the_recorded_replies_are_no_refusals() -> None:
    for path in RECORDINGS.glob("*/events.esl.gz"):
        wire = EslWire([])
        replies = wire.feed(gzip.decompress(path.read_bytes()))[1:]
        assert len(replies) == 2
        assert [DIALECT.refusal(one) for one in replies] == [None, None]


def test_its_wire_takes_frames_as_long_as_the_settings_say() -> None:
    wire = DIALECT.wire(4096)
    wire.feed(GREETING)
    with pytest.raises(EslError, match="4096 are taken"):
        wire.feed(b"Content-Length: 5000\nContent-Type: text/event-plain\n\n")


def test_it_normalises_what_it_wants_with_the_settings_of_its_pbx() -> None:
    dialect = FreeswitchDialect(PbxSettings(name="branch", kind="freeswitch", username="x"))
    wire = dialect.wire(1 << 20)
    at = datetime(2026, 1, 2, tzinfo=UTC)
    frames = wire.feed(gzip.decompress((RECORDINGS / "S26" / "events.esl.gz").read_bytes()))
    assert {frame.name for frame in frames[3:]} <= WANTED
    assert {signal.origin.pbx for frame in frames for signal in dialect.normalise(frame, at, "s")} == {"branch"}
