"""The event stream: what happens to channels and bridges, in the manager's words and order of headers.

Every method does one thing to the PBX and writes the events that Asterisk 22 writes for it
(``main/manager_channels.c``, ``main/manager_bridges.c``; held against the recordings by a test). ``take_text`` gives
what was written since the last time.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count
from uuid import UUID

from cti.model import Party
from offhook.simulator.channels import DOWN, NOBODY, RING, RINGING, UP, Bridge, Channel
from offhook.simulator.clockwork import Timeline

CAUSES = {
    0: "Unknown",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    26: "Answered elsewhere",
    127: "Interworking, unspecified",
}
TRUNK = "PJSIP/trunk"
_ALLOWED = "CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n"


class Switch:
    """Channels, bridges and devices of one PBX, and the text of their events.

    ``epoch`` is the Unix time at which virtual time began; Uniqueids begin with it. ``device_changed`` is called with a
    device and its new state.
    """

    def __init__(self, timeline: Timeline, epoch: float, rng: random.Random) -> None:
        self.timeline, self.epoch, self._rng = timeline, epoch, rng
        self.channels: dict[str, Channel] = {}  # by name, in order of birth
        self.bridges: dict[str, Bridge] = {}
        self.device_changed: Callable[[str, str], None] = lambda _device, _state: None
        self.calls_processed = 0
        self.devices: dict[str, str] = {}
        self._on_device: dict[str, list[Channel]] = {}
        self._dirty: dict[str, None] = {}
        self._text: list[str] = []
        self._unique, self._names, self._pairs = count(), count(), count()

    # the stream

    def emit(self, name: str, body: str, privilege: str = "call") -> None:
        self._text.append(f"Event: {name}\r\nPrivilege: {privilege},all\r\n{body}\r\n")

    def take_text(self) -> str:
        """What was written since the last call, device states settled first; empty when nothing was."""
        self.settle()
        if not self._text:
            return ""
        text, self._text = "".join(self._text), []
        return text

    def clock(self) -> int:
        """The Unix time of now, in whole seconds, as the PBX writes it."""
        return int(self.epoch + self.timeline.now)

    # channels

    def new_channel(
        self, endpoint: str, state: str, caller: Party, context: str, exten: str, linked: str = ""
    ) -> Channel:
        """A channel of ``endpoint`` (``PJSIP/101``); ``linked`` is the call that it belongs to, if not its own."""
        name = f"{endpoint}-{next(self._names):08x}"
        return self._born(
            Channel(name, endpoint, self._unique_id(), state, self.timeline.now), caller, context, exten, linked
        )

    def new_pair(self, exten: str, context: str, linked: str) -> Channel:
        """Both halves of a Local channel; the first is given, ``other`` is the second."""
        name, now = f"Local/{exten}@{context}-{next(self._pairs):08x}", self.timeline.now
        device = f"Local/{exten}@{context}"
        one, two = (
            Channel(f"{name};{half}", device, self._unique_id(), state, now) for half, state in ((1, DOWN), (2, RING))
        )
        one.other, two.other = two, one
        for half in (one, two):
            self._born(half, NOBODY, context, exten, linked)
        return one

    def _born(self, channel: Channel, caller: Party, context: str, exten: str, linked: str) -> Channel:
        channel.caller = caller
        channel.linked_id = linked or channel.unique_id
        channel.place(context, exten)
        self.channels[channel.name] = channel
        self.calls_processed += 1
        self._on_device.setdefault(channel.endpoint, []).append(channel)
        self.emit("Newchannel", channel.block())
        self._touch(channel)
        return channel

    def _unique_id(self) -> str:
        return f"{self.clock()}.{next(self._unique)}"

    def set_state(self, channel: Channel, state: str) -> None:
        channel.state = state
        channel.changed()
        if state == UP:
            self._touch(channel)
        self.emit("Newstate", channel.block())
        self._touch(channel)

    def set_caller(self, channel: Channel, caller: Party) -> None:
        channel.caller = caller
        channel.changed()
        self.emit("NewCallerid", channel.block() + _ALLOWED)

    def set_connected(self, channel: Channel, party: Party, *, quietly: bool = False) -> None:
        channel.connected = party
        channel.changed()
        if not quietly:
            self.emit("NewConnectedLine", channel.block())

    def hangup_request(self, channel: Channel, cause: int = 16, tech: int | None = None) -> None:
        self.emit("HangupRequest", f"{channel.block()}Cause: {cause}\r\n{_tech(tech)}")

    def soft_hangup(self, channel: Channel, cause: int = 16, tech: int | None = None) -> None:
        self.emit("SoftHangupRequest", f"{channel.block()}Cause: {cause}\r\n{_tech(tech)}")

    def hangup(self, channel: Channel, cause: int = 16, tech: int | None = None) -> None:
        """The channel is gone."""
        self.emit("Hangup", f"{channel.block()}Cause: {cause}\r\nCause-txt: {CAUSES[cause]}\r\n{_tech(tech)}")
        del self.channels[channel.name]
        self._on_device[channel.endpoint].remove(channel)
        self._touch(channel)
        self.settle()

    def hold(self, channel: Channel) -> None:
        self.emit("Hold", channel.block() + "MusicClass: default\r\n")

    def unhold(self, channel: Channel) -> None:
        self.emit("Unhold", channel.block())

    def music_start(self, channel: Channel) -> None:
        self.emit("MusicOnHoldStart", channel.block() + "Class: default\r\n")

    def music_stop(self, channel: Channel) -> None:
        self.emit("MusicOnHoldStop", channel.block())

    def set_held(self, channel: Channel, held: bool) -> None:
        """Whether the far side has put it on hold: only its device's state shows it."""
        channel.held = held
        self._touch(channel)

    def digit_begin(self, channel: Channel, digit: str, *, sent: bool = False) -> None:
        direction = "Sent" if sent else "Received"
        self.emit("DTMFBegin", f"{channel.block()}Digit: {digit}\r\nDirection: {direction}\r\n", "dtmf")

    def digit_end(self, channel: Channel, digit: str, *, sent: bool = False) -> None:
        how = f"DurationMs: 160\r\nDirection: {'Sent' if sent else 'Received'}\r\n"
        self.emit("DTMFEnd", f"{channel.block()}Digit: {digit}\r\n{how}", "dtmf")

    # dialling

    def dial_begin(self, source: Channel | None, dest_block: str, dial_string: str) -> None:
        self.emit("DialBegin", f"{_block(source)}{dest_block}DialString: {dial_string}\r\n")

    def dial_state(self, source: Channel | None, dest: Channel, status: str = "RINGING") -> None:
        self.emit("DialState", f"{_block(source)}{dest.block('Dest')}DialStatus: {status}\r\n")

    def dial_end(self, source: Channel | None, dest: Channel, status: str) -> None:
        self.emit("DialEnd", f"{_block(source)}{dest.block('Dest')}DialStatus: {status}\r\n")

    def local_bridge(self, one: Channel, two: Channel) -> None:
        body = one.block("LocalOne") + two.block("LocalTwo")
        self.emit("LocalBridge", f"{body}Context: {one.context}\r\nExten: {one.exten}\r\nLocalOptimization: No\r\n")

    # bridges

    def new_bridge(self, technology: str = "simple_bridge") -> Bridge:
        bridge = Bridge(str(UUID(int=self._rng.getrandbits(128), version=4)), technology)
        self.bridges[bridge.unique_id] = bridge
        return bridge

    def announce_bridge(self, bridge: Bridge) -> Bridge:
        self.emit("BridgeCreate", bridge.block())
        return bridge

    def enter(self, bridge: Bridge, channel: Channel, swap: Channel | None = None) -> None:
        """``channel`` joins; its call becomes that of the oldest channel there. ``swap`` is whom it replaces."""
        bridge.channels.append(channel)
        channel.bridge = bridge
        if bridge.kind == "basic":  # parked callers stay apart
            _link(bridge)
        swapped = f"SwapUniqueid: {swap.unique_id}\r\n" if swap else ""
        self.emit("BridgeEnter", bridge.block() + channel.block() + swapped)

    def leave(self, channel: Channel) -> None:
        """``channel`` leaves its bridge."""
        bridge = channel.bridge
        if bridge is None:
            return
        bridge.channels.remove(channel)
        channel.bridge = None
        self.emit("BridgeLeave", bridge.block() + channel.block())

    def destroy(self, bridge: Bridge) -> None:
        self.emit("BridgeDestroy", bridge.block())
        del self.bridges[bridge.unique_id]

    # devices

    def on_device(self, device: str) -> list[Channel]:
        return self._on_device.get(device, [])

    def device_state(self, device: str) -> str:
        """What ``chan_pjsip`` says of it: ``NOT_INUSE RINGING INUSE BUSY RINGINUSE ONHOLD``."""
        channels = self.on_device(device)
        rings = sum(1 for channel in channels if channel.state == RINGING)
        talks = [channel for channel in channels if channel.state in (RING, UP)]
        if device != TRUNK and len(talks) + rings > 1:
            return "BUSY"
        if talks and rings:
            return "RINGINUSE"
        if rings:
            return "RINGING"
        if talks:
            return "ONHOLD" if all(channel.held for channel in talks) else "INUSE"
        return "NOT_INUSE"

    def set_device(self, device: str, state: str, *, anew: bool = False) -> None:
        """A device's state, told when it is another than before, or ``anew``."""
        if anew or self.devices.get(device) != state:
            self.devices[device] = state
            self.emit("DeviceStateChange", f"Device: {device}\r\nState: {state}\r\n")
            self.device_changed(device, state)

    def settle(self) -> None:
        """Tells the states of the devices that changed."""
        while self._dirty:
            dirty, self._dirty = self._dirty, {}
            for device in dirty:
                self.set_device(device, self.device_state(device))

    def _touch(self, channel: Channel) -> None:
        if not channel.is_local and channel.state != DOWN:
            self._dirty[channel.endpoint] = None


def _block(source: Channel | None) -> str:
    return source.block() if source else ""


def _tech(code: int | None) -> str:
    return "" if code is None else f"TechCause: {code}\r\n"


def _link(bridge: Bridge) -> None:
    linked = min((each.linked_id for each in bridge.channels), key=_age)
    for each in bridge.channels:
        if each.linked_id != linked:
            each.linked_id = linked
            each.changed()


def _age(unique_id: str) -> tuple[int, int]:
    second, _, number = unique_id.partition(".")
    return int(second), int(number)
