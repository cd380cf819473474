"""A customer's consents from the columns of a list: what may be done, since when, and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from crm_bridge.cells import CellError, parse_date, parse_open, plain_cell
from crm_bridge.consent import MAX_PURPOSE, MAX_SOURCE, Channel, Consent, Decision
from crm_bridge.matching import fold
from crm_bridge.text_file import clean_text

#: who said it where the list names nobody
IMPORTED: Final = "said by the imported list"
_CHECK_BOX: Final = {Channel.PHONE: "call", Channel.ANY: "contact"}
_WORDS: Final = {
    Decision.GIVEN: "given granted agreed accepted opted-in optin dato concesso accettato erteilt zugestimmt donne "
    "accepte dado aceptado concedido",
    Decision.REFUSED: "refused denied declined opted-out optout rifiutato negato verweigert abgelehnt refuse rechazado "
    "denegado",
    Decision.WITHDRAWN: "withdrawn revoked revocato ritirato widerrufen zuruckgezogen retire revoque revocado retirado",
}
_DECISIONS: Final = {word: decision for decision, words in _WORDS.items() for word in words.split()}


class ConsentError(CellError):
    """Which column cannot be read, and why."""

    def __init__(self, why: str, column: str) -> None:
        super().__init__(why)
        self.column = column


def parse_consents(one: Mapping[str, str], region: str) -> tuple[Consent, ...]:
    """What the cells of a row say, one word for each channel. An empty cell says nothing.

    A cleared ``do_not_call`` is ``lifted``: it ends a refusal that the list told before, and is no consent. Day, source
    and purpose are the row's. Raises ConsentError.

    >>> [one.words for one in parse_consents({"do_not_call": "yes", "consent_date": "2026-03-03"}, "IT")]
    ['Do not call: refused 3 Mar 2026, said by the imported list']
    """
    on = _day(one, region)
    source = clean_text(plain_cell(one.get("consent_source", "")))[:MAX_SOURCE] or IMPORTED
    purpose = clean_text(plain_cell(one.get("consent_purpose", "")))[:MAX_PURPOSE]
    told = dict[Channel, Decision]()
    for channel, decision in _decisions(one):
        if channel not in told or told[channel] in (Decision.LIFTED, Decision.GIVEN):
            told[channel] = decision
    return tuple(
        Consent(
            channel=channel,
            decision=decision,
            source=source,
            on=None if decision is Decision.LIFTED else on,
            purpose=purpose,
        )
        for channel, decision in told.items()
    )


def parse_decision(cell: str) -> Decision | None:
    """What one cell of ``consent_phone`` says: yes, no, or a word for it; None for an empty one. Raises CellError.

    >>> [parse_decision(cell).value for cell in ("ja", "no", "Widerrufen", "opted-out")]
    ['given', 'refused', 'withdrawn', 'refused']
    """
    text = fold(plain_cell(cell))
    if not text:
        return None
    if (decision := _DECISIONS.get(text.replace(" ", "-"))) is not None:
        return decision
    try:
        return Decision.GIVEN if parse_open(text, "") else Decision.REFUSED
    except CellError:
        raise CellError(f'"{text[:40]}" is no consent; write given, refused or withdrawn') from None


def _decisions(one: Mapping[str, str]) -> Iterator[tuple[Channel, Decision]]:
    for channel in Channel:
        name = f"do_not_{_CHECK_BOX.get(channel, channel.value)}"
        if one.get(name, "").strip():
            yield channel, _flag(one[name], name)
        name = f"consent_{channel.value}"
        try:
            decision = parse_decision(one.get(name, ""))
        except CellError as error:
            raise ConsentError(str(error), name) from None
        if decision is not None:
            yield channel, decision


def _flag(cell: str, column: str) -> Decision:
    try:
        return Decision.REFUSED if parse_open(cell, "") else Decision.LIFTED
    except CellError as error:
        raise ConsentError(str(error), column) from None


def _day(one: Mapping[str, str], region: str) -> date | None:
    try:
        return parse_date(one.get("consent_date", ""), region)
    except CellError as error:
        raise ConsentError(str(error), "consent_date") from None
