"""What Salesforce knows about a contact, account or lead: opportunities or orders, cases, assets, e-mails and meetings.

Asked in SOQL, one query for each kind of record. A contact's orders and assets are those of his account, which is
found in the same query (a semi-join:
https://developer.salesforce.com/docs/platform/salesforce-soql-sosl/guide/sforce-api-calls-soql-select-comparisonoperators.html);
his cases and activities are his own. A lead has activities only. Fields and states as in
https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects:

- Opportunity: open until ``IsClosed``, its day that of its making; one that was won is an order that is done, its day
  ``CloseDate``; one that was lost is none. Order: ``StatusCode`` knows draft and activated only, so it is the settings
  that name each ``Status`` of one that is done.
- Case: open until ``IsClosed``.
- Asset: "a product ... that a customer has purchased", without competitors' (``IsCompetitorProduct``).
- EmailMessage, by its ``EmailMessageRelation`` to the person: ``Incoming`` or not, no drafts (``Status`` 5).
- Task: closed, of the subtype Email (older ways to log one; left out where it is an EmailMessage's ``ActivityId``) or
  Call, but without ``CallObject``, which telephone systems fill in: so none of Offhook's own.
- Event: until today, no invitee's copy (``IsChild``).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Final

from crm_bridge.contact import Contact, Incident, Order, Touch
from crm_bridge.found import Record, date_of, money_of, text_of, touch_of
from crm_bridge.http_source import Records, gather_all
from crm_bridge.rows import MAX_NUMBERS, MAX_REFERENCE

#: Records by SOQL; with ``or_none``, none where the organisation has no such object. Raises SourceError.
Query = Callable[[str, bool], Awaitable[Records]]

#: opportunities of which those that were lost are sorted out
MOST_DEALS: Final = 50
_ID: Final = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_DRAFT: Final = "5"
_KINDS: Final = {"Email": "e-mail", "Call": "call"}


class SalesforceRecords:
    """The tellers of one organisation. Each raises SourceError."""

    def __init__(self, query: Query, orders_from: str, done: Collection[str]) -> None:
        self._query = query
        self._orders_from = orders_from
        self._done = frozenset(done)

    async def orders(self, contact: Contact) -> list[Order]:
        """Opportunities that are open or won, or orders."""
        if not (whose := _of_account(contact)):
            return []
        if self._orders_from == "Order":
            fields = "OrderNumber,Status,EffectiveDate,TotalAmount"
            found = await self._query(_soql(fields, "Order", whose, "EffectiveDate DESC"), False)
            return [_order(one, self._done) for one in found]
        fields = "Id,Name,StageName,Amount,CreatedDate,CloseDate,IsClosed,IsWon"
        found = await self._query(_soql(fields, "Opportunity", whose, "CreatedDate DESC", MOST_DEALS), False)
        return [_deal(one) for one in found if one.get("IsWon") is True or one.get("IsClosed") is not True]

    async def incidents(self, contact: Contact) -> list[Incident]:
        """Cases."""
        kind, own = _id_of(contact)
        whose = {"Contact": f"ContactId = '{own}'", "Account": f"AccountId = '{own}'"}.get(kind)
        if not whose:
            return []
        fields = "CaseNumber,Subject,Status,Priority,CreatedDate,IsClosed,Owner.Name"
        return [_incident(one) for one in await self._query(_soql(fields, "Case", whose, "CreatedDate DESC"), False)]

    async def products(self, contact: Contact) -> list[str]:
        """Names of assets, what was bought last first."""
        if not (whose := _of_account(contact)):
            return []
        ours = f"{whose} AND IsCompetitorProduct = FALSE"
        found = await self._query(_soql("Name", "Asset", ours, "PurchaseDate DESC NULLS LAST"), False)
        return [text_of(one.get("Name")) for one in found]

    async def touches(self, contact: Contact) -> list[Touch]:
        """E-mails, calls that people logged, and meetings."""
        kind, own = _id_of(contact)
        if not own:
            return []
        account = kind == "Account"
        mine = f"RelatedToId = '{own}'" if account else f"Id IN ({_MAILED.format(own)})"
        whose = f"{'AccountId' if account else 'WhoId'} = '{own}'"
        logged = f"{whose} AND IsClosed = TRUE AND TaskSubtype IN ('Call','Email') AND CallObject = NULL"
        held = f"{whose} AND IsChild = FALSE AND ActivityDate <= TODAY"
        mails, tasks, events = await gather_all(
            self._query(_soql(_MAIL_FIELDS, "EmailMessage", mine, "MessageDate DESC"), True),
            self._query(_soql(_TASK_FIELDS, "Task", logged, "ActivityDate DESC NULLS LAST"), False),
            self._query(_soql("Subject,ActivityDate,Owner.Name", "Event", held, "ActivityDate DESC"), False),
        )
        told = {mail.get("ActivityId") for mail in mails}
        return [
            *(touch for one in mails for touch in _mailed(one)),
            *(touch for one in tasks if one.get("Id") not in told for touch in _logged(one)),
            *(touch for one in events for touch in _met(one)),
        ]


_MAILED: Final = "SELECT EmailMessageId FROM EmailMessageRelation WHERE RelationId = '{}'"
_MAIL_FIELDS: Final = "ActivityId,Subject,Incoming,MessageDate,Status,FromName"
_TASK_FIELDS: Final = "Id,Subject,ActivityDate,TaskSubtype,CallType,Owner.Name"


def _id_of(contact: Contact) -> tuple[str, str]:
    """The object and Salesforce's own id, which needs no escaping; empty for what is none."""
    kind, _, own = contact.contact_id.partition("/")
    return (kind, own) if kind in ("Contact", "Account", "Lead") and _ID.fullmatch(own) else ("", "")


