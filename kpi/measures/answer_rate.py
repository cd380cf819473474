"""How often an agent answers what only he could answer."""

from __future__ import annotations

from cti.model import RingResult
from kpi.measure import Measure, Parameters, Unit, share
from kpi.tally import Tally


def answer_rate(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Two answered, one missed, five that others answered first:

    >>> from cti.model import RingResult as R
    >>> round(answer_rate(Tally(rung=8, rings={R.ANSWERED: 2, R.MISSED: 1, R.ELSEWHERE: 5}), Parameters()), 4)
    0.6667
    """
    own = RingResult.ANSWERED, RingResult.MISSED, RingResult.BUSY, RingResult.FAILED
    return share(tally.rings.get(RingResult.ANSWERED, 0), sum(tally.rings.get(result, 0) for result in own))


MEASURES = (
    Measure(
        key="answer_rate",
        title="Agent answer rate",
        unit=Unit.SHARE,
        formula="answered / (answered + missed + busy + failed)",
        words="Of the rings that were the agent's to answer, those that he answered; rings that somebody "
        "else answered or the caller ended are left out.",
        source="Amazon Connect: agent answer rate; RONA",
        compute=answer_rate,
        reads=("rings",),
    ),
)
