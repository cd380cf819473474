"""How long people's data is kept."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

_FOR_EVER = " 0 keeps it for ever."
Days = Annotated[int, Meta(ge=0, le=36_600)]


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days after which each kind of data goes, by `offhook run` once an hour and by `offhook retention`.

    The journal has `journal.retention_days`, what CRMs and webhooks were told `outbox.keep_days`.
    """

    calls_days: Annotated[
        Days,
        Meta(
            description="Calls with all of their parts, from their beginning on. Sums stay, and with them the reports "
            "of that time, but for what is looked for in the calls themselves: repeat callers, callbacks, peaks."
            + _FOR_EVER
        ),
    ] = 0
    numbers_days: Annotated[
        Days,
        Meta(
            description="The customer's number and name in calls; the call stays, with its times, queue, agents and "
            "outcome. Calls of one customer cannot be told to be of one any more." + _FOR_EVER
        ),
    ] = 730
    notes_days: Annotated[
        Days, Meta(description="Agents' notes and dispositions, from their last change on." + _FOR_EVER)
    ] = 730
    oddities_days: Annotated[
        Days, Meta(description="What a PBX said that was not expected, in its own words." + _FOR_EVER)
    ] = 90
    choices_days: Annotated[Days, Meta(description="Which customer an agent said a number belongs to." + _FOR_EVER)] = (
        730
    )
    imports_days: Annotated[
        Days, Meta(description="Which files of customers were imported; it holds nobody." + _FOR_EVER)
    ] = 730
