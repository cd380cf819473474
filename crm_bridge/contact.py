"""Who a caller is: the customer's record as every source gives it, and how sure we are that it is he."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

import msgspec

from crm_bridge.consent import Channel, Consent, against
from crm_bridge.number import Number
from cti.errors import OffhookError


class AccountState(StrEnum):
    """What an agent must know of the account before he promises anything."""

    OK = "ok"
    UNPAID = "unpaid"  #: something is overdue
    STOPPED = "stopped"  #: credit stop: nothing may be sold or shipped
    CLOSED = "closed"  #: no customer any more
    UNKNOWN = "unknown"  #: the source does not say


_VOID_WORDS: Final = """cancel cancelled canceled void rejected refused lost returned annullato annullata annullati
rifiutato reso storniert abgelehnt annulé annulée annule annulee refusé cancelado cancelada anulado anulada rechazado"""
#: states of an order of which nothing came, in lower case
VOID: Final = frozenset(_VOID_WORDS.split())


class Money(msgspec.Struct, frozen=True):
    """An amount in hundredths of ``currency`` (ISO 4217; empty when the source does not name it).

    >>> str(Money(-123456, "EUR"))
    '-1,234.56 EUR'
    """

    cents: int
    currency: str = ""

    def __str__(self) -> str:
        whole, rest = divmod(abs(self.cents), 100)
        return f"{'-' if self.cents < 0 else ''}{whole:,}.{rest:02} {self.currency}".rstrip()


class ContactNumber(msgspec.Struct, frozen=True):
    """One of a customer's numbers: as written, its match key, and what it is ("mobile", "work").

    ``certain`` is False when its country code or a prefix had to be guessed.
    """

    written: str
    key: str
    label: str = ""
    certain: bool = True


class Order(msgspec.Struct, frozen=True, kw_only=True):
    reference: str
    title: str = ""
    state: str = ""
    is_open: bool = True
    placed_on: date | None = None
    due_on: date | None = None
    total: Money | None = None


    @property
    def is_void(self) -> bool:
        """Whether nothing came of it, as its state says in one of the languages that an import may have, too.

        >>> Order(reference="1", state="Annullato").is_void, Order(reference="2", state="delivered").is_void
        (True, False)
        """
        return not VOID.isdisjoint(re.findall(r"\w+", self.state.casefold()))


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    reference: str
    title: str = ""
    state: str = ""
    is_open: bool = True
    severity: str = ""
    owner: str | None = None
    opened_on: date | None = None


class Touch(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier contact that was no call of this PBX, as a CRM keeps it: an e-mail, a visit, a chat.

    ``direction`` is ``in``, ``out`` or empty; ``by`` is who of the house handled it.
    """

    on: date
    kind: str
    title: str = ""
    direction: str = ""
    by: str | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as one source knows him. ``contact_id`` is that source's own, unique within ``source``.

    ``fields`` are all else the source knows, in its order. ``external_id`` is the customer number that people use.
    ``consents`` are his words that hold, refusals first.
    ``unread`` are the parts that were asked for and could not be read, each in words: without them an empty list of
    orders would look like none. ``url`` is the customer's own page in that source, http or https. ``origins`` names
    the source of each part that is another source's than ``source``: what was missing there.
    """

    source: str
    contact_id: str
    name: str
    numbers: tuple[ContactNumber, ...] = ()
    external_id: str | None = None
    company: str | None = None
    email: str | None = None
    language: str | None = None
    account_state: AccountState = AccountState.UNKNOWN
    account_note: str | None = None
    balance: Money | None = None
    orders: tuple[Order, ...] = ()
    incidents: tuple[Incident, ...] = ()
    notes: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    consents: tuple[Consent, ...] = ()
    products: tuple[str, ...] = ()
    touches: tuple[Touch, ...] = ()
    unread: tuple[str, ...] = ()
    url: str | None = None
    origins: tuple[tuple[str, str], ...] = ()

    def origin(self, part: str) -> str:
        """The source of one part of this record: ``origin("orders")``."""
        return dict(self.origins).get(part, self.source)

    @property
    def sources(self) -> tuple[str, ...]:
        """All sources that this record was made from, its own first."""
        return tuple(dict.fromkeys((self.source, *(source for _, source in self.origins))))

    @property
    def no_calls(self) -> tuple[Consent, ...]:
        """What speaks against calling him; empty where nothing does."""
        return against(self.consents, Channel.PHONE)

    @property
    def bought(self) -> tuple[str, ...]:
        """What the customer has bought: the source's own list, else the titles of his finished orders, each once.

        What was cancelled was not bought.
        """
        finished = (order.title for order in self.orders if not (order.is_open or order.is_void) and order.title)
        return self.products or tuple(dict.fromkeys(finished))

    @property
    def open_orders(self) -> tuple[Order, ...]:
        return tuple(order for order in self.orders if order.is_open)

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        return tuple(incident for incident in self.incidents if incident.is_open)


class MatchKind(StrEnum):
    EXACT = "exact"  #: one customer has exactly this number, or an agent said that it is he
    PROBABLE = "probable"  #: one customer, but by a number that only looks the same or was guessed
    AMBIGUOUS = "ambiguous"  #: several customers; a person has to choose
    UNKNOWN = "unknown"  #: nobody has this number
    ANONYMOUS = "anonymous"  #: there is no number to look for


class SourceState(StrEnum):
    """What one source said to one question."""

    ASKED = "asked"  #: no answer yet
    ANSWERED = "answered"  #: it answered this question
    LATE = "late"  #: it answered after the deadline
    KEPT = "kept"  #: it answered the same question a moment ago
    STALE = "stale"  #: this is what it said before; now it is asked again, or does not answer
    SILENT = "silent"  #: the deadline has passed without an answer
    FAILED = "failed"  #: it answered with an error, or was not asked because it did so lately


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One source's part in a match. ``read_at`` is when the data shown were read from it, None without an answer.

    ``problem`` is why there is no new answer, in words that name no person. ``found`` are how many it found.
    """

    source: str
    state: SourceState
    read_at: datetime | None = None
    found: int = 0
    problem: str = ""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to "who is calling", with its reason in words.

    ``contact`` is there for exact and probable; ``candidates`` are all who may be meant, never more than was found, and
    stay there after an agent chose one. ``pending`` is True while sources are still asked, ``silent`` names those that
    did not answer. ``on_behalf`` says that ``contact`` is whom the caller phones for, not who phones: that is
    ``caller``, where he is known. ``heard`` tells what each source said and how old that is. ``chosen_by`` is the
    agent, in words, who said so; "" where nobody had to.
    """

    kind: MatchKind
    why: str
    contact: Contact | None = None
    candidates: tuple[Contact, ...] = ()
    pending: bool = False
    silent: tuple[str, ...] = ()
    on_behalf: bool = False
    heard: tuple[Heard, ...] = ()
    caller: Contact | None = None
    chosen_by: str = ""


class Choice(msgspec.Struct, frozen=True):
    """What an agent once said: this number is that customer of that source."""

    source: str
    contact_id: str
    chosen_by: str
    chosen_at: datetime


class PastNote(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent noted about an earlier call. ``on_behalf_of`` names whom the caller phoned for, if anybody else."""

    agent: str
    note: str = ""
    disposition: str = ""
    on_behalf_of: str | None = None