def _of_account(contact: Contact) -> str:
    """That a record is of this account, or of this contact's; "" for a lead."""
    kind, own = _id_of(contact)
    accounts = f"AccountId IN (SELECT AccountId FROM Contact WHERE Id = '{own}')"  # noqa: S608
    return {"Contact": accounts, "Account": f"AccountId = '{own}'"}.get(kind, "")


def _soql(fields: str, kind: str, where: str, newest: str, most: int = MAX_NUMBERS) -> str:
    return f"SELECT {fields} FROM {kind} WHERE {where} ORDER BY {newest} LIMIT {most}"  # noqa: S608


def _deal(one: Record) -> Order:
    won = one.get("IsWon") is True
    return Order(
        reference=text_of(one.get("Id"), MAX_REFERENCE),
        title=text_of(one.get("Name")),
        state=text_of(one.get("StageName"), 100),
        is_open=not won,
        placed_on=date_of(one.get("CloseDate" if won else "CreatedDate")),
        total=money_of(one.get("Amount")),
    )


def _order(one: Record, done: Collection[str]) -> Order:
    state = text_of(one.get("Status"), 100)
    return Order(
        reference=text_of(one.get("OrderNumber"), MAX_REFERENCE),
        state=state,
        is_open=state not in done,
        placed_on=date_of(one.get("EffectiveDate")),
        total=money_of(one.get("TotalAmount")),
    )


def _incident(one: Record) -> Incident:
    return Incident(
        reference=text_of(one.get("CaseNumber"), MAX_REFERENCE),
        title=text_of(one.get("Subject")),
        state=text_of(one.get("Status"), 100),
        is_open=one.get("IsClosed") is not True,
        severity=text_of(one.get("Priority"), 100),
        owner=_owner(one) or None,
        opened_on=date_of(one.get("CreatedDate")),
    )


def _mailed(one: Record) -> Iterator[Touch]:
    if one.get("Status") != _DRAFT:
        came = one.get("Incoming") is True
        by = "" if came else one.get("FromName")
        yield from touch_of(
            one.get("MessageDate"), "e-mail", one.get("Subject"), direction="in" if came else "out", by=by
        )


def _logged(one: Record) -> Iterator[Touch]:
    kind, way = _KINDS.get(text_of(one.get("TaskSubtype"), 40), ""), text_of(one.get("CallType"), 40)
    yield from touch_of(one.get("ActivityDate"), kind, one.get("Subject"), direction=way, by=_owner(one))


def _met(one: Record) -> Iterator[Touch]:
    yield from touch_of(one.get("ActivityDate"), "meeting", one.get("Subject"), by=_owner(one))


def _owner(one: Record) -> str:
    owner = one.get("Owner")
    return text_of(owner.get("Name"), 100) if isinstance(owner, dict) else ""
