"""Phones rung for a caller, and how each ringing ends.

A queue's member is rung directly (``PJSIP/101``) or, as FreePBX does, through a pair of Local channels
(``Local/103@agents/n``) whose second half dials the phone: then everything is told twice. ``app_queue`` and
``app_dial`` differ in small ways that a reader has to survive; both are here as the recordings show them.
"""

from __future__ import annotations

from collections.abc import Callable

from cti.model import Party
from offhook.simulator.channels import DOWN, RINGING, UP, Bridge, Channel
from offhook.simulator.switch import Switch

INTERNAL = "from-internal"
AGENTS = "agents"


class Ring:
    """One phone being rung. ``one`` and ``two`` are the Local pair in between, None where there is none.

    ``offered`` is the channel that the queue's events name: the phone, or the pair's first half.
    """

    def __init__(self, caller: Channel, phone: Channel, person: Party, one: Channel | None = None) -> None:
        self.caller, self.phone, self.person, self.one = caller, phone, person, one
        self.two = one.other if one else None
        self.started_at = 0.0

    @property
    def offered(self) -> Channel:
        return self.one or self.phone


def show_connected(switch: Switch, channel: Channel, party: Party) -> None:
    """``channel`` learns with whom it is connected; through a Local pair so does the caller behind it."""
    switch.set_connected(channel, party)
    behind = channel.other.bridge if channel.other else None
    for each in list(behind.channels) if behind else ():
        if each is not channel.other:
            show_connected(switch, each, party)


# by a queue


def ring_member(switch: Switch, caller: Channel, person: Party, announce: Callable[[str], None]) -> Ring:
    """The queue rings a phone itself. ``announce`` gets the Dest headers for its AgentCalled."""
    phone = switch.new_channel(f"PJSIP/{person.number}", DOWN, person, INTERNAL, "s", caller.linked_id)
    phone.application, phone.data = "AppQueue", "(Outgoing Line)"
    before = phone.block("Dest")
    phone.place(INTERNAL, caller.exten)
    switch.set_connected(phone, caller.caller, quietly=True)
    announce(phone.block("Dest"))
    switch.dial_begin(caller, before, phone.endpoint)
    return Ring(caller, phone, person)


def ring_member_by_pair(switch: Switch, caller: Channel, person: Party, announce: Callable[[str], None]) -> Ring:
    """The queue rings a Local channel; the phone behind it is not dialled yet."""
    exten = str(person.number)
    one = switch.new_pair(exten, AGENTS, caller.linked_id)
    two = one.other or one
    called = caller.connected if caller.connected.number else Party(caller.dialled or None)
    switch.set_caller(one, called)
    two.connected = called
    switch.set_caller(two, caller.caller)
    switch.set_connected(two, called)
    switch.local_bridge(one, two)
    before = one.block("Dest")
    one.place(AGENTS, caller.exten)
    switch.set_connected(one, caller.caller, quietly=True)
    announce(one.block("Dest"))
    switch.dial_begin(caller, before, f"Local/{exten}@{AGENTS}/n")
    one.application, one.data = "AppQueue", "(Outgoing Line)"
    two.application, two.data = "Dial", f"PJSIP/{exten}"
    return Ring(caller, one, person, one)


def dial_behind_pair(switch: Switch, ring: Ring) -> None:
    """The pair's second half dials the phone."""
    if ring.two:
        ring.phone = _new_phone(switch, ring.two, ring.person, ring.two.exten)
        switch.dial_begin(ring.two, ring.phone.block("Dest"), ring.two.exten)
        switch.set_connected(ring.two, ring.person)


def member_rings(switch: Switch, ring: Ring) -> None:
    """The phone of a queue's member begins to ring."""
    ring.started_at = switch.timeline.now
    switch.set_state(ring.phone, RINGING)
    if ring.one and ring.two:
        ring.one.caller = ring.person
        switch.set_state(ring.one, RINGING)
        switch.set_caller(ring.one, ring.person)
        switch.set_connected(ring.one, ring.one.connected)
        switch.dial_state(ring.caller, ring.one)
        switch.dial_state(ring.two, ring.phone)
        switch.set_device(ring.one.endpoint, "INUSE", anew=True)
    else:
        switch.set_connected(ring.phone, ring.phone.connected)
        switch.dial_state(ring.caller, ring.phone)


def member_answers(switch: Switch, ring: Ring) -> Bridge | None:
    """The phone answers; with a pair it is bridged to its second half, and that bridge is given."""
    switch.set_state(ring.phone, UP)
    inner = None
    if ring.one and ring.two:
        ring.phone.place(INTERNAL, "")
        switch.dial_end(ring.two, ring.phone, "ANSWER")
        switch.set_state(ring.two, UP)
        inner = join(switch, ring.two, ring.phone)
        switch.set_state(ring.one, UP)
        switch.set_device(ring.one.endpoint, "INUSE", anew=True)
    switch.dial_end(ring.caller, ring.offered, "ANSWER")
    return inner


def take_back(switch: Switch, ring: Ring, cause: int) -> None:
    """The PBX stops ringing this phone: 26 when somebody else answered, 0 otherwise."""
    switch.dial_end(ring.caller, ring.offered, "CANCEL")
    if ring.one and ring.two:
        switch.hangup_request(ring.two, cause)
        switch.hangup(ring.one, cause)
        switch.dial_end(ring.two, ring.phone, "CANCEL")
        switch.soft_hangup(ring.two)
        switch.hangup(ring.two, cause)
        switch.set_device(ring.one.endpoint, "NOT_INUSE", anew=True)
        switch.hangup(ring.phone, cause or 16)
    else:
        switch.hangup(ring.phone, cause)


# by the dialplan's Dial


def dial(switch: Switch, caller: Channel, person: Party) -> Channel:
    """The caller's own dialplan dials an extension; the phone does not ring yet."""
    phone = _new_phone(switch, caller, person, caller.exten)
    switch.dial_begin(caller, phone.block("Dest"), str(person.number))
    show_connected(switch, caller, person)
    return phone


def rings(switch: Switch, caller: Channel, phone: Channel) -> None:
    switch.set_state(phone, RINGING)
    switch.dial_state(caller, phone)


def answers(switch: Switch, caller: Channel, phone: Channel) -> Bridge:
    """The dialled phone answers, so does the caller's channel if it was not up; both are bridged."""
    switch.set_state(phone, UP)
    phone.place(phone.context, "")
    switch.dial_end(caller, phone, "ANSWER")
    if caller.state != UP:
        switch.set_state(caller, UP)
    return join(switch, caller, phone)


def refuses(switch: Switch, caller: Channel, phone: Channel) -> None:
    """The dialled phone is busy and says so."""
    switch.hangup_request(phone, 17, 486)
    switch.dial_end(caller, phone, "BUSY")
    switch.hangup(phone, 17, 486)


def join(switch: Switch, near: Channel, far: Channel) -> Bridge:
    """A new bridge with both in it; the one that was called enters first."""
    bridge = switch.announce_bridge(switch.new_bridge())
    switch.enter(bridge, far)
    switch.enter(bridge, near)
    if not (near.is_local or far.is_local):
        bridge.technology = "native_rtp"
    return bridge


def _new_phone(switch: Switch, caller: Channel, person: Party, exten: str) -> Channel:
    phone = switch.new_channel(f"PJSIP/{person.number}", DOWN, person, INTERNAL, "s", caller.linked_id)
    phone.application, phone.data = "AppDial", "(Outgoing Line)"
    phone.place(INTERNAL, exten)
    switch.set_connected(phone, caller.caller)
    return phone
