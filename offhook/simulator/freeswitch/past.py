"""A month that has been, as a FreeSWITCH would have told it.

The simulated Asterisk makes it, in a tenth of the time; what differs is how channels are called, and that pauses
have no reason.
"""

from __future__ import annotations

import msgspec

from cti.model import Leg, LegRole
from kpi.batch import Batch
from offhook.simulator.freeswitch.legs import CARRIER, PHONES_ADDRESS, PHONES_PORT


def in_freeswitch_names(batch: Batch) -> Batch:
    """The same calls with FreeSWITCH's names of channels, the same days without the reasons of pauses."""
    told = (msgspec.structs.replace(call, legs=tuple(map(_renamed, call.legs))) for call in batch.calls)
    spans = tuple(msgspec.structs.replace(span, reason=None) for span in batch.spans)
    return msgspec.structs.replace(batch, calls=tuple(told), spans=spans)


def _renamed(leg: Leg) -> Leg:
    if leg.role is LegRole.AGENT:
        channel = f"sofia/internal/{leg.number}@{PHONES_ADDRESS}:{PHONES_PORT}"
    else:
        channel = f"sofia/internal/{leg.number or 'anonymous'}@{CARRIER}"
    return msgspec.structs.replace(leg, channel=channel)
