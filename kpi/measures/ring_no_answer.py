"""Phones that rang in vain."""

from __future__ import annotations

from cti.model import RingResult
from kpi.measure import Measure, Parameters, Unit
from kpi.tally import Tally


def ring_no_answer(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Of four rings one was missed, one answered by somebody else:

    >>> from cti.model import RingResult as R
    >>> ring_no_answer(Tally(rung=4, rings={R.ANSWERED: 2, R.MISSED: 1, R.ELSEWHERE: 1}), Parameters())
    1
    """
    return tally.rings.get(RingResult.MISSED, 0)


def rung(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """All results.

    >>> rung(Tally(rung=4), Parameters())
    4
    """
    return tally.rung


MEASURES = (
    Measure(
        key="ring_no_answer",
        title="Ring, no answer",
        unit=Unit.COUNT,
        formula="rings with result missed",
        words="An agent's phone rang until the PBX took the call back. That somebody else was quicker, or "
        "the caller left, is nobody's miss.",
        source="queue_log RINGNOANSWER, which counts those too",
        compute=ring_no_answer,
        reads=("rings",),
    ),
    Measure(
        key="rung",
        title="Phones rung",
        unit=Unit.COUNT,
        formula="rings",
        words="How often agents' phones rang for callers; several devices of an agent are one, "
        "consultations do not count.",
        source="Amazon Connect: contacts routed to the agent",
        compute=rung,
        reads=("rung",),
    ),
)
