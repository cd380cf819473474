"""Calls, whether they came to a queue or not."""

from __future__ import annotations

from cti.model import CallOutcome
from kpi.measure import OF_CALLERS, Measure, Parameters, Unit
from kpi.tally import Tally


def calls(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """All directions, by any outcome.

    >>> from cti.model import CallOutcome
    >>> calls(Tally(started=4, calls={CallOutcome.ANSWERED: 3, CallOutcome.BUSY: 1}), Parameters())
    4
    """
    return tally.started


def hung_up_in_menu(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Not among the offered.

    >>> from cti.model import CallOutcome
    >>> hung_up_in_menu(Tally(started=2, calls={CallOutcome.IVR_HANGUP: 1}), Parameters())
    1
    """
    return tally.calls.get(CallOutcome.IVR_HANGUP, 0)


MEASURES = (
    Measure(
        key="calls",
        title="Calls",
        unit=Unit.COUNT,
        formula="calls that ended",
        words="Journeys of a customer from the first ring to the last hang-up, transfers included; under "
        "the first queue.",
        source="cti.model.Call; Wazo conversation_id",
        compute=calls,
        reads=("started",),
        not_by=OF_CALLERS,
    ),
    Measure(
        key="ivr_hangups",
        title="Hung up before any queue",
        unit=Unit.COUNT,
        formula="calls with outcome ivr_hangup",
        words="Callers who left in the greeting or the menu, before a queue or a person was reached.",
        source="VICIDIALforum p=146590: in one report and not in another",
        compute=hung_up_in_menu,
        reads=("calls",),
        not_by=OF_CALLERS,
    ),
)
