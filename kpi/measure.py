"""What a measure is: a number with its passport, made from a Tally by a pure function.

Page, CSV header and the help of a metric are made from the passport, so no number is shown without its formula.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from enum import StrEnum

import msgspec

from kpi import measures as folder
from kpi.tally import Tally


class Unit(StrEnum):
    SHARE = "share"  #: 0 to 1, shown as per cent
    SECONDS = "s"
    COUNT = "count"


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a site may choose. ``answer_within_s`` is T, ``short_abandon_s`` is S in the formulas.

    The three switches are those of the configurable service level: what its denominator counts.
    """

    answer_within_s: int = 20
    short_abandon_s: int = 5
    count_abandoned: bool = True
    count_short_abandoned: bool = True
    count_left_otherwise: bool = False


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """``compute`` gives None where there is nothing to divide by. ``parameters`` names those that the formula reads.

    In formulas: A answered, A<=T answered within T; B abandoned, B<=T, B<=S; N entered; X left otherwise.
    """

    key: str
    title: str
    unit: Unit
    formula: str
    source: str
    compute: Callable[[Tally, Parameters], float | None]
    parameters: tuple[str, ...] = ()


def share(part: float, whole: float) -> float | None:
    """The part as a share of the whole; None of nothing.

    >>> share(1, 4), share(0, 0)
    (0.25, None)
    """
    return part / whole if whole else None


def all_measures() -> dict[str, Measure]:
    """Every measure in ``kpi/measures``, by key: each file there has a tuple ``MEASURES``."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    modules = [importlib.import_module(f"{folder.__name__}.{name}") for name in names]
    return {measure.key: measure for module in modules for measure in module.MEASURES}
