"""The card's last calls, out of the store: the one place where ``crm_bridge`` and ``kpi`` meet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from crm_bridge.contact import LastCalls, PastCall
from crm_bridge.number import parse_number
from crm_bridge.settings import CrmSettings
from cti.model import Call
from kpi.store import Store

CALLS_OF_A_NUMBER = 50


def last_calls_from(store: Store) -> LastCalls:
    """What the card asks for: the calls with any of these numbers, newest first."""
    return partial(_fetch, store)


def e164_of(settings: CrmSettings, number: str) -> str | None:
    """The number in E.164 as this site reads it; None where it is no public number."""
    return parse_number(number, settings.default_region, settings.dial_prefixes).e164


def past_call(call: Call) -> PastCall:
    """A stored call as the card shows it."""
    talks = [talk.talk_s for talk in call.talks if talk.talk_s is not None]
    return PastCall(
        at=call.offered_at,
        direction=call.direction.value,
        outcome=call.outcome.value if call.outcome else "",
        queue=call.queue,
        agents=call.answered_by,
        wait_s=call.wait_s,
        talk_s=sum(talks) if talks else None,
    )


async def _fetch(store: Store, numbers: Sequence[str]) -> list[PastCall]:
    known = [number for number in numbers if number.startswith("+")]
    found = await asyncio.gather(*(store.fetch_last_calls(number, CALLS_OF_A_NUMBER) for number in known))
    calls = sorted((call for some in found for call in some), key=lambda call: call.offered_at, reverse=True)
    return [past_call(call) for call in calls]
