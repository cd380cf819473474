"""What a Creme knows of one of its contacts or organisations: questions to its database, and what their rows say.

Tables, relations and identities are those of Creme 2.8 (``models/``, ``constants.py`` and ``populate.py`` of its apps
billing, tickets, emails and activities); SQLite, PostgreSQL and MySQL understand the questions. Deleted entities are
left out, and each question gives the newest. What the organisations ordered for which a contact works, or which he
manages, and their tickets, are told of him too.

- Orders: sales orders, and quotes but for those in the status "Created", none that were rejected. Creme has no mark for
  an order at which nothing is left to do, and no state of delivery: all are open but quotes that were won, and those
  of whose status the settings say that all is done. Where no issuing date was written, it is the day of the entry.
- Incidents: tickets, open until their status says "closed". "Invalid", "Duplicated" and "Won't fix", which Creme does
  not mark so as it comes, are not open either. The owner is the entity's.
- Products: products and services on the lines of sales orders that were not rejected.
- Contacts: e-mails that were sent, or taken over from a mailbox, ``in`` where the customer sent them; activities that
  have begun and were not cancelled, but no phone calls and no tasks. ``by`` is the entity's owner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from string import Template
from typing import Any, Final

from crm_bridge.contact import Incident, Order, Touch
from crm_bridge.found import text_of
from crm_bridge.rows import MAX_NUMBERS
from crm_bridge.rows_about import incidents_of, orders_of, touches_of

Row = Mapping[str, Any]

#: What stands in the questions: identities in the form that each of these databases compares, and parts of several.
_PARTS: Final = {
    "order_rejected": "a91aa135b0754a81a06bdd1839954a71",
    "quote_rejected": "7739a6ac64a74f40a04d39a382b08d50",
    "quote_created": "9571e8bb7a504453a037de829e189952",
    "ticket_invalid": "367377a2cacc490c89962170408ee202",
    "ticket_duplicated": "004be1811dac4b539bb08b6dc6435c3d",
    "ticket_wont_fix": "cfea001612f84a81b659b4cf07cdda0e",
    "activity_cancelled": "9c23117fa2eb42848cc20c541f87e7ef",
    "phone_call": "86934e631ba54b19b2a543f9412fddc3",
    "task": "7fda7c3ff0e847f99d907931293fdff9",
    "unavailability": "1cd1de3d1fad4eb682a893059f1b5ea3",
    "most": str(MAX_NUMBERS),
    "entity": "creme_core_cremeentity e ON NOT e.is_deleted AND e.id =",
    "owner": "JOIN creme_core_cremeuser u ON u.id = e.user_id",
    "name": "u.first_name AS first_name, u.last_name AS last_name, u.username AS username",
    "bill": "r.subject_entity_id = b.cremeentity_ptr_id AND r.type_id = 'billing-subject_bill_received'",
    "his_or_his_house": """(r.object_entity_id = :id OR r.object_entity_id IN (
        SELECT w.object_entity_id FROM creme_core_relation w WHERE w.subject_entity_id = :id
        AND w.type_id IN ('persons-subject_employed_by', 'persons-subject_manages')))""",
}


def _question(text: str, **parts: str) -> str:
    return Template(text).substitute(_PARTS, **parts)


ORDERS: Final = _question("""
SELECT e.id AS entity, 'order' AS kind, b.number AS number, b.name AS title, s.name AS status,
    1 AS is_open, b.issuing_date AS issued, e.created AS created, b.total_vat AS total,
    c.international_symbol AS currency
FROM billing_salesorder b JOIN $entity b.cremeentity_ptr_id
JOIN billing_salesorderstatus s ON s.id = b.status_id AND s.uuid <> '$order_rejected'
JOIN creme_core_currency c ON c.id = b.currency_id
JOIN creme_core_relation r ON $bill
WHERE $his_or_his_house
UNION ALL
SELECT e.id, 'quote', b.number, b.name, s.name,
    CASE WHEN s.won THEN 0 ELSE 1 END, b.issuing_date, e.created, b.total_vat, c.international_symbol
FROM billing_quote b JOIN $entity b.cremeentity_ptr_id
JOIN billing_quotestatus s ON s.id = b.status_id AND s.uuid NOT IN ('$quote_created', '$quote_rejected')
JOIN creme_core_currency c ON c.id = b.currency_id
JOIN creme_core_relation r ON $bill
WHERE $his_or_his_house
ORDER BY created DESC, entity DESC LIMIT $most""")

_LINES: Final = """
SELECT COALESCE(i.name, l.on_the_fly_item) AS item, e.created AS created, h.object_entity_id AS line
FROM billing_salesorder b JOIN $entity b.cremeentity_ptr_id
JOIN billing_salesorderstatus s ON s.id = b.status_id AND s.uuid <> '$order_rejected'
JOIN creme_core_relation r ON $bill
JOIN creme_core_relation h ON h.subject_entity_id = e.id AND h.type_id = 'billing-subject_had_line'
JOIN billing_${kind}line l ON l.cremeentity_ptr_id = h.object_entity_id
LEFT JOIN creme_core_relation p
    ON p.subject_entity_id = l.cremeentity_ptr_id AND p.type_id = 'billing-subject_line_related_item'
