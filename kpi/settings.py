"""The `[kpi]` table: what a site chooses for its numbers, and what a queue chooses for its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from kpi.local_time import ReportError, find_zone
from kpi.named_sets import NAMED_SETS, NamedSet
from kpi.opening import parse_holiday, parse_opening, parse_stretch
from kpi.parameters import Conditions, Parameters, SiteParameters, Target

_YEARS = range(2000, 2100)
_SWITCHES = ("count_abandoned", "count_short_abandoned", "count_left_otherwise")
_OF_QUEUE = ("answer_within_s", "short_abandon_s", *_SWITCHES)
_OF_SITE = ("count_ringing", "repeat_days")


def parse_set(name: str) -> NamedSet:
    """The set with this name. Raises ValueError, naming those that there are."""
    if name not in NAMED_SETS:
        raise ValueError(f'expected one of {", ".join(NAMED_SETS)}, got "{name[:40]}"')
    return NAMED_SETS[name]


def parse_zone(name: str) -> ZoneInfo:
    """The time zone. Raises ValueError, saying what is expected."""
    try:
        return find_zone(name)
    except ReportError as error:
        raise ValueError(f"{error.what}: {error.hint}") from None


Seconds = Annotated[int, Meta(ge=0, le=86_400)]
SetName = Annotated[str, Meta(extra={"parse": parse_set})]
Zone = Annotated[str, Meta(extra={"parse": parse_zone})]
Stretch = Annotated[str, Meta(extra={"parse": parse_stretch})]
Holiday = Annotated[str, Meta(extra={"parse": parse_holiday})]


class QueueKpi(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is different for one queue; what is left out is as for the site."""

    set: Annotated[
        SetName | None,
        Meta(description=f"A named set to begin with, instead of the site's: {', '.join(NAMED_SETS)}."),
    ] = None
    answer_within_s: Annotated[Seconds | None, Meta(description="T: a caller is answered in time within it.")] = None
    short_abandon_s: Annotated[
        Seconds | None, Meta(description="S: who gives up within it is a short abandon, a wrong number perhaps.")
    ] = None
    count_abandoned: Annotated[
        bool | None, Meta(description="The service level as configured counts callers who gave up against it.")
    ] = None
    count_short_abandoned: Annotated[bool | None, Meta(description="It counts short abandons against it too.")] = None
    count_left_otherwise: Annotated[
        bool | None, Meta(description="It counts callers against it who left by timeout, by a key, and so on.")
    ] = None
    target: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | None,
        Meta(description="What service level is promised, 0 to 1. Left out: that of the named set."),
    ] = None
    opening_hours: Annotated[
        tuple[Stretch, ...] | None,
        Meta(
            description='When it is open, as `"mon-fri 08:30-18:00"`, on quarters of an hour; what goes on after '
            "midnight is a second one. Empty: always."
        ),
    ] = None
    holidays: Annotated[
        tuple[Holiday, ...] | None,
        Meta(description='Days on which it is closed: `"2026-12-24"`, or `"12-25"` for every year.'),
    ] = None


class KpiSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the reports count, and when. A change holds for the past too; the old choice stays in the store."""

    time_zone: Annotated[
        Zone | None, Meta(description="The site's time zone, as `Europe/Rome`. Left out: the machine's.")
    ] = None
    set: Annotated[
        SetName, Meta(description=f"The named set that all else begins with: {', '.join(NAMED_SETS)}; see kpi.md.")
    ] = "80/20"
    answer_within_s: Annotated[
        Seconds | None,
        Meta(description="T: a caller is answered in time within so many seconds. Left out: that of the named set."),
    ] = None
    short_abandon_s: Annotated[
        Seconds, Meta(description="S: who gives up within it is a short abandon, a wrong number perhaps.")
    ] = 5
    count_abandoned: Annotated[
        bool, Meta(description="The service level as configured counts callers who gave up against it.")
    ] = True
    count_short_abandoned: Annotated[bool, Meta(description="It counts short abandons against it too.")] = True
    count_left_otherwise: Annotated[
        bool, Meta(description="It counts callers against it who left by timeout, by a key, and so on.")
    ] = False
    count_ringing: Annotated[
        bool, Meta(description="Occupancy and utilisation take an agent as busy while his phone rings.")
    ] = False
    repeat_days: Annotated[
        int,
        Meta(ge=1, le=90, description="Who calls again within so many days calls for the same again."),
    ] = 7
    target: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | None,
        Meta(description="What service level is promised, 0 to 1. Left out: that of the named set."),
    ] = None
    opening_hours: Annotated[
        tuple[Stretch, ...],
        Meta(
            description='When the site is open, as `"mon-fri 08:30-18:00"`, on quarters of an hour; what goes on after '
            "midnight is a second one. Empty: always."
        ),
    ] = ()
    holidays: Annotated[
        tuple[Holiday, ...],
        Meta(description='Days on which it is closed: `"2026-12-24"`, or `"12-25"` for every year.'),
    ] = ()
    queue: Annotated[
        dict[str, QueueKpi],
        Meta(description="What is different for one queue: a table `[kpi.queue.NAME]`."),
    ] = {}

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return find_zone(self.time_zone or machine_zone())

    def site(self) -> SiteParameters:
        """All of it as the reports take it."""
        parameters = _changed(NAMED_SETS[self.set].parameters, self, (*_OF_QUEUE, *_OF_SITE))
        opening = parse_opening(self.opening_hours, self.holidays)
        default = Conditions(parameters=parameters, opening=opening, targets=_targets(self.set, self.target))
        return SiteParameters(
            time_zone=self.zone.key,
            default=default,
            queues={name: self._conditions(of, default) for name, of in sorted(self.queue.items())},
        )

    def _conditions(self, own: QueueKpi, default: Conditions) -> Conditions:
        base = default.parameters
        if own.set is not None:
            base = _changed(base, NAMED_SETS[own.set].parameters, ("answer_within_s",))
        hours = self.opening_hours if own.opening_hours is None else own.opening_hours
        opening = parse_opening(hours, self.holidays if own.holidays is None else own.holidays)
        is_as_site = own.set is None and own.target is None
        targets = default.targets if is_as_site else _targets(own.set or self.set, own.target)
        return Conditions(parameters=_changed(base, own, _OF_QUEUE), opening=opening, targets=targets)

    def holidays_of(self, queue: str | None) -> frozenset[date]:
        """The days on which this queue, or the site, is closed; those of every year of this century."""
        own = self.queue.get(queue or "")
        days = self.holidays if own is None or own.holidays is None else own.holidays
        return frozenset(day for text in days for day in _days(parse_holiday(text)))


def machine_zone() -> str:
    """The machine's time zone by its IANA name, UTC where it does not say."""
    places: tuple[Callable[[], str], ...] = (
        lambda: os.environ["TZ"].removeprefix(":"),
        lambda: str(Path("/etc/localtime").readlink()).partition("zoneinfo/")[2],
        lambda: Path("/etc/timezone").read_text(encoding="utf-8").strip(),
    )
    for place in places:
        with suppress(KeyError, OSError, UnicodeDecodeError, ReportError):
            return find_zone(place()).key
    return "UTC"


def _changed(base: Parameters, own: object, names: Iterable[str]) -> Parameters:
    """``base`` with what is set in ``own``."""
    values = {name: getattr(own, name) for name in names}
    return msgspec.structs.replace(base, **{name: value for name, value in values.items() if value is not None})


def _targets(named: str, level: float | None) -> tuple[Target, ...]:
    """Those of the named set, with the service level that was chosen instead."""
    own = NAMED_SETS[named].targets
    if level is None:
        return own
    others = tuple(one for one in own if not one.measure.startswith("service_level"))
    return (Target(measure="service_level_offered", at_least=level), *others)


def _days(text: str) -> Iterator[date]:
    if len(text) > len("12-25"):
        yield date.fromisoformat(text)
        return
    for year in _YEARS:
        try:
            yield date.fromisoformat(f"{year}-{text}")
        except ValueError:  # the 29th of February
            continue
