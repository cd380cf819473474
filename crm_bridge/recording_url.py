"""Where a call's recording is heard: the admin's address with the call's values in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Final

from crm_bridge.pop_url import fill_template
from cti.model import Call

#: characters of an address
MAX_URL: Final = 1_000


def recording_url(templates: Mapping[str, str], call: Call) -> str | None:
    """The address of the call's recording by its PBX's template; None where there is none, or nobody talked.

    The date and time are those of the call's begin in UTC; each value is percent-encoded.
    """
    template = templates.get(call.pbx)
    if not template or not call.talks:
        return None
    at = call.offered_at.astimezone(UTC)
    values = {
        "call_id": call.call_id,
        "pbx": call.pbx,
        "queue": call.queue or "",
        "agent": call.answered_by[0],
        "caller": call.caller.number or "",
        "dialled": call.dialled or "",
        "year": f"{at:%Y}",
        "month": f"{at:%m}",
        "day": f"{at:%d}",
    }
    return fill_template(template, values)[:MAX_URL]
