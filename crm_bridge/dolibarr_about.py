"""What Dolibarr's records tell of a customer: orders, products, tickets, events of the agenda.

By htdocs/commande/class/commande.class.php and htdocs/ticket/class/ticket.class.php (``STATUS_``), and
htdocs/install/mysql/data/llx_c_actioncomm.sql of https://github.com/Dolibarr/dolibarr. Instants are seconds since 1970,
days the midnights of the server's own time zone (``DoliDB::jdate``), which no record names.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from crm_bridge.contact import Incident, Order, Touch
from crm_bridge.found import Record, first_text, money_of, text_of, touch_of
from crm_bridge.rows import MAX_REFERENCE, MAX_VALUE

#: the end of the code of an event that Dolibarr enters for a document that was sent
BY_MAIL: Final = "SENTBYMAIL"
ORDER_FIELDS: Final = (
    "ref,ref_client,status,statut,date,delivery_date,date_livraison,"
    "total_ttc,multicurrency_code,multicurrency_total_ttc"
)
TICKET_FIELDS: Final = "ref,subject,status,fk_statut,severity_code,severity_label,fk_user_assign_string,datec"
_DAY_S: Final = 86_400
_EAST_S: Final = 13 * 3_600 + 1_800
_ORDER: Final = {"-1": "canceled", "0": "draft", "1": "validated", "2": "shipment in process", "3": "delivered"}
_TICKET: Final = {
    "0": "not read", "1": "read", "2": "assigned", "3": "in progress", "5": "waiting for the customer", "7": "on hold",
    "8": "closed", "9": "canceled",
}  # fmt: skip
_EVENT: Final = {
    "AC_EMAIL": ("e-mail", "out"), "AC_EMAIL_IN": ("e-mail", "in"), "AC_FAX": ("fax", ""), "AC_RDV": ("meeting", ""),
    "AC_INT": ("visit", ""),
}  # fmt: skip


def person_of(one: Record) -> str:
    """First and last name."""
    return f"{text_of(one.get('firstname'))} {text_of(one.get('lastname'))}".strip()


def order_of(one: Record) -> Order:
    """An order with the fields ``ORDER_FIELDS``."""
    status = first_text(one, "status", "statut")
    placed, due = _epoch_s(one.get("date")), _epoch_s(one.get("delivery_date") or one.get("date_livraison"))
    foreign = money_of(one.get("multicurrency_total_ttc"), text_of(one.get("multicurrency_code"), 3))
    return Order(
        reference=text_of(one.get("ref"), MAX_REFERENCE),
        title=text_of(one.get("ref_client"), MAX_VALUE),
        state=_ORDER.get(status, ""),
        is_open=status not in ("-1", "3"),
        placed_on=_day(_nearest_midnight(placed)) if placed is not None else None,
        due_on=_day(_due(due, placed)) if due is not None else None,
        total=foreign if foreign and foreign.cents else money_of(one.get("total_ttc")),
    )


def products_of(one: Record) -> Iterator[str]:
    """The products of an order's lines; lines of text only have none."""
    lines = one.get("lines")
    for line in lines if isinstance(lines, list) else []:
        if isinstance(line, dict):
            yield first_text(line, "product_label", "libelle", "product_ref")


def incident_of(one: Record) -> Incident:
    """A ticket with the fields ``TICKET_FIELDS``."""
    status, opened = first_text(one, "status", "fk_statut"), _epoch_s(one.get("datec"))
    return Incident(
        reference=text_of(one.get("ref"), MAX_REFERENCE),
        title=text_of(one.get("subject"), MAX_VALUE),
        state=_TICKET.get(status, ""),
        is_open=status not in ("8", "9"),
        severity=first_text(one, "severity_label", "severity_code")[:40],
        owner=text_of(one.get("fk_user_assign_string"), 100) or None,
        opened_on=_day(opened) if opened is not None else None,
    )


def touches_of(one: Record, names: dict[str, str]) -> Iterator[Touch]:
    """An event of the agenda; ``names`` are those of users by their ids."""
    kind = first_text(one, "type_code")
    label, direction = _EVENT.get(kind, (first_text(one, "type_label", "type") or "event", ""))
    if text_of(one.get("code")).endswith(BY_MAIL):
        label, direction = _EVENT["AC_EMAIL"]
    begun = _epoch_s(one.get("datep"))
    if begun is not None:
        by = names.get(text_of(one.get("userownerid"), 20))
        yield from touch_of(str(_day(begun)), label, one.get("label"), direction=direction, by=by)


def _epoch_s(value: object) -> int | None:
    """Seconds since 1970, as Dolibarr writes instants; days are the midnights of its own time zone."""
    text = text_of(value, 20)
    return int(text) if text.isdecimal() and len(text) < 12 else None


def _day(epoch_s: int) -> date:
    return date(1970, 1, 1) + timedelta(days=epoch_s // _DAY_S)


def _nearest_midnight(epoch_s: int) -> int:
    """The same midnight in UTC, for time zones from 10 hours west to 13 hours east of Greenwich."""
    return (epoch_s + _EAST_S) // _DAY_S * _DAY_S


def _due(due: int, placed: int | None) -> int:
    """A delivery, which may have an hour, as far from the order's midnight as it is, but for summer time."""
    if placed is None:
        return _nearest_midnight(due)
    return _nearest_midnight(placed) + due - placed + 3_600
