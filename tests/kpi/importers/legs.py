"""FreeSWITCH's records of legs, made to order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from kpi.importers.lines import CdrLeg, Peer, Profile, Step

START_US = 1_795_288_940_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def us(seconds: float) -> int:
    """An instant so many seconds after the beginning."""
    return START_US + round(seconds * 1_000_000)


def stretch(began: float, destination: str, **more: Any) -> Profile:
    """One stretch of a way; instants in seconds, ``met`` whom it was connected with."""
    met = more.pop("met", None)
    times = {
        f"{name}_us": us(more.pop(name)) for name in ("progress", "answered", "bridged", "transferred") if name in more
    }
    peers = (Peer(met),) if met else ()
    number = more.pop("number", "+393331234501")
    return Profile(destination=destination, created_us=us(began), number=number, peers=peers, **times, **more)


def leg(uuid: str, began: float, ended: float, *profiles: Profile, **variables: str) -> CdrLeg:
    """A leg; an agent's phone unless ``direction`` says otherwise."""
    steps = variables.pop("steps", ())
    known = {"direction": "outbound", "uuid": uuid, "channel_name": f"sofia/internal/{uuid}", **variables}
    return CdrLeg(
        noted_at=_EPOCH + timedelta(microseconds=us(ended)),
        began_us=us(began),
        ended_us=us(ended),
        kind="json_cdr",
        uuid=uuid,
        variables=known,
        profiles=profiles or (stretch(began, "101"),),
        steps=tuple(Step(app, data, us(at)) for app, data, at in steps),
    )


def caller(uuid: str, began: float, ended: float, *profiles: Profile, **variables: Any) -> CdrLeg:
    """A leg that came from the public."""
    given = {"direction": "inbound", "sip_hangup_disposition": "recv_bye", **variables}
    return leg(uuid, began, ended, *(profiles or (stretch(began, "+390221000100", context="public"),)), **given)
