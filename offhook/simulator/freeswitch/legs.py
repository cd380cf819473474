"""A channel as the event socket shows it: its state, its caller profile, the leg it was last connected with.

The order of headers is that of ``switch_channel_event_set_extended_data`` and ``switch_caller_profile_event_set_data``.
"""

from __future__ import annotations

from typing import Final

from cti.model import Party
from offhook.simulator.channels import sip_name
from offhook.simulator.freeswitch.telling import Block

DOMAIN, CARRIER, GATEWAY = "pbx.lab", "carrier.lab", "trunk"
TRUNK_ADDRESS, PHONES_ADDRESS, PHONES_PORT = "127.0.0.3", "127.0.0.4", 6062
INIT, EXECUTE, SOFT, EXCHANGE, CONSUME, REPORTING = (
    *("CS_INIT", "CS_EXECUTE", "CS_SOFT_EXECUTE", "CS_EXCHANGE_MEDIA", "CS_CONSUME_MEDIA", "CS_REPORTING"),
)
_NUMBERS: Final = {INIT: 2, SOFT: 3, EXECUTE: 4, EXCHANGE: 5, CONSUME: 7, REPORTING: 11}
GOING, GONE = 10, 12  # the running state of a leg that is about to end, and of one that has ended
DOWN, RINGING, EARLY, ACTIVE, HELD, HANGUP = "DOWN", "RINGING", "EARLY", "ACTIVE", "HELD", "HANGUP"
_CODEC = tuple(
    (f"Channel-{way}-Codec-{what}", value)
    for way in ("Read", "Write")
    for what, value in (("Name", "PCMU"), ("Rate", "8000"), ("Bit-Rate", "64000"))
)
_NO_TIMES = ("Transfer", "Resurrect")
PUBLIC, DEFAULT = "public", "default"
ANONYMOUS, NOWHERE = "anonymous", "anonymous.invalid"

Pair = tuple[str, str | None]


class Times:
    """Microseconds of the PBX's clock; 0 has not happened."""

    __slots__ = ("answered", "bridged", "created", "hangup", "held", "hold_us", "profile", "progress", "progress_media")

    def __init__(self, created: int) -> None:
        self.created = self.profile = created
        self.answered = self.progress = self.progress_media = self.hangup = self.bridged = self.held = self.hold_us = 0


