"""How to talk with a FreeSWITCH: its commands, and how their answers look.

Sources: ``mod_event_socket.c`` (``parse_command``), ``mod_commands.c``. A command has no id: FreeSWITCH answers one
after the other, in order, with ``command/reply`` or, an ``api`` command, with ``api/response``.
"""

from __future__ import annotations

from collections.abc import Iterable

from cti.pbx.dialect import Action, Frame
from cti.pbx.freeswitch_events import HANDLERS, WANTED, FreeswitchEvents
from cti.pbx.freeswitch_snapshot import REPLY
from cti.pbx.settings import PbxSettings
from cti.wire.esl import EslWire, encode_command

_ARGUMENT = ""  # a field without a name belongs to the command's own line
_COMMAND_REPLY = "command/reply"


class FreeswitchDialect:
    """The dialect of FreeSWITCH 1.10 and later, spoken over the event socket.

    An action's name is the command, its fields are headers; a field whose name is empty is an argument: what is secret
    stands there, and not in the name that logs show.
    """

    kind = "freeswitch"
    wanted = WANTED
    answers_in_order = True

    def __init__(self, settings: PbxSettings) -> None:
        self._events = FreeswitchEvents(settings.name, settings.trunks)
        self.normalise = self._events.normalise

    def wire(self, max_frame_bytes: int) -> EslWire:
        return EslWire(self.wanted, max_frame_bytes=max_frame_bytes)

    def encode(self, action: Action, action_id: str) -> bytes:  # noqa: ARG002  the link gives one
        """The action's bytes; FreeSWITCH knows no ids. Raises EslError for a line break in it."""
        arguments = [value for key, value in action.fields if key == _ARGUMENT]
        headers = [(key, value) for key, value in action.fields if key != _ARGUMENT]
        return encode_command(" ".join((action.name, *arguments)), headers)

    def login_action(self, username: str, secret: str) -> Action:
        """A user of the directory (``101@pbx.example.com``) logs in by name, all others by the socket's password."""
        if "@" in username:
            return Action("userauth", ((_ARGUMENT, f"{username}:{secret}"),))
        return Action("auth", ((_ARGUMENT, secret),))

    def subscribe_actions(self) -> tuple[Action, ...]:
        """Ask for the events that are read, no others; subclasses stand behind ``CUSTOM``, which ends the list."""
        events = sorted(name for name in HANDLERS if "::" not in name)
        subclasses = sorted(name for name in HANDLERS if "::" in name)
        return (Action(f"event plain {' '.join(events)} CUSTOM {' '.join(subclasses)}"),)

    def keepalive_action(self) -> Action:
        return Action("api status")

    def logoff_action(self) -> Action:
        return Action("exit")

    def snapshot_actions(self) -> Iterable[Action]:
        """All channels, queues, agents and callers; what is asked later depends on the answers to what was before."""
        return self._events.snapshot.actions()

    def answers(self, frame: Frame) -> str | None:
        return "" if frame.name in (_COMMAND_REPLY, REPLY) else None

    def refusal(self, response: Frame) -> str | None:
        """Why a command was refused. What an ``api`` command says is its answer, whatever it says."""
        text = response.get(b"Reply-Text") or ""
        return text.removeprefix("-ERR").strip() or text if text.startswith("-") else None

    def ends_answer(self, response: Frame, frame: Frame) -> bool:
        return frame is response


DIALECT = FreeswitchDialect
