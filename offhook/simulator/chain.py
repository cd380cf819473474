"""The bridges between a caller and the phone he talks to, and how they come apart.

Mostly it is one bridge: caller and phone. A member rung through Local channels makes it two, the pair in between; a
transfer of such a call to another queue makes it longer, since the second half of the pair waits there in the caller's
place. Whoever hangs up, each bridge comes apart in turn.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from offhook.simulator.channels import Bridge, Channel
from offhook.simulator.dialling import Ring
from offhook.simulator.members import Member
from offhook.simulator.switch import Switch
from offhook.simulator.truth import CallTruth

UNTOLD_DEST_SHARE = 0.06  # mix-1: 10 of 180 AgentComplete have no Dest fields, the pair was gone already


class Queue(Protocol):
    """What a chain asks of the queue that delivered a call."""

    def complete(self, delivery: Delivery, reason: str, *, with_dest: bool = True) -> None: ...

    def phone_gone(self, delivery: Delivery) -> None: ...


class Delivery:
    """A queue's record of a call that it gave to a member. ``channel`` waited, ``offered`` is what was rung."""

    def __init__(
        self, line: Queue, member: Member, channel: Channel, offered: Channel, hold_s: int, since: int
    ) -> None:
        self.line, self.member, self.channel, self.offered = line, member, channel, offered
        self.hold_s, self.since = hold_s, since
        self.counted = self.closed = False

    def close(self, reason: str, *, with_dest: bool = True) -> None:
        """AgentComplete, once."""
        if not self.closed:
            self.closed = True
            self.line.complete(self, reason, with_dest=with_dest)


class Link:
    """One bridge of the chain. ``far_runs``: the far channel is in the dialplan itself, not dialled."""

    def __init__(self, near: Channel, far: Channel, bridge: Bridge, delivery: Delivery | None = None) -> None:
        self.near, self.far, self.bridge, self.delivery = near, far, bridge, delivery
        self.far_runs = False