LEFT JOIN products_${kind} i ON i.cremeentity_ptr_id = p.object_entity_id
WHERE $his_or_his_house"""
_PRODUCT_LINES: Final = _question(_LINES, kind="product")
_SERVICE_LINES: Final = _question(_LINES, kind="service")
PRODUCTS: Final = _question(f"{_PRODUCT_LINES}\nUNION ALL{_SERVICE_LINES}\nORDER BY created DESC, line LIMIT $most")

TICKETS: Final = _question("""
SELECT e.id AS entity, t.number AS number, t.title AS title, s.name AS status, p.name AS priority, e.created AS created,
    CASE WHEN s.is_closed OR s.uuid IN ('$ticket_invalid', '$ticket_duplicated', '$ticket_wont_fix') THEN 0 ELSE 1 END
    AS is_open, $name
FROM tickets_ticket t JOIN $entity t.cremeentity_ptr_id
JOIN tickets_status s ON s.id = t.status_id
JOIN tickets_priority p ON p.id = t.priority_id $owner
JOIN creme_core_relation r ON r.subject_entity_id = e.id AND r.type_id = 'tickets-object_linked_2_ticket'
WHERE $his_or_his_house ORDER BY created DESC, entity DESC LIMIT $most""")

#: those in the states "sent" and "synchronized"
MAILS: Final = _question("""
SELECT e.id AS entity, 'e-mail' AS kind, m.subject AS title, $name,
    COALESCE(m.sending_date, m.reception_date, e.created) AS happened,
    CASE WHEN r.type_id = 'email-subject_mail_sended' THEN 'in' ELSE 'out' END AS direction
FROM emails_entityemail m JOIN $entity m.cremeentity_ptr_id $owner
JOIN creme_core_relation r ON r.subject_entity_id = e.id
    AND r.type_id IN ('email-subject_mail_sended', 'email-subject_mail_received')
WHERE m.status IN (1, 4) AND r.object_entity_id = :id ORDER BY happened DESC, entity DESC LIMIT $most""")

ACTIVITIES: Final = _question("""
SELECT e.id AS entity, k.name AS kind, a.title AS title, $name, a.start AS happened, '' AS direction
FROM activities_activity a JOIN $entity a.cremeentity_ptr_id $owner
JOIN activities_activitytype k
    ON k.id = a.type_id AND k.uuid NOT IN ('$phone_call', '$task', '$unavailability')
LEFT JOIN activities_status s ON s.id = a.status_id
WHERE a.start <= CURRENT_TIMESTAMP AND (s.uuid IS NULL OR s.uuid <> '$activity_cancelled') AND EXISTS (
    SELECT 1 FROM creme_core_relation r WHERE r.subject_entity_id = e.id AND r.object_entity_id = :id AND r.type_id IN (
        'activities-object_participates_to_activity', 'activities-object_activity_subject',
        'activities-object_linked_2_activity'))
ORDER BY happened DESC, entity DESC LIMIT $most""")


def orders(rows: Iterable[Row], region: str, done: Collection[str] = ()) -> Iterator[Order]:
    """Rows of ``ORDERS`` as orders; what is in one of the statuses ``done`` is not open."""
    for row in _each_once(rows):
        named = {"reference": row["number"] or row["title"], "title": row["title"], "state": row["status"]}
        if row["kind"] == "quote":
            named["state"] = f"quote, {row['status']}"
        named |= {
            "is open": bool(row["is_open"]) and row["status"] not in done,
            "date": row["issued"] or row["created"],
        }
        yield from orders_of([named | {"total": row["total"], "currency": row["currency"]}], region)


def incidents(rows: Iterable[Row], region: str) -> Iterator[Incident]:
    """Rows of ``TICKETS`` as incidents."""
    for row in _each_once(rows):
        named = {"ticket": row["number"], "title": row["title"], "state": row["status"], "priority": row["priority"]}
        named |= {"is open": bool(row["is_open"]), "opened": row["created"], "owner": _owner(row)}
        yield from incidents_of([named], region)


def touches(rows: Iterable[Row], region: str) -> Iterator[Touch]:
    """Rows of ``MAILS`` and ``ACTIVITIES`` as earlier contacts."""
    for row in _each_once(rows):
        yield from touches_of([{**row, "date": row["happened"], "by": _owner(row)}], region)


def _each_once(rows: Iterable[Row]) -> Iterable[Row]:
    """An entity that both he and his organisation have is one."""
    return {row["entity"]: row for row in rows}.values()


def _owner(row: Row) -> str:
    """Who has an entity, by name; a team by that which it signs on with."""
    names = (text_of(row["first_name"], 100), text_of(row["last_name"], 100))
    return " ".join(name for name in names if name) or text_of(row["username"], 100)
