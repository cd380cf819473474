"""What cannot be added up and is therefore looked for, for each row of a report anew."""

from __future__ import annotations

import msgspec


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What queries over the calls found for one row of a report.

    ``known`` are inbound calls with the customer's number, ``repeated`` those of them whose customer had called within
    the days of repetition before. ``settled`` are answered inbound calls with a number after which those days are over,
    ``resolved`` those of them after which the customer did not call again in that time. ``lost`` are inbound calls with
    a number that nobody answered, ``called_back`` those of them whose customer was called within those days.
    ``most_at_once`` is the peak of calls going on, ``coverage`` the share of the row's time whose events are known.
    """

    known: int = 0
    repeated: int = 0
    settled: int = 0
    resolved: int = 0
    lost: int = 0
    called_back: int = 0
    most_at_once: int | None = None
    coverage: float | None = None


NOTHING = Found()
