"""What a site may choose for its numbers: thresholds, what counts, opening hours; for all queues or for one.

Tallies hold no choice, so another choice is another reading of the same rows, for any time in the past. A set of
choices is known by its version, made from its content: whoever knows the version can make the same report again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from kpi.opening import ALWAYS, Opening

VERSION_CHARS = 12


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What is promised: the measure is ``at_least`` or ``at_most`` so much."""

    measure: str
    at_least: float | None = None
    at_most: float | None = None

    def is_met(self, number: float | None) -> bool | None:
        """None where there is no number.

        >>> Target(measure="service_level_offered", at_least=0.8).is_met(0.79)
        False
        """
        if number is None:
            return None
        low = self.at_least is None or number >= self.at_least
        return low and (self.at_most is None or number <= self.at_most)


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a formula reads. ``answer_within_s`` is T, ``short_abandon_s`` is S in the formulas.

    The first three switches are those of the configurable service level: what its denominator counts.
    ``count_ringing``: a ringing phone keeps its agent busy. ``repeat_days``: who calls again within them calls for the
    same again.
    """

    answer_within_s: int = 20
    short_abandon_s: int = 5
    count_abandoned: bool = True
    count_short_abandoned: bool = True
    count_left_otherwise: bool = False
    count_ringing: bool = False
    repeat_days: int = 7


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """All that holds for one queue."""

    parameters: Parameters = Parameters()
    opening: Opening = ALWAYS
    targets: tuple[Target, ...] = ()


class SiteParameters(msgspec.Struct, frozen=True, kw_only=True):
    """All that holds for a site: ``default`` where ``queues`` says nothing else. ``time_zone`` is an IANA name."""

    time_zone: str = "UTC"
    default: Conditions = Conditions()
    queues: Mapping[str, Conditions] = {}

    def of(self, queue: str) -> Conditions:
        """What holds for this queue; ``''`` is no queue."""
        return self.queues.get(queue, self.default)

    @property
    def version(self) -> str:
        """A digest of the content: the same choices have the same version, everywhere.

        >>> SiteParameters().version == SiteParameters(queues={}).version != SiteParameters(time_zone="x").version
        True
        """
        return hashlib.sha256(encode_parameters(self)).hexdigest()[:VERSION_CHARS]


def encode_parameters(site: SiteParameters) -> bytes:
    """As JSON, the same bytes for the same content."""
    return msgspec.json.encode(site, order="deterministic")


def parse_parameters(content: bytes | str) -> SiteParameters:
    """What ``encode_parameters`` wrote."""
    return msgspec.json.decode(content, type=SiteParameters)
