"""How to talk with an Asterisk: its actions, and how their answers look.

Sources: ``main/manager.c`` (``action_login``, ``astman_send_listack``, ``astman_send_list_complete_start``), and the
answers in ``tests/recordings/asterisk-*/X01/late``.
"""

from __future__ import annotations

from cti.pbx.asterisk_events import WANTED, AsteriskEvents
from cti.pbx.asterisk_snapshot import ACTIONS
from cti.pbx.dialect import Action, Frame
from cti.pbx.settings import PbxSettings
from cti.wire.ami import AmiWire, encode_action

EVENT_CLASSES = "system,call,agent,user,dtmf,dialplan"  # what is read; the manager user's own classes bound it further
_LIST_BEGINS = "start"
_LIST_ENDS = frozenset({"complete", "cancelled"})
_YES = frozenset({"Success", "Goodbye", "Pong", "Follows"})


class AsteriskDialect:
    """The dialect of Asterisk 16 to 22, spoken over the manager interface."""

    kind = "asterisk"
    wanted = WANTED
    answers_in_order = False

    def __init__(self, settings: PbxSettings) -> None:
        self.normalise = AsteriskEvents(settings.name, settings.trunks, settings.phones, settings.wrap_up_s).normalise

    def wire(self, max_frame_bytes: int) -> AmiWire:
        return AmiWire(self.wanted, max_frame_bytes=max_frame_bytes)

    def encode(self, action: Action, action_id: str) -> bytes:
        """The action's bytes, with its ActionID. Raises AmiError for a value with a line break in it."""
        return encode_action(action.name, (("ActionID", action_id), *action.fields))

    def login_action(self, username: str, secret: str) -> Action:
        return Action("Login", (("Username", username), ("Secret", secret), ("Events", EVENT_CLASSES)))

    def subscribe_actions(self) -> tuple[Action, ...]:
        """The log-in says which events are wanted."""
        return ()

    def keepalive_action(self) -> Action:
        return Action("Ping")

    def logoff_action(self) -> Action:
        return Action("Logoff")

    def snapshot_actions(self) -> tuple[Action, ...]:
        """All channels and bridges, all queues with members and callers; the answers become a snapshot."""
        return tuple(Action(name) for name in ACTIONS)

    def answers(self, frame: Frame) -> str | None:
        return frame.get(b"ActionID") or None

    def refusal(self, response: Frame) -> str | None:
        answer = response.get(b"Response")
        if answer in _YES:
            return None
        return response.get(b"Message") or answer or "an answer without a Response"

    def ends_answer(self, response: Frame, frame: Frame) -> bool:
        if frame is response:
            return (response.get(b"EventList") or "").lower() != _LIST_BEGINS
        return (frame.get(b"EventList") or "").lower() in _LIST_ENDS


DIALECT = AsteriskDialect