class PastCall(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier call with the customer, for the card. Durations in seconds, None when there was none."""

    at: datetime
    direction: str
    outcome: str
    queue: str | None = None
    agents: tuple[str, ...] = ()
    wait_s: float | None = None
    talk_s: float | None = None
    notes: tuple[PastNote, ...] = ()


#: The last calls with any of these numbers, newest first. The numbers are in every form that a PBX may have written.
LastCalls = Callable[[Sequence[str]], Awaitable[Sequence[PastCall]]]


class SourceError(OffhookError):
    """A source could not answer. The only error an adapter may raise; the pop comes all the same."""


class SourceRefusedError(SourceError):
    """It does not let us in: asking again before somebody has mended it can only lock the account."""


class SourceBusyError(SourceError):
    """It asks to be left alone for ``retry_after_s`` seconds."""

    def __init__(self, ref: str, what: str, why: str, hint: str, retry_after_s: float) -> None:
        super().__init__(ref, what, why, hint)
        self.retry_after_s = retry_after_s


class SourceSparedError(SourceError):
    """It was not asked: it has failed lately, or there are too many questions for it."""


def problem_words(error: BaseException | None) -> str:
    """What may be shown or logged of an error of a source."""
    if isinstance(error, SourceError):
        return error.what
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"a fault of the adapter ({type(error).__name__})"


@runtime_checkable
class Adapter(Protocol):
    """One source of customers. Everything in its answers is hostile text until the page escapes it."""

    async def find(self, number: Number) -> list[Contact]:
        """Customers with this number, and those whose number only ends alike; empty if there is none.

        Raises SourceError when the source cannot answer.
        """
        ...


@runtime_checkable
class Searchable(Protocol):
    """A source in which a person can search, for callers without a number."""

    async def search(self, text: str, limit: int) -> list[Contact]:
        """Customers with all words of ``text`` in any of their fields, best first, at most ``limit``."""
        ...

    async def get(self, contact_id: str) -> Contact | None: ...


@runtime_checkable
class Detailed(Protocol):
    """A source that is asked a second time for what it knows about a customer it has found."""

    @property
    def has_details(self) -> bool:
        """Whether its settings ask for any."""
        ...

    async def details(self, contact: Contact) -> Contact:
        """The customer with his orders, incidents, products and contacts; what cannot be read is in ``unread``.

        Raises SourceError when the source cannot answer at all.
        """
        ...


@runtime_checkable
class Closable(Protocol):
    """A source that holds connections or tasks."""

    async def close(self) -> None: ...


@runtime_checkable
class Warmable(Protocol):
    """A source that reads all of its customers beforehand. ``warm`` reads them now; it raises SourceError."""

    async def warm(self) -> None: ...


@runtime_checkable
class ChoiceKeeper(Protocol):
    """Where agents' choices among several customers are kept."""

    async def chosen(self, key: str) -> Choice | None: ...

    async def store_choice(self, key: str, choice: Choice) -> None: ...

    async def drop_choice(self, key: str) -> None: ...
