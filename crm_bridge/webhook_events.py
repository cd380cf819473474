"""What a webhook is told, as JSON: the same shape for each event, with the call as of that moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from crm_bridge.call_writing import MAX_AGENTS, key_of
from crm_bridge.number import Number, NumberKind
from crm_bridge.webhook_settings import WebhookEvent
from cti.model import (
    AboutCall,
    Call,
    CallAnswered,
    CallEvent,
    CallOffered,
    CallQueued,
    CallReleased,
    CallTransferred,
    Direction,
    Transfer,
)

MAX_TRANSFERS: Final = 20

ReadNumber = Callable[[str | None], Number]

_KINDS: Final[Mapping[type[CallEvent], WebhookEvent]] = {
    CallQueued: WebhookEvent.QUEUED,
    CallOffered: WebhookEvent.OFFERED,
    CallAnswered: WebhookEvent.ANSWERED,
    CallTransferred: WebhookEvent.TRANSFERRED,
    CallReleased: WebhookEvent.RELEASED,
}


def live_kind(event: CallEvent) -> WebhookEvent | None:
    """What a webhook calls this event; None for one that no webhook is told of at once."""
    return _KINDS.get(type(event))


def message(kind: WebhookEvent, at: datetime, data: Mapping[str, Any]) -> str:
    """The body: ``{"type": ..., "timestamp": ..., "data": {...}}``."""
    return msgspec.json.encode({"type": kind.value, "timestamp": at, "data": data}).decode("utf-8")


def event_data(event: AboutCall, read: ReadNumber, *, numbers: bool) -> dict[str, Any]:
    """The call as of the event, and the agent whom it is about."""
    agent = getattr(event, "agent", None)
    if isinstance(event, CallTransferred):
        agent = event.transfer.by
    return call_data(event.call, read, numbers=numbers) | {"agent": agent}


def call_data(call: Call, read: ReadNumber, *, numbers: bool, recording: str | None = None) -> dict[str, Any]:
    """The call in the words of docs/webhooks.md. Without ``numbers`` nothing in it tells who the customer is."""
    names = ("pbx", "direction", "queue", "offered_at", "queued_at", "answered_at", "ended_at", "outcome", "ended_by")
    return {
        "call_id": key_of(call.pbx, call.call_id),
        "pbx_call_id": call.call_id,
        **{name: getattr(call, name) for name in names},
        **_customer(call, read, numbers),
        "agents": call.answered_by[:MAX_AGENTS],
        "wait_s": call.wait_s,
        "talk_s": call.talk_s,
        "hold_s": call.hold_s,
        "transfers": [_transfer(one, read, numbers) for one in call.transfers[:MAX_TRANSFERS]],
        "recording_url": recording if numbers else None,
    }


def _customer(call: Call, read: ReadNumber, numbers: bool) -> dict[str, Any]:
    """``number`` is the customer's: in E.164 where it is a public one, else as it was sent, None where withheld."""
    own = call.direction is Direction.INBOUND
    if not numbers:
        return {"number": None, "caller_name": None, "dialled": call.dialled if own else None}
    customer = call.customer
    number = read(customer.number if customer else None)
    return {
        "number": number.e164 or number.written or None,
        "caller_name": call.caller.name if own else None,
        "dialled": call.dialled,
    }


def _transfer(one: Transfer, read: ReadNumber, numbers: bool) -> dict[str, Any]:
    """To whom is told without ``numbers`` too where it is an extension or a queue."""
    extension, digits = read(one.to).kind is NumberKind.EXTENSION, any(map(str.isdigit, one.to or ""))
    shown = numbers or extension or not digits
    return {"kind": one.kind, "by": one.by, "to": one.to if shown else None, "at": one.at}
