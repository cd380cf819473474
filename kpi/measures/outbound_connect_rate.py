"""How many of the calls that agents make are answered."""

from __future__ import annotations

from cti.model import CallOutcome, Direction
from kpi.measure import Dimension, Measure, Parameters, Unit, share
from kpi.tally import Tally


def outbound_connect_rate(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Of the tally of outbound calls. Three calls, one answered:

    >>> from cti.model import CallOutcome
    >>> day = Tally(started=3, calls={CallOutcome.ANSWERED: 1, CallOutcome.BUSY: 2})
    >>> round(outbound_connect_rate(day, Parameters()), 4)
    0.3333
    """
    return share(tally.calls.get(CallOutcome.ANSWERED, 0), tally.started)


MEASURES = (
    Measure(
        key="outbound_connect_rate",
        title="Outbound connect rate",
        unit=Unit.SHARE,
        formula="outbound calls answered / outbound calls",
        words="Of the calls to the public, by hand or by click, those that somebody answered; an answering "
        "machine is somebody.",
        source="VICIdial; ASR of FusionPBX counts channels, this counts calls",
        compute=outbound_connect_rate,
        reads=(
            "started",
            "calls",
        ),
        not_by=(Dimension.AGENT, Dimension.DID),
        direction=Direction.OUTBOUND,
    ),
)
