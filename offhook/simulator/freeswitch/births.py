"""Legs as they are made: a caller from the trunk, an agent who dials, a phone or a public number that is called."""

from __future__ import annotations

from cti.model import Party
from offhook.simulator.freeswitch import legs as l
from offhook.simulator.freeswitch.core import Core
from offhook.simulator.freeswitch.legs import Leg, shown


def from_trunk(core: Core, party: Party, did: str) -> Leg:
    """A caller of the public; nothing is told yet."""
    number, name = shown(party)
    host = l.CARRIER if number != l.ANONYMOUS else l.NOWHERE
    leg = Leg(core.new_uuid(), f"sofia/internal/{number}@{host}", party, did, l.PUBLIC, core.now_us(), far=False)
    leg.username, leg.address = number, l.TRUNK_ADDRESS
    leg.variables = _begun(core, leg) | _came_by_sip(number, host, did)
    leg.variables |= {"sip_from_display": name if party.name else "", "endpoint_disposition": "RECEIVED"}
    return leg


def from_phone(core: Core, agent: Party, to: str) -> Leg:
    """An agent dials; nothing is told yet."""
    number = str(agent.number)
    own = Party(number)
    leg = Leg(core.new_uuid(), f"sofia/internal/{number}@{l.DOMAIN}", own, to, l.DEFAULT, core.now_us(), far=False)
    leg.agent = leg.username = number
    leg.variables = _begun(core, leg) | _came_by_sip(number, l.DOMAIN, to)
    leg.variables |= {
        "sip_auth_username": number,
        "effective_caller_id_name": agent.name or number,
        "user_name": number,
        "domain_name": l.DOMAIN,
        "endpoint_disposition": "RECEIVED",
    }
    return leg


def to_phone(core: Core, agent: str, caller: Party, origin: Leg | None = None) -> Leg:
    """The PBX calls an agent's phone, for ``origin`` if the dialplan does it; nothing is told yet."""
    name = f"sofia/internal/{agent}@{l.PHONES_ADDRESS}:{l.PHONES_PORT}"
    leg = _called(core, name, agent, caller, origin)
    leg.agent, leg.presence = agent, f"{agent}@{l.DOMAIN}"
    leg.variables |= {"dialed_user": agent, "dialed_domain": l.DOMAIN, "presence_id": leg.presence}
    _tie(leg, origin)
    return leg


def to_public(core: Core, number: str, company: Party, origin: Leg) -> Leg:
    """The PBX calls a number of the public by the gateway; nothing is told yet."""
    leg = _called(core, f"sofia/internal/{number}", number, company, origin)
    leg.variables |= {"sip_gateway_name": l.GATEWAY, "sip_profile_name": "gateway"}
    _tie(leg, origin)
    return leg


def _called(core: Core, name: str, to: str, caller: Party, origin: Leg | None) -> Leg:
    leg = Leg(core.new_uuid(), name, caller, to, l.DEFAULT, core.now_us(), far=True)
    leg.source = origin.source if origin else "src/switch_ivr_originate.c"
    leg.address = ""
    if origin is not None:
        leg.username, leg.address, leg.redirected = origin.username, origin.address, origin.redirected
        leg.original = origin.caller
    leg.variables = _begun(core, leg) | {"sip_profile_name": "internal"}
    return leg


def _tie(leg: Leg, origin: Leg | None) -> None:
    if origin is not None:
        leg.call_uuid = origin.uuid
        leg.variables |= {"originator": origin.uuid, "signal_bond": origin.uuid, "originating_leg_uuid": origin.uuid}
        leg.know_other(origin, "originator")


def _begun(core: Core, leg: Leg) -> dict[str, str]:
    called = {"is_outbound": "true"} if leg.far else {}
    number = str(core.sessions + 1)
    return {"direction": leg.direction, **called, "uuid": leg.uuid, "session_id": number, "channel_name": leg.name}


def _came_by_sip(number: str, host: str, to: str) -> dict[str, str]:
    return {
        "sip_from_user": number,
        "sip_from_uri": f"{number}@{host}",
        "sip_from_host": host,
        "sofia_profile_name": "internal",
        "sip_req_user": to,
        "sip_req_uri": f"{to}@127.0.0.1:6060",
        "sip_to_user": to,
        "sip_to_uri": f"{to}@127.0.0.1",
        "read_codec": "PCMU",
        "write_codec": "PCMU",
    }
