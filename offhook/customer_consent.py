"""``offhook customers consent``: what a customer of the book wants, shown and changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from crm_bridge.consent import MAX_PURPOSE, MAX_SOURCE, Channel, Consent, Decision
from crm_bridge.consent_book import Recorded, fetch_history, store_consents
from crm_bridge.contact import Contact
from crm_bridge.text_file import clean_text
from cti.errors import OffhookError, driver_words
from offhook.run import open_store
from offhook.settings import Settings
from offhook.terminal import printable
from offhook.which_customer import customer_line, which_customer


def said_of(channel: str, decisions: Sequence[str], source: str, day: str, purpose: str) -> Consent | None:
    """What the options say; None where they say nothing and only ask.

    Raises:
        OffhookError: ``consent-unclear``, or no source is named.
    """
    if not decisions:
        return None
    hint = "say one of --given, --refused and --withdrawn"
    if len(decisions) > 1:
        raise OffhookError("consent-unclear", f"he cannot have {' and '.join(decisions)} it at once", "", hint)
    try:
        on = date.fromisoformat(day) if day else datetime.now().astimezone().date()
    except ValueError as error:
        hint = "write it like 2026-03-03"
        raise OffhookError("consent-unclear", f'"{day[:40]}" is no day', "", hint) from error
    decision = Decision(decisions[0])
    return bounded(Consent(channel=Channel(channel), decision=decision, source=source, on=on, purpose=purpose))


async def tell_consent(
    settings: Settings, folder: Path, who: str, said: Consent | None, by: str
) -> tuple[Contact, list[Recorded]]:
    """Write down what a customer said, or only look: he as he is now, and all that he ever said, as it was told.

    Raises:
        OffhookError: nobody or several are meant, or the book cannot be used.
    """
    async with open_store(settings, folder) as engine:
        one = await which_customer(engine, settings.crm, who)
        own_id = int(one.contact_id)
        try:
            async with engine.begin() as connection:
                if said is not None:
                    await store_consents(connection, {own_id: [said]}, by, datetime.now(UTC))
                history = await fetch_history(connection, own_id)
        except (SQLAlchemyError, OSError) as error:
            why = driver_words(error)
            hint = "try it again"
            raise OffhookError("consent-not-stored", "the customer book cannot be written", why, hint) from error
        return await which_customer(engine, settings.crm, f"id:{own_id}"), history


def bounded(said: Consent) -> Consent:
    """The same with source and purpose as one clean line of what fits. Raises OffhookError ``consent-no-source``."""
    source = clean_text(said.source)[:MAX_SOURCE]
    if not source:
        why, hint = "a consent without its source proves nothing", 'add --source "letter of 3 March"'
        raise OffhookError("consent-no-source", "it is not told who says so", why, hint)
    return msgspec.structs.replace(said, source=source, purpose=clean_text(said.purpose)[:MAX_PURPOSE])


def consent_lines(contact: Contact, history: list[Recorded]) -> list[str]:
    """For the terminal: what holds, then every word with who wrote it down."""
    lines = [customer_line(contact)]
    lines += [f"  {one.words}" for one in contact.consents] or ["  nothing is known of what this customer wants"]
    if history:
        lines.append("history:")
    for one in history:
        said = one.consent
        lifted = f"{said.channel.value}: no longer refused, {said.source}"
        words = lifted if said.decision is Decision.LIFTED else said.words
        lines.append(f"  {one.recorded_at:%Y-%m-%d %H:%M} UTC by {one.recorded_by}: {words}")
    return [printable(line) for line in lines]