class Chain:
    """From ``caller`` to the phone at the far end; without the last link the caller's end is open.

    ``picks_up`` gives the seconds after which an agent answers this call, None when he lets it ring. ``withdraw`` is
    what has to be undone at the open end (a queue to leave, a phone to stop) when the caller goes.
    """

    def __init__(self, switch: Switch, caller: Channel, truth: CallTruth, rng: random.Random) -> None:
        self.switch, self.caller, self.truth, self._rng = switch, caller, truth, rng
        self.links: list[Link] = []
        self.picks_up: Callable[[str], float | None] = lambda _agent: 3.0
        self.withdraw: Callable[[], None] | None = None
        self.ringing: Channel | None = None  # the phone that the open end dials

    @property
    def open_end(self) -> Channel:
        """The channel that waits, or dials, in the caller's name."""
        return (self.links[-1].far.other or self.caller) if self.links else self.caller

    @property
    def phone(self) -> Channel:
        """The far end."""
        return self.links[-1].far

    def connected(self, far: Channel, bridge: Bridge) -> Link:
        """The open end is bridged with a phone."""
        link = Link(self.open_end, far, bridge)
        self.links.append(link)
        return link

    def delivered(self, near: Channel, ring: Ring, outer: Bridge, inner: Bridge | None, delivery: Delivery) -> None:
        """A queue bridged the open end with a member, directly or through a pair."""
        self.links.append(Link(near, ring.offered, outer, delivery))
        if ring.two and inner:
            self.links.append(Link(ring.two, ring.phone, inner))

    def owner(self) -> Delivery | None:
        """The queue's record that the far phone belongs to, if a queue delivered the call to it."""
        last = self.links[-1]
        if last.delivery or len(self.links) < 2:
            return last.delivery
        below = self.links[-2].delivery
        return below if below and below.member.device == last.far.endpoint else None

    def key_begins(self, digit: str) -> None:
        """The caller presses a key; through pairs it comes to the open end."""
        self._key(self.switch.digit_begin, digit)

    def key_ends(self, digit: str) -> None:
        self._key(self.switch.digit_end, digit)

    def _key(self, tell: Callable[..., None], digit: str) -> None:
        tell(self.caller, digit)
        for link in self.links:
            if link.far.other:
                tell(link.far, digit, sent=True)
                tell(link.far.other, digit)

    # coming apart

    def caller_hangs_up(self, cause: int = 16, tech: int | None = None) -> None:
        self._late_names()
        self.switch.hangup_request(self.caller, cause, tech)
        self._from_near(0, tech)

    def killed(self) -> None:
        """The PBX ends it by itself: no HangupRequest at all."""
        self._late_names()
        self._from_near(0, None)

    def phone_hangs_up(self) -> None:
        self._late_names()
        self.switch.hangup_request(self.phone)
        self._from_far()

    def end_open(self, cause: int = 16, tech: int | None = None) -> None:
        """The dialplan is at its end for the open end: its caller is hung up."""
        self._late_names()
        end = self.open_end
        self.switch.soft_hangup(end)
        if end.other:
            self.switch.hangup_request(end.other)
            self._gone(end)
            self._below(len(self.links) - 1)
        else:
            self._gone(end, cause, tech)

    def _from_near(self, index: int, tech: int | None) -> None:
        if index == len(self.links):
            self._close_open(tech)
            return
        link = self.links[index]
        if link.delivery:
            link.delivery.close("caller")
        self.switch.leave(link.near)
        self.switch.soft_hangup(link.near)
        self.switch.leave(link.far)
        if link.far_runs:
            self.switch.soft_hangup(link.far)
        self.switch.destroy(link.bridge)
        self._gone(link.near)
        if link.far.other:
            self.switch.hangup_request(link.far.other)
            self._gone(link.far)
            self._from_near(index + 1, None)
        else:
            self._gone(link.far)

    def _close_open(self, tech: int | None) -> None:
        end, ringing = self.open_end, self.ringing
        if self.withdraw:
            self.withdraw()
        if ringing:
            self.switch.dial_end(end, ringing, "CANCEL")
        self.switch.soft_hangup(end, tech=tech)
        if ringing:
            self.switch.hangup(ringing)
        self._gone(end, 16, tech)

    def _from_far(self) -> None:
        link = self.links[-1]
        if link.delivery:
            link.delivery.close("agent")
        self.switch.leave(link.far)
        if link.far_runs:
            self.switch.soft_hangup(link.far)
        self.switch.leave(link.near)
        self.switch.destroy(link.bridge)
        self.switch.soft_hangup(link.near)
        owner = self.owner()
        if owner:
            owner.line.phone_gone(owner)
        if link.near.other:
            self.switch.hangup_request(link.near.other)
            self._gone(link.near)
            self._gone(link.far)
            self._below(len(self.links) - 2)
        else:
            self._gone(link.far)
            self._gone(link.near)

    def _below(self, index: int) -> None:
        """The pair's second half is gone: its first half and what is behind it follow."""
        link = self.links[index]
        late = self._rng.random() < UNTOLD_DEST_SHARE
        if link.delivery and not late:
            link.delivery.close("agent")
        self.switch.leave(link.far)
        self._gone(link.far)
        if link.delivery:
            link.delivery.close("agent", with_dest=False)
        self.switch.leave(link.near)
        self.switch.destroy(link.bridge)
        self.switch.soft_hangup(link.near)
        if link.near.other:
            self.switch.hangup_request(link.near.other)
            self._gone(link.near)
            self._below(index - 1)
        else:
            self._gone(link.near)

    def _gone(self, channel: Channel, cause: int = 16, tech: int | None = None) -> None:
        self.switch.hangup(channel, cause, tech)
        if channel.is_local:
            self.switch.set_device(channel.endpoint, "NOT_INUSE", anew=True)

    def _late_names(self) -> None:
        """After a transfer behind a pair its first half learns the new name only now."""
        for link in self.links:
            two = link.far.other
            if two and two.connected != link.far.caller:
                self.switch.set_caller(link.far, two.connected)
