"""Handing the customer over: blind, attended, and by the parking lot.

What the switch does; who decides it is in ``talks``.
"""

from __future__ import annotations

from offhook.simulator.chain import Chain
from offhook.simulator.channels import Bridge, Channel
from offhook.simulator.dialling import INTERNAL, show_connected
from offhook.simulator.switch import Switch

PARKING_TIMEOUT_S = 45
FIRST_SPACE = 701


def blind(chain: Chain, exten: str) -> None:
    """The far phone sends the caller to ``exten`` and is out of the call; the caller's end is open there."""
    switch, link = chain.switch, chain.links[-1]
    phone, near = link.far, link.near
    switch.unhold(phone)
    told = _blind_text(phone, near, link.bridge, exten)
    link.bridge.technology = "simple_bridge"
    if near.is_local:
        _leave(chain, near, exten)
        switch.leave(phone)
        switch.emit("BlindTransfer", told)
    else:
        switch.emit("BlindTransfer", told)
        if link.delivery:
            link.delivery.close("transfer")
        switch.leave(phone)
        _leave(chain, near, exten)
    switch.destroy(link.bridge)
    _release(chain, phone)


def _leave(chain: Chain, near: Channel, exten: str) -> None:
    near.place(INTERNAL, exten)
    chain.switch.leave(near)


def _release(chain: Chain, phone: Channel) -> None:
    owner = chain.owner()
    if owner and not owner.closed:
        owner.line.phone_gone(owner)
    chain.links.pop()
    chain.switch.hangup(phone)


def _blind_text(phone: Channel, near: Channel, bridge: Bridge, exten: str) -> str:
    return (
        f"Result: Success\r\n{phone.block('Transferer')}{near.block('Transferee')}{bridge.block()}"
        f"IsExternal: Yes\r\nContext: {INTERNAL}\r\nExtension: {exten}\r\n"
    )


class Consultation:
    """The second call of an attended transfer: ``own`` is the agent's other channel, ``target`` the one he asks."""

    def __init__(self, own: Channel, target: Channel, bridge: Bridge) -> None:
        self.own, self.target, self.bridge = own, target, bridge


def attended(chain: Chain, consultation: Consultation) -> None:
    """The agent ties the caller to the one he consulted, and is out of both calls.

    Behind a Local pair the pair's half moves into the consultation's bridge, otherwise the consulted one into the
    caller's.
    """
    switch, link = chain.switch, chain.links[-1]
    phone, near, own, target = link.far, link.near, consultation.own, consultation.target
    switch.unhold(phone)
    if not near.is_local:
        switch.music_stop(near)
    switch.unhold(phone)
    switch.unhold(own)
    survivor = consultation.bridge if near.is_local else link.bridge
    told = _attended_text(phone, link.bridge, consultation, near, survivor)
    if near.is_local:
        _move(switch, near, own, survivor)
        switch.music_stop(near)
        _tell(switch, own, told)
        switch.leave(phone)
        switch.destroy(link.bridge)
    else:
        _move(switch, target, phone, survivor)
        _tell(switch, own, told)
        if link.delivery:
            link.delivery.close("transfer")
        switch.leave(own)
        switch.destroy(consultation.bridge)
    switch.soft_hangup(own)
    show_connected(switch, near, target.caller)
    switch.set_connected(target, near.caller)
    switch.set_held(near, False)
    _release(chain, phone)
    switch.hangup(own)
    chain.connected(target, survivor)


def _move(switch: Switch, mover: Channel, swapped: Channel, bridge: Bridge) -> None:
    switch.leave(mover)
    switch.leave(swapped)
    switch.enter(bridge, mover, swapped)


def _tell(switch: Switch, own: Channel, told: str) -> None:
    switch.soft_hangup(own, 1)
    switch.emit("AttendedTransfer", told)


def _attended_text(phone: Channel, bridge: Bridge, asked: Consultation, near: Channel, survivor: Bridge) -> str:
    return (
        f"Result: Success\r\n{phone.block('OrigTransferer')}{bridge.block('Orig')}"
        f"{asked.own.block('SecondTransferer')}{asked.bridge.block('Second')}"
        f"{near.block('Transferee')}{asked.target.block('TransferTarget')}"
        f"IsExternal: No\r\nDestType: Bridge\r\nDestBridgeUniqueid: {survivor.unique_id}\r\n"
    )


class ParkingLot:
    """Where parked callers wait, in one bridge that stays."""

    def __init__(self, switch: Switch) -> None:
        self.switch = switch
        self.parked: dict[int, tuple[Channel, str, float]] = {}  # space: who, parked by which device, when
        self._bridge: Bridge | None = None

    def park(self, chain: Chain) -> int:
        """The far phone parks the caller, who is alone from now on. The phone's own channel stays until ``release``."""
        switch, link = self.switch, chain.links[-1]
        phone, caller = link.far, link.near
        space = next(space for space in range(FIRST_SPACE, FIRST_SPACE + 1000) if space not in self.parked)
        switch.unhold(phone)
        switch.emit("BlindTransfer", _blind_text(phone, caller, link.bridge, "700"))
        if link.delivery:
            link.delivery.close("transfer")
        link.bridge.technology = "simple_bridge"
        bridge = self._opened()
        self.parked[space] = (caller, phone.endpoint, switch.timeline.now)
        switch.emit("ParkedCall", f"{caller.block('Parkee')}{self._place(space)}")
        switch.leave(caller)
        switch.set_device(f"park:{space}@parkedcalls", "INUSE")
        switch.enter(bridge, caller)
        switch.music_start(caller)
        return space

    def release(self, phone: Channel, bridge: Bridge) -> None:
        """The parker has been told the number: his channel goes."""
        self.switch.leave(phone)
        self.switch.destroy(bridge)
        self.switch.hangup(phone)

    def retrieve(self, space: int, retriever: Channel) -> Bridge:
        """Whoever dials the space's number gets the caller; their bridge is given."""
        switch = self.switch
        told = self._place(space)
        caller, _, _ = self.parked.pop(space)
        switch.emit("UnParkedCall", f"{caller.block('Parkee')}{retriever.block('Retriever')}{told}")
        bridge = switch.announce_bridge(switch.new_bridge())
        switch.music_stop(caller)
        switch.set_device(f"park:{space}@parkedcalls", "NOT_INUSE")
        switch.leave(caller)
        switch.enter(bridge, caller)
        switch.enter(bridge, retriever)
        switch.set_connected(retriever, caller.caller)
        switch.set_connected(caller, retriever.caller)
        bridge.technology = "native_rtp"
        return bridge

    def block(self, space: int) -> str:
        """The parked call as the snapshot shows it."""
        return f"{self.parked[space][0].block('Parkee')}{self._place(space)}"

    def _place(self, space: int) -> str:
        _, device, since = self.parked[space]
        parked_s = int(self.switch.timeline.now - since)
        return (
            f"ParkerDialString: {device}\r\nParkinglot: default\r\nParkingSpace: {space}\r\n"
            f"ParkingTimeout: {PARKING_TIMEOUT_S - parked_s}\r\nParkingDuration: {parked_s}\r\n"
        )

    def _opened(self) -> Bridge:
        if self._bridge is None:
            self._bridge = self.switch.new_bridge("holding_bridge")
            self._bridge.kind, self._bridge.owner, self._bridge.name = "parking", "Parking", "default"
            self.switch.announce_bridge(self._bridge)
        return self._bridge
