"""The cells of a list of customers: numbers, money, dates, states, yes and no, as people write them."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from crm_bridge.contact import VOID, AccountState
from crm_bridge.matching import fold
from crm_bridge.number import Number, NumberKind, parse_number


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: amounts in hundredths that no account has
MAX_CENTS: Final = 10**15
_SYMBOLS: Final = {
    "€": "EUR",
    "£": "GBP",
    "$": "USD",
    "fr.": "CHF",
    "sfr": "CHF",
    "zł": "PLN",
    "kč": "CZK",
    "ft": "HUF",
}
_NUMBER_BETWEEN = re.compile(r"[;,|/\n]|\s[-–]\s|\s+(?:o|or|oder|ou|e|and|und|et|y)\s+")
_SPREADSHEET_TEXT = re.compile(r'^="(.*)"$', re.DOTALL)
_SCIENTIFIC = re.compile(r"^\d[.,]\d+E\+?\d+$", re.IGNORECASE)
_DATE = re.compile(r"^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[T ].*)?$")
_STATES: Final = {
    AccountState.OK: "ok active good current paid attivo attiva regolare pagato aktiv gut bezahlt actif regulier paye "
    "activo activa corriente pagado",
    AccountState.UNPAID: "unpaid overdue late due arrears insoluto insoluta scaduto moroso morosa offen uberfallig "
    "unbezahlt ueberfaellig impaye impayee retard vencido impagado moroso pendiente",
    AccountState.STOPPED: "stopped stop blocked hold suspended credit-stop bloccato bloccata sospeso sospesa gesperrt "
    "sperre bloque bloquee suspendu suspendue bloqueado bloqueada suspendido suspendida",
    AccountState.CLOSED: "closed inactive former chiuso chiusa cessato cessata inattivo geschlossen inaktiv ehemalig "
    "ferme fermee inactif clos cerrado cerrada inactivo baja",
    AccountState.UNKNOWN: "unknown sconosciuto unbekannt inconnu desconocido",
}
_STATE_WORDS: Final = {word: state for state, words in _STATES.items() for word in words.split()}
_YES: Final = _words("1 y yes true x open si s vero aperto aperta ja wahr offen oui o vrai ouvert abierto")
_NO: Final = _words("0 n no false closed falso chiuso chiusa nein falsch geschlossen non faux clos cerrado")
_DONE: Final = frozenset(map(fold, VOID)) | _words(
    "closed done delivered completed complete resolved solved chiuso chiusa evaso evasa consegnato consegnata "
    "completato risolto geschlossen erledigt geliefert abgeschlossen gelost clos ferme livre livree termine terminee "
    "resolu cerrado cerrada entregado entregada completado resuelto"
)


class CellError(ValueError):
    """Why a cell cannot be read; the text is for the person who wrote the file."""


def parse_phones(cell: str, region: str) -> list[Number]:
    """The numbers in a cell, usually one; none for an empty one. A cell may hold several with ``/ ; ,`` between.

    Raises CellError.

    >>> [number.key for number in parse_phones("335 1234567 / 02 1234567", "IT")]
    ['+393351234567', '+39021234567']
    """
    text = plain_cell(cell)
    if _SCIENTIFIC.match(text):
        raise CellError(f"{text} was a number before a spreadsheet rounded it; export the column as text")
    whole = parse_number(text, region)
    if whole.kind is NumberKind.ANONYMOUS:
        return []
    if whole.kind is not NumberKind.INVALID and whole.certain:
        return [whole]
    parts = [parse_number(part, region) for part in _NUMBER_BETWEEN.split(text) if part.strip(" \t()")]
    numbers = [part.kind is NumberKind.E164 and part.certain for part in parts]
    if len(parts) > 1 and all(numbers):
        return parts
    if whole.kind is NumberKind.INVALID or (len(parts) > 1 and any(numbers)):
        wrong = next((part for part, fine in zip(parts, numbers, strict=True) if not fine), whole)
        raise CellError(f"{_excerpt(wrong.written)} is no telephone number: {wrong.why}")
    return [whole]


def parse_cents(cell: str) -> tuple[int, str | None] | None:
    """An amount in hundredths and its currency if the cell names one; None for an empty cell.

    Raises CellError.

    >>> parse_cents("€ 1.234,5"), parse_cents("(1,234.00)"), parse_cents("12 CHF"), parse_cents("1.234")
    ((123450, 'EUR'), (-123400, None), (1200, 'CHF'), (123400, None))
    """
    text = plain_cell(cell).replace("−", "-")
    if not text:
        return None
    currency = next((code for symbol, code in _SYMBOLS.items() if symbol in text.casefold()), None)
    if (named := re.search(r"\b[A-Z]{3}\b", text)) is not None:
        currency = named.group()
    digits = re.sub(r"[\s'’]", "", _without(text.casefold(), (currency or "").casefold(), *_SYMBOLS))
    negative = digits.startswith(("-", "(")) or digits.endswith("-")
    bare = digits.strip("-()")
    if not re.fullmatch(r"\d+(?:[.,]\d+)*", bare):
        raise CellError(f"{_excerpt(text)} is no amount of money")
    cents = _cents(bare)
    if cents > MAX_CENTS:
        raise CellError(f"{_excerpt(text)} is more than any account holds")
    return (-cents if negative else cents), currency


def parse_date(cell: str, region: str) -> date | None:
    """A day: ISO, or day first as in ``31/12/2026`` (month first in the US); None for an empty cell.

    Raises CellError.
    """
    text = plain_cell(cell)
    if not text:
        return None
    if (found := _DATE.match(text)) is None:
        raise CellError(f"{_excerpt(text)} is no date; write it like 2026-12-31")
    first, middle, last = found.groups()
    year, month, day = (first, middle, last) if len(first) == 4 else (last, middle, first)
    if region == "US" and len(first) < 4:
        month, day = day, month
    if len(year) not in (2, 4) or (len(year) == 4 and int(year) < 1900):
        raise CellError(f"{_excerpt(text)} has no proper year; write it like 2026-12-31")
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        raise CellError(f"there is no day {_excerpt(text)}") from None


def parse_state(cell: str) -> tuple[AccountState, str | None]:
    """The account's state, and the cell's own words where they say more than we have a word for.

    >>> parse_state("Bloccato"), parse_state("Premium")
    ((<AccountState.STOPPED: 'stopped'>, None), (<AccountState.UNKNOWN: 'unknown'>, 'Premium'))
    """
    text = plain_cell(cell)
    words = fold(text).replace("credit stop", "credit-stop").split()
    known = [_STATE_WORDS[word] for word in words if word in _STATE_WORDS]
    state = known[0] if known else AccountState.UNKNOWN
    return state, (text if text and (len(words) > 1 or not known) else None)


def parse_open(cell: str, state: str) -> bool:
    """Whether an order or incident is open: as its own column says, else unless its state says that it is done.

    Raises CellError.
    """
    text = fold(plain_cell(cell))
    if text in _YES:
        return True
    if text in _NO:
        return False
    if text:
        raise CellError(f"{_excerpt(text)} is neither yes nor no")
    return not _DONE & set(fold(state).split())


def plain_cell(cell: str) -> str:
    """The cell without the wrapping ``="..."`` that keeps a spreadsheet from changing a number."""
    text = cell.strip()
    return found.group(1).strip() if (found := _SPREADSHEET_TEXT.match(text)) else text


def _without(text: str, *parts: str) -> str:
    for part in parts:
        text = text.replace(part, "") if part else text
    return text


def _cents(bare: str) -> int:
    """The point or comma that comes last is the decimal one, unless three digits follow it."""
    at = max(bare.rfind("."), bare.rfind(","))
    rest = bare[at + 1 :] if at >= 0 else ""
    digits = int(re.sub(r"[.,]", "", bare))
    return digits * 100 if len(rest) in (0, 3) else round(digits * 100 / 10 ** len(rest))


def _excerpt(text: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return f'"{shown[:40]}…"' if len(shown) > 40 else f'"{shown}"'