class Leg:
    """One channel. ``far`` is True for one that the PBX made: FreeSWITCH calls it outbound.

    ``agent`` is whose phone it is, None on the trunk; ``caller`` what it shows as the caller. Change a field, then call
    ``changed``.
    """

    def __init__(self, uuid: str, name: str, caller: Party, to: str, context: str, now: int, *, far: bool) -> None:
        self.uuid, self.name, self.far, self.context = uuid, name, far, context
        self.agent: str | None = None
        self.caller, self.original, self.callee = caller, caller, None if not far else Party(to, "Outbound Call")
        self.destination, self.first_destination, self.redirected = to, to, ""
        self.username, self.source, self.presence = "", "mod_sofia", ""
        self.address = PHONES_ADDRESS
        self.first_context, self.call_uuid, self.profile_index = context, uuid, 1
        self.state, self.call_state, self.answer_state, self.cause = INIT, DOWN, "ringing", ""
        self.running: int | None = None  # where it is not the state's own
        self.transferred, self.routed = "", False
        self.media = not far
        self.times = Times(now)
        self.application = self.data = ""
        self.variables: dict[str, str] = {}
        self.partner: Leg | None = None  # bridged with it now
        self._other: tuple[Pair, ...] = ()
        self._block: Block | None = None

    @property
    def direction(self) -> str:
        return "outbound" if self.far else "inbound"

    @property
    def hidden(self) -> bool:
        """The caller does not show his number."""
        return not self.far and self.caller.number in (None, ANONYMOUS)

    def changed(self) -> None:
        """The next event shows it as it is then."""
        self._block = None

    def block(self) -> Block:
        """All its headers and variables."""
        if self._block is None:
            variables = ((f"variable_{key}", value) for key, value in self.variables.items())
            self._block = Block((*self._channel(), *self.profile("Caller"), *self._other, *variables))
        return self._block

    def bare(self) -> Block:
        """The same without variables, as some events have it."""
        return Block((*self._channel(), *self.profile("Caller"), *self._other))

    def know_other(self, other: Leg, kind: str) -> None:
        """From now on it shows ``other`` as its ``originator`` or ``originatee``."""
        self._other = (("Other-Type", kind), *other.profile("Other-Leg", since=0 if kind == "originator" else None))
        self.changed()

    def forget_other(self) -> None:
        self._other = ()
        self.variables.pop("signal_bond", None)
        self.changed()

    def transfer(self, how: str, now: int) -> None:
        """A new caller profile: ``how`` is what became of it, as ``transfer_source`` has it."""
        self.transferred = how
        self.profile_index += 1
        self.times.profile = now
        self.changed()

    def _channel(self) -> tuple[Pair, ...]:
        return (
            ("Channel-State", self.state),
            ("Channel-Call-State", self.call_state),
            ("Channel-State-Number", str(self.running or _NUMBERS[self.state])),
            ("Channel-Name", self.name),
            ("Unique-ID", self.uuid),
            ("Call-Direction", self.direction),
            ("Presence-Call-Direction", self.direction),
            ("Channel-HIT-Dialplan", "true" if self.routed or not self.far else "false"),
            ("Channel-Presence-ID", self.presence),
            ("Channel-Call-UUID", self.call_uuid),
            ("Answer-State", self.answer_state),
            ("Hangup-Cause", self.cause),
            *(_CODEC if self.media else ()),
        )

    def profile(self, prefix: str, since: int | None = None) -> tuple[Pair, ...]:
        """The caller profile's headers; ``since`` stands for all of its times if given."""
        number, name = shown(self.caller)
        original_number, original_name = shown(self.original)
        hidden = str(self.hidden).lower()
        own = (
            ("Direction", self.direction),
            ("Logical-Direction", self.direction if prefix == "Caller" or not self.far else "inbound"),
            ("Username", self.username),
            ("Dialplan", "XML" if self.username or self.routed else ""),
            ("Caller-ID-Name", name),
            ("Caller-ID-Number", number),
            ("Orig-Caller-ID-Name", original_name),
            ("Orig-Caller-ID-Number", original_number),
            ("Callee-ID-Name", self.callee.name if self.callee else ""),
            ("Callee-ID-Number", self.callee.number if self.callee else ""),
            ("Network-Addr", self.address),
            ("ANI", original_number),
            ("Destination-Number", self.destination),
            ("Unique-ID", self.uuid),
            ("Source", self.source),
            ("Transfer-Source", self.transferred if prefix == "Caller" else ""),
            ("Context", self.context),
            ("RDNIS", self.redirected),
            ("Channel-Name", self.name),
            ("Profile-Index", str(self.profile_index) if prefix == "Caller" else ""),
            *self._stamps(since),
            ("Screen-Bit", "true"),
            ("Privacy-Hide-Name", hidden),
            ("Privacy-Hide-Number", hidden),
        )
        return tuple((f"{prefix}-{key}", value) for key, value in own)

    def _stamps(self, since: int | None) -> tuple[Pair, ...]:
        times = self.times
        stamps = (
            ("Profile-Created", times.profile),
            ("Channel-Created", times.created),
            ("Channel-Answered", times.answered),
            ("Channel-Progress", times.progress),
            ("Channel-Progress-Media", times.progress_media),
            ("Channel-Hangup", times.hangup),
            *((f"Channel-{never}", 0) for never in _NO_TIMES),
            ("Channel-Bridged", times.bridged),
        )
        told = tuple((f"{key}-Time", str(value if since is None else since)) for key, value in stamps)
        return (*told, ("Channel-Last-Hold", str(times.held)), ("Channel-Hold-Accum", str(times.hold_us)))


def shown(party: Party) -> tuple[str, str]:
    r"""Number and name as FreeSWITCH shows a caller: without a name the number, SIP's backslashes stay.

    >>> shown(Party("+3906", 'the "boss"')), shown(Party("+3906")), shown(Party())
    (('+3906', 'the \\"boss\\"'), ('+3906', '+3906'), ('anonymous', 'anonymous'))
    """
    number = party.number or ANONYMOUS
    return number, number if number == ANONYMOUS or not party.name else sip_name(party.name)
