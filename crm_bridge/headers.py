"""What the columns of other people's files are called, in English, Italian, German, French and Spanish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from crm_bridge.matching import fold


class ImportKind(StrEnum):
    """What a file holds."""

    CUSTOMERS = "customers"
    ORDERS = "orders"
    INCIDENTS = "incidents"


#: how a column may be called, by field; compared without accents, case and punctuation
_CUSTOMER: Final = {
    "external_id": "id|customer id|customer no|customer number|client id|account no|account number|uid|codice|"
    "codice cliente|id cliente|cod cliente|numero cliente|kundennummer|kunden nr|kundennr|kunden id|debitor|"
    "numero client|no client|code client|id client|codigo|codigo cliente|numero de cliente|external id",
    "name": "name|full name|customer|customer name|client|contact|display name|fn|nome completo|nominativo|cliente|"
    "ragione sociale|nome e cognome|kunde|kundenname|ansprechpartner|nom complet|nom client|raison sociale|"
    "nombre completo|razon social|nombre y apellidos",
    "first_name": "first name|given name|nome|vorname|prenom|nombre",
    "last_name": "last name|surname|family name|cognome|nachname|familienname|nom|nom de famille|apellido|apellidos",
    "company": "company|organization|organisation|azienda|societa|ditta|impresa|firma|unternehmen|societe|entreprise|"
    "empresa|compania",
    "email": "email|e mail|mail|email address|e mail address|posta elettronica|indirizzo email|e mail adresse|courriel|"
    "adresse email|correo|correo electronico",
    "phone": "phone|phone number|telephone|tel|phone 1|phone 2|phone 3|number|telefono|numero|numero di telefono|"
    "telefono 1|telefono 2|telefon|telefonnummer|rufnummer|telephone 1|telephone 2|numero de telephone|"
    "numero de telefono|contact number",
    "mobile": "mobile|mobile phone|cell|cell phone|cellphone|cellulare|telefono cellulare|mobil|handy|handynummer|"
    "mobiltelefon|mobilnummer|portable|telephone portable|movil|telefono movil|celular|whatsapp",
    "work": "work|work phone|business phone|office|office phone|ufficio|telefono ufficio|lavoro|geschaftlich|"
    "telefon geschaftlich|buro|bureau|telephone bureau|travail|trabajo|telefono trabajo|oficina",
    "home": "home|home phone|casa|telefono casa|abitazione|privat|telefon privat|domicile|telephone domicile|"
    "telefono casa|fisso|telefono fisso|festnetz|fixe|fijo",
    "language": "language|lang|lingua|sprache|langue|idioma",
    "account_state": "account state|account status|status|stato conto|stato cliente|kontostatus|kundenstatus|statut|"
    "etat du compte|estado de cuenta|credit status|stato",
    "account_note": "account note|nota conto|kontonotiz|note compte|nota de cuenta",
    "balance": "balance|account balance|saldo|saldo conto|kontostand|solde|saldo de cuenta|outstanding|scoperto",
    "currency": "currency|valuta|divisa|wahrung|waehrung|devise|moneda",
    "notes": "notes|note|comment|comments|remarks|annotazioni|commenti|osservazioni|bemerkung|bemerkungen|notiz|"
    "notizen|kommentar|commentaire|commentaires|remarques|notas|comentarios|observaciones",
    "do_not_call": "do not call|donotcall|do not phone|no calls|dnc|non chiamare|non telefonare|nicht anrufen|"
    "keine anrufe|ne pas appeler|no llamar",
    "do_not_email": "do not email|do not e mail|donotemail|email opt out|e mail opt out|has opted out of email|"
    "non inviare email|keine e mails|keine e mail|ne pas envoyer d e mail|no enviar correo",
    "do_not_sms": "do not sms|do not text|sms opt out|non inviare sms|keine sms|ne pas envoyer de sms|no enviar sms",
    "do_not_post": "do not post|do not mail|no post|non inviare posta|keine post|ne pas envoyer de courrier|"
    "no enviar cartas",
    "do_not_contact": "do not contact|opt out|opted out|non contattare|nicht kontaktieren|"
    "ne pas contacter|no contactar",
    "consent_phone": "consent phone|phone consent|consent to call|consenso telefono|einwilligung telefon|"
    "consentement telephone|consentimiento telefono",
    "consent_email": "consent email|email consent|consent e mail|e mail consent|consenso email|einwilligung e mail|"
    "consentement e mail|consentimiento correo",
    "consent_sms": "consent sms|sms consent|consenso sms|einwilligung sms|consentement sms|consentimiento sms",
    "consent_post": "consent post|post consent|consenso posta|einwilligung post|consentement courrier|"
    "consentimiento correo postal",
    "consent_any": "consent|consent any|consenso|einwilligung|consentement|consentimiento|gdpr consent",
    "consent_date": "consent date|date of consent|opt out date|data consenso|einwilligung datum|einwilligung vom|"
    "date consentement|date du consentement|fecha consentimiento",
    "consent_source": "consent source|source of consent|fonte consenso|einwilligung quelle|source consentement|"
    "origen consentimiento",
    "consent_purpose": "consent purpose|finalita consenso|einwilligung zweck|finalite consentement|"
    "finalidad consentimiento",
}
_OF_CUSTOMER: Final = (
    "customer id|customer|customer no|customer number|client id|account no|codice cliente|cod cliente|id cliente|"
    "cliente|numero cliente|kundennummer|kunden nr|kunde|kunden id|numero client|code client|id client|client|"
    "codigo cliente|numero de cliente"
)
_TITLE: Final = (
    "title|subject|description|text|titolo|oggetto|descrizione|titel|betreff|beschreibung|titre|objet|description|"
    "titulo|asunto|descripcion|product|prodotto|artikel|produit|producto"
)
_STATE: Final = "state|status|stato|etat|statut|estado|delivery|consegna|lieferung|lieferstatus|livraison|entrega"
_OPEN: Final = "open|is open|aperto|aperta|offen|ouvert|ouverte|abierto|abierta"
_ORDER: Final = {
    "reference": "id|order|order id|order no|order number|number|reference|ordine|numero ordine|n ordine|numero|"
    "riferimento|bestellnummer|auftrag|auftragsnummer|bestellung|commande|numero commande|numero de commande|pedido|"
    "numero de pedido|referencia",
    "customer": _OF_CUSTOMER,
    "title": _TITLE,
    "state": _STATE,
    "open": _OPEN,
    "placed_on": "date|order date|placed on|placed|data|data ordine|datum|bestelldatum|auftragsdatum|date commande|"
    "date de commande|fecha|fecha de pedido|fecha pedido",
    "due_on": "due|due date|due on|delivery date|expected|scadenza|data consegna|consegna prevista|liefertermin|"
    "lieferdatum|faellig|fallig|date de livraison|echeance|fecha de entrega|entrega prevista",
    "total": "total|amount|value|totale|importo|gesamt|summe|betrag|montant|importe",
    "currency": _CUSTOMER["currency"],
}
_INCIDENT: Final = {
    "reference": "id|incident|incident id|ticket|ticket id|ticket no|case|case number|number|reference|segnalazione|"
    "numero|riferimento|reclamo|vorgang|vorgangsnummer|ticketnummer|dossier|numero de dossier|incidencia|referencia",
    "customer": _OF_CUSTOMER,
    "title": _TITLE,
    "state": _STATE,
    "open": _OPEN,
    "severity": "severity|priority|gravita|priorita|prioritat|prioritaet|schwere|gravite|priorite|gravedad|prioridad",
    "owner": "owner|assignee|assigned to|responsible|responsabile|assegnato a|zustandig|bearbeiter|verantwortlich|"
    "responsable|assigne a|asignado a|encargado",
    "opened_on": "date|opened|opened on|created|created on|data|data apertura|aperto il|datum|eroffnet|erstellt|"
    "date d ouverture|cree le|fecha|fecha de apertura|creado",
}
FIELDS: Final = {
    kind: {alias: field for field, aliases in table.items() for alias in aliases.split("|")}
    for kind, table in (
        (ImportKind.CUSTOMERS, _CUSTOMER),
        (ImportKind.ORDERS, _ORDER),
        (ImportKind.INCIDENTS, _INCIDENT),
    )
}
#: columns without which a file of this kind makes no sense; of a tuple any one will do
NEEDED: Final[Mapping[ImportKind, Sequence[tuple[str, ...]]]] = {
    ImportKind.CUSTOMERS: [("name", "first_name", "last_name", "company")],
    ImportKind.ORDERS: [("reference",), ("customer",)],
    ImportKind.INCIDENTS: [("reference",), ("customer",)],
}
PHONES: Final = ("phone", "mobile", "work", "home")
CONSENTS: Final = tuple(field for field in _CUSTOMER if field.startswith(("do_not_", "consent_")))


def field_of(header: str, kind: ImportKind) -> str | None:
    """The field that a column called ``header`` holds; None if it is none of ours.

    >>> field_of("Codice-Cliente", ImportKind.CUSTOMERS), field_of("Téléphone portable", ImportKind.CUSTOMERS)
    ('external_id', 'mobile')
    """
    plain = " ".join("".join(c if c.isalnum() else " " for c in fold(header)).split())
    return FIELDS[kind].get(plain)
