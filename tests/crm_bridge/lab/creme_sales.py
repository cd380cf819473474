"""What runs within Creme to make sales, tickets, e-mails and activities by its own models, as its pages do."""

from __future__ import annotations

# It goes on where ``FILL`` of ``creme`` has made the people: ``made`` are their ids by name, ``asked`` what is wanted.
SALES = """
from datetime import datetime
from decimal import Decimal
from creme.activities import get_activity_model
from creme.activities import constants as activity_words
from creme.activities.models import ActivitySubType, ActivityType, Status as ActivityStatus
from creme.billing import get_product_line_model, get_quote_model, get_sales_order_model, get_service_line_model
from creme.billing.models import QuoteStatus, SalesOrderStatus
from creme.creme_core.models import CremeEntity, Currency, Relation, Vat
from creme.emails import get_entityemail_model
from creme.emails.constants import REL_SUB_MAIL_RECEIVED, REL_SUB_MAIL_SENT
from creme.persons.constants import REL_SUB_EMPLOYED_BY
from creme.products import get_product_model, get_service_model
from creme.products.models import Category
from creme.tickets import get_ticket_model
from creme.tickets.constants import REL_SUB_LINKED_2_TICKET
from creme.tickets.models import Criticity, Priority, Status as TicketStatus


def person(name):
    return CremeEntity.objects.get(id=made[name]).get_real_entity()


def relate(subject, kind, other):
    Relation.objects.create(user=root, subject_entity=subject, type_id=kind, object_entity=other)


def item(model, name):
    found = model.objects.filter(name=name).first()
    if found is None:
        category = Category.objects.create(name="Goods")
        sub = category.subcategory_set.create(name="All")
        numbered = {"code": 1} if model is get_product_model() else {}
        found = model.objects.create(
            user=root, name=name, unit_price=1, category=category, sub_category=sub, **numbered
        )
    return found


def finish(one, each):
    if each.get("created"):
        type(one).objects.filter(id=one.id).update(created=datetime.fromisoformat(each["created"]))
    if each.get("trashed"):
        one.trash()


def bill(model, status, each):
    one = model.objects.create(
        user=root, name=each["name"], number=each.get("number", ""), issuing_date=each.get("issued"),
        status=status.objects.get(name=each["status"]), currency=Currency.objects.get(international_symbol="EUR"),
        source=person("The house"), target=person(each["to"]),
    )
    for line in each.get("lines", ()):
        is_service = line.get("service", False)
        lines = get_service_line_model() if is_service else get_product_line_model()
        items = get_service_model() if is_service else get_product_model()
        name = line["name"]
        named = {"on_the_fly_item": name} if line.get("on_the_fly") else {"related_item": item(items, name)}
        lines.objects.create(
            user=root, related_document=one, vat_value=Vat.objects.get_or_create(value=0)[0],
            unit_price=Decimal(line["price"]), quantity=line["quantity"], **named,
        )
    finish(one, each)


for contact, organisation in asked.get("employed", ()):
    relate(person(contact), REL_SUB_EMPLOYED_BY, person(organisation))
for each in asked.get("orders", ()):
    bill(get_sales_order_model(), SalesOrderStatus, each)
for each in asked.get("quotes", ()):
    bill(get_quote_model(), QuoteStatus, each)
for each in asked.get("tickets", ()):
    one = get_ticket_model().objects.create(
        user=root, title=each["title"], status=TicketStatus.objects.get(name=each["status"]),
        priority=Priority.objects.get(name="High"), criticity=Criticity.objects.first(),
    )
    relate(person(each["of"]), REL_SUB_LINKED_2_TICKET, one)
    finish(one, each)
for each in asked.get("mails", ()):
    Email = get_entityemail_model()
    one = Email(
        user=root, sender="a@example.com", recipient="b@example.com", subject=each["subject"], body="x",
        status=Email.Status[each["status"]],
    )
    one.genid_n_save()
    happened = {"sending_date": each["sent"]} if "sent" in each else {"reception_date": each["received"]}
    Email.objects.filter(id=one.id).update(**{name: datetime.fromisoformat(at) for name, at in happened.items()})
    relate(one, REL_SUB_MAIL_SENT, person(each["by"]))
    relate(one, REL_SUB_MAIL_RECEIVED, person(each["to"]))
    finish(one, each)
for each in asked.get("activities", ()):
    kind = ActivityType.objects.get(uuid=getattr(activity_words, "UUID_TYPE_" + each["kind"]))
    one = get_activity_model().objects.create(
        user=root, title=each["title"], start=datetime.fromisoformat(each["start"]), type=kind,
        sub_type=ActivitySubType.objects.filter(type=kind).first(),
        status=ActivityStatus.objects.get(name=each["status"]) if "status" in each else None,
    )
    role = activity_words.REL_SUB_PART_2_ACTIVITY if each.get("takes_part") else activity_words.REL_SUB_ACTIVITY_SUBJECT
    relate(person(each["of"]), role, one)
    if each.get("takes_part"):
        relate(person(each["of"]), activity_words.REL_SUB_LINKED_2_ACTIVITY, one)
    finish(one, each)
"""
