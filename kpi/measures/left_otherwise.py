"""Callers who left a queue neither answered nor by giving up, together and by cause."""

from __future__ import annotations

from collections.abc import Callable

from cti.model import StayOutcome
from kpi.measure import OF_CALLERS, Measure, Parameters, Unit
from kpi.tally import Tally

_CAUSES = {
    StayOutcome.TIMEOUT: ("Left by timeout", "the queue let go after its longest wait"),
    StayOutcome.EXIT_KEY: ("Left by key", "the caller pressed a key: for a callback, a mailbox, another menu"),
    StayOutcome.EXIT_EMPTY: ("Left because nobody was there", "the queue had no agents left"),
    StayOutcome.FULL: ("Left because full", "the queue took no more callers"),
    StayOutcome.REFUSED: ("Sent away while joining", "the queue had nobody when the caller came"),
    StayOutcome.TRANSFERRED_OUT: ("Taken out while waiting", "a pickup or a redirect took the caller elsewhere"),
}


def left_otherwise(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """X: N less A, B and those who wait.

    >>> left_otherwise(Tally(entered=5, stays={StayOutcome.ANSWERED: 2, StayOutcome.TIMEOUT: 2}), Parameters())
    2
    """
    return tally.left_otherwise


def left_by(cause: StayOutcome) -> Callable[[Tally, Parameters], float | None]:
    """The part of X with this cause.

    >>> left_by(StayOutcome.TIMEOUT)(Tally(stays={StayOutcome.TIMEOUT: 2, StayOutcome.EXIT_KEY: 1}), Parameters())
    2
    """
    return lambda tally, _: tally.stays.get(cause, 0)


MEASURES = (
    Measure(
        key="left_otherwise",
        title="Left otherwise",
        unit=Unit.COUNT,
        formula="X = N - A - B - waiting",
        words="Waits that ended neither answered nor abandoned: the sum of the six causes.",
        source="Genesys 'flow-out'; Wazo and queue_log keep these causes apart, the PBXs' own counters do not",
        compute=left_otherwise,
        reads=("stays",),
        not_by=OF_CALLERS,
    ),
    *(
        Measure(
            key=f"left_{cause.value}",
            title=title,
            unit=Unit.COUNT,
            formula=f"X, outcome {cause.value}",
            words=f"Waits that ended because {words}.",
            source="queue_log: EXITWITHTIMEOUT, EXITWITHKEY, EXITEMPTY; FreeSWITCH: CC-Cancel-Reason",
            compute=left_by(cause),
            reads=("stays",),
            not_by=OF_CALLERS,
        )
        for cause, (title, words) in _CAUSES.items()
    ),
)
