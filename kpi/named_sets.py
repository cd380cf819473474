"""Parameters that go by a name: what a contract, a law or a regulator asks for, as far as its source says."""

from __future__ import annotations

import msgspec

from kpi.parameters import Parameters, Target


class NamedSet(msgspec.Struct, frozen=True, kw_only=True):
    """``source`` says where it was read, and what it does not say."""

    name: str
    title: str
    source: str
    parameters: Parameters
    targets: tuple[Target, ...]


NAMED_SETS = {
    one.name: one
    for one in (
        NamedSet(
            name="80/20",
            title="80 % answered within 20 seconds",
            source="The usual example of Genesys and of the trade; nobody's law.",
            parameters=Parameters(answer_within_s=20),
            targets=(Target(measure="service_level_offered", at_least=0.8),),
        ),
        NamedSet(
            name="spain-95-180",
            title="Spain, customer service law: 95 % answered by a person within three minutes",
            source="Press and firms (tribunacontactcenter 2/2024, vodafone.es 12/2025). The law's text was not read: "
            "that callers who give up count against it is the cautious reading.",
            parameters=Parameters(answer_within_s=180),
            targets=(Target(measure="service_level_offered", at_least=0.95),),
        ),
        NamedSet(
            name="arera",
            title="Italy, water regulator ARERA: TMA at most 240 s, LS at least 80 %",
            source="Tables of Acea 2017 that quote ARERA: AS over 90 %, TMA at most 240 s, LS at least 80 %, in 10 of "
            "12 months. The formulas were not read: TMA is taken as the mean wait of all callers, LS as the share of "
            "those who joined a queue and were answered. AS, of lines that are free, is left out: a PBX does not tell "
            "it. A report by month shows in which months both are met.",
            parameters=Parameters(),
            targets=(Target(measure="mean_wait", at_most=240), Target(measure="answered_rate", at_least=0.8)),
        ),
    )
}
