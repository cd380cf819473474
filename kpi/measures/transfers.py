"""Transfers, by kind, and the share of conversations that were handed on."""

from __future__ import annotations

from collections.abc import Callable

from cti.model import TransferKind
from kpi.measure import Measure, Parameters, Unit, share
from kpi.tally import Tally

_KINDS = {
    TransferKind.BLIND: "without asking the colleague first",
    TransferKind.ATTENDED: "after asking the colleague",
    TransferKind.QUEUE: "into a queue",
    TransferKind.PARK: "to a parking place, for anybody to take up",
}


def transfers(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """All of them, parking left out.

    >>> transfers(Tally(transfers={TransferKind.BLIND: 2, TransferKind.QUEUE: 1, TransferKind.PARK: 4}), Parameters())
    3
    """
    return sum(count for kind, count in tally.transfers.items() if kind is not TransferKind.PARK)


def of_kind(kind: TransferKind) -> Callable[[Tally, Parameters], float | None]:
    """Those of one kind.

    >>> of_kind(TransferKind.BLIND)(Tally(transfers={TransferKind.BLIND: 2}), Parameters())
    2
    """
    return lambda tally, _: tally.transfers.get(kind, 0)


def transfer_rate(tally: Tally, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Handed on / conversations. Of four conversations one was handed on:

    >>> transfer_rate(Tally(talks=4, handed_on=1, transfers={TransferKind.BLIND: 1}), Parameters())
    0.25
    """
    return share(tally.handed_on, tally.talks)


MEASURES = (
    Measure(
        key="transfers",
        title="Transfers",
        unit=Unit.COUNT,
        formula="transfers, but for parking",
        words="Customers handed over to a colleague, a number or a queue; with the conversation in which it was done.",
        source="Asterisk: BlindTransfer, AttendedTransfer; FreeSWITCH: the variables of a transfer",
        compute=transfers,
        reads=("transfers",),
    ),
    *(
        Measure(
            key=f"transfers_{kind.value}",
            title=f"Transfers, {kind.value}",
            unit=Unit.COUNT,
            formula=f"transfers of kind {kind.value}",
            words=f"Customers handed over {words}.",
            source="cti.model.TransferKind",
            compute=of_kind(kind),
            reads=("transfers",),
        )
        for kind, words in _KINDS.items()
    ),
    Measure(
        key="transfer_rate",
        title="Transfer rate",
        unit=Unit.SHARE,
        formula="conversations handed on / conversations",
        words="The share of conversations that ended with the customer handed over, parking left out.",
        source="Genesys agent performance: transfer rate of handled",
        compute=transfer_rate,
        reads=("talks", "handed_on"),
    ),
)
