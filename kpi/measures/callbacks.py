"""Callers nobody answered who were called back."""

from __future__ import annotations

from kpi.found import Found
from kpi.measure import Dimension, FoundMeasure, Parameters, Unit, share


def callbacks(found: Found, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Of five lost callers two were called:

    >>> callbacks(Found(lost=5, called_back=2), Parameters())
    2
    """
    return found.called_back


def callback_rate(found: Found, parameters: Parameters) -> float | None:  # noqa: ARG001
    """Two of five:

    >>> callback_rate(Found(lost=5, called_back=2), Parameters())
    0.4
    """
    return share(found.called_back, found.lost)


MEASURES = (
    FoundMeasure(
        key="callbacks",
        title="Called back",
        unit=Unit.COUNT,
        formula="lost inbound calls followed by an outbound call to the number within repeat_days",
        words="Inbound calls that nobody answered, whose number was called afterwards, by any agent, "
        "answered or not. By the number in E.164, not by a pattern.",
        source="NethCTI lists lost callers with 'called back?' from CDR by LIKE; asked in "
        "NethServer/dev#7850, frappe/crm#1352",
        compute=callbacks,
        needs=(
            "lost",
            "called_back",
        ),
        parameters=("repeat_days",),
        not_by=(Dimension.AGENT,),
    ),
    FoundMeasure(
        key="callback_rate",
        title="Callback rate",
        unit=Unit.SHARE,
        formula="called back / lost inbound calls with a number",
        words="The share of lost callers with a number who were called back.",
        source="as for the count",
        compute=callback_rate,
        needs=(
            "lost",
            "called_back",
        ),
        parameters=("repeat_days",),
        not_by=(Dimension.AGENT,),
    ),
)
