"""Instants as a PBX writes them: seconds since 1970, or the local time of its machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from kpi.importers.lines import BadLineError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_HALF_DAY = timedelta(hours=12)


def parse_instant(text: str, zone: tzinfo, near: datetime | None = None) -> datetime:
    """The instant, in UTC. ``zone`` is that of local times; ``near`` says which of the two hours of autumn is meant.

    >>> from zoneinfo import ZoneInfo
    >>> parse_instant("1795289945.261441", UTC).isoformat()
    '2026-11-21T19:39:05.261441+00:00'
    >>> parse_instant("2026-10-25 02:30:00", ZoneInfo("Europe/Rome")).isoformat()
    '2026-10-25T00:30:00+00:00'
    >>> later = datetime(2026, 10, 25, 1, 29, 58, tzinfo=UTC)
    >>> parse_instant("2026-10-25 02:30:00", ZoneInfo("Europe/Rome"), later).isoformat()
    '2026-10-25T01:30:00+00:00'
    """
    if text[:10].isdigit():
        return _from_seconds(text)
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise BadLineError("the time is neither seconds since 1970 nor YYYY-MM-DD HH:MM:SS") from None
    return settle(local, zone, near)


def settle(local: datetime, zone: tzinfo, near: datetime | None = None) -> datetime:
    """A machine's local time in UTC; of the two that one local time can be, the one nearer to ``near``."""
    if local.tzinfo is not None:
        return _checked(local.astimezone(UTC))
    first = local.replace(tzinfo=zone).astimezone(UTC)
    if near is not None:
        second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
        if second != first and abs(second - near) < abs(first - near):
            first = second
    return _checked(first)


def epoch_of(uniqueid: str) -> datetime | None:
    """When the channel of that id began, to the second: the id says so. None for an id of another make.

    >>> epoch_of("1795289945.11"), epoch_of("milan-1795289945.11") == epoch_of("1795289945.11"), epoch_of("x")
    (datetime.datetime(2026, 11, 21, 19, 39, 5, tzinfo=datetime.timezone.utc), True, None)
    """
    seconds = uniqueid.rpartition("-")[2].partition(".")[0]
    if not (seconds.isascii() and seconds.isdigit() and 9 <= len(seconds) <= 10):
        return None
    return _EPOCH + timedelta(seconds=int(seconds))


def _from_seconds(text: str) -> datetime:
    seconds, _, fraction = text.partition(".")
    if not (text.isascii() and seconds.isdigit() and len(seconds) <= 11 and (not fraction or fraction.isdigit())):
        raise BadLineError("the time is neither seconds since 1970 nor YYYY-MM-DD HH:MM:SS")
    return _checked(_EPOCH + timedelta(seconds=int(seconds), microseconds=int(f"{fraction:0<6.6}" or 0)))


def _checked(at: datetime) -> datetime:
    if not _FIRST <= at < _LAST:
        raise BadLineError("the time is before 1990 or after 2200")
    return at
