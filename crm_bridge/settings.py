"""What an admin may set about who is calling."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import phonenumbers

from crm_bridge.pop_url import check_template, origin_of
from cti.model import CallOutcome, Direction


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place where customers are looked up."""

    name: Annotated[str, msgspec.Meta(description="Name of this source on the card and in the metrics.")] = "book"
    kind: Annotated[
        str,
        msgspec.Meta(
            description="Which adapter it uses: the name of a file in crm_bridge/adapters, or of an entry point "
            "in the group offhook.adapters. `book` is the embedded customer book.",
            pattern="^[a-z][a-z0-9_]*$",
        ),
    ] = "book"
    options: Annotated[
        dict[str, Any],
        msgspec.Meta(
            description="What this adapter needs; docs/crm has a page for each. A secret among them may be a `*_file`, "
            "or the environment variable `OFFHOOK_CRM_<NAME>_<OPTION>`, which wins."
        ),
    ] = {}
    cache_s: Annotated[
        float,
        msgspec.Meta(
            ge=0,
            le=86_400,
            description="Seconds for which an answer is taken as still true: the source is not asked again about the "
            "same number. Sources that are read as a whole (`book`, `csv`, `vcard`, `carddav`) are never cached.",
        ),
    ] = 60.0
    stale_s: Annotated[
        float,
        msgspec.Meta(
            ge=0,
            le=604_800,
            description="Seconds for which an older answer is still shown, marked with its age, while the source is "
            "asked again or does not answer. Answers are kept in memory only.",
        ),
    ] = 86_400.0
    per_second: Annotated[
        Annotated[float, msgspec.Meta(gt=0, le=10_000)] | None,
        msgspec.Meta(
            description="Questions a second that the source may be asked on the average. Without it the adapter's own "
            "limit holds, if its vendor names one.",
        ),
    ] = None
    at_once: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=1000)] | None,
        msgspec.Meta(description="Questions under way at the same time. Default: `lookups_at_once`."),
    ] = None
    write_calls: Annotated[
        bool,
        msgspec.Meta(
            description="Write each call into this CRM once it is over: see docs/write-back.md, and docs/crm for which "
            "kinds can."
        ),
    ] = False
    write_directions: Annotated[
        tuple[Direction, ...],
        msgspec.Meta(description="Calls of which direction are written; empty: inbound and outbound ones."),
    ] = ()
    write_outcomes: Annotated[
        tuple[CallOutcome, ...], msgspec.Meta(description="Calls with which outcome are written; empty: with any.")
    ] = ()
    write_queues: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Only calls that came to one of these queues are written; empty: all calls."),
    ] = ()
    write_after_s: Annotated[
        float,
        msgspec.Meta(
            ge=0,
            le=86_400,
            description="Seconds after a call's end until it is written, so that the agent's note is in it. A note "
            "that comes later has the CRM's record brought up to date.",
        ),
    ] = 60.0
    unknown_callers: Annotated[
        Literal["skip", "write"],
        msgspec.Meta(
            description="What becomes of a call whose customer this CRM does not know for certain: `write` writes it "
            "without a customer, `skip` does not write it unless an agent says who it was."
        ),
    ] = "write"


class QueueSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is different for callers of one queue."""

    pop_url: Annotated[
        str | None, msgspec.Meta(description="The CRM's page for callers of this queue; empty: none is opened.")
    ] = None


class CrmSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How callers are recognised: the `[crm]` table."""

    default_region: Annotated[
        str,
        msgspec.Meta(
            description="Country of numbers written without a country code, as two capital letters (ISO 3166), "
            "for what the PBX sends and for what an import reads.",
        ),
    ] = "IT"
    dial_prefixes: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Digits that the PBX or its users put before a public number, such as `9` for an outside "
            "line. Taken off only when the number makes no sense with them."
        ),
    ] = ()
    lookup_deadline_s: Annotated[
        float,
        msgspec.Meta(
            gt=0,
            le=10,
            description="Seconds after which the card stops saying that it looks the caller up and shows what is "
            "known. The card itself never waits.",
        ),
    ] = 0.8
    lookup_give_up_s: Annotated[
        float,
        msgspec.Meta(
            gt=0,
            le=120,
            description="Seconds after which a source that has not answered is given up for this call. An answer "
            "between the deadline and this is still put on the card.",
        ),
    ] = 10.0
    lookups_at_once: Annotated[
        int,
        msgspec.Meta(
            ge=1,
            le=1000,
            description="How many questions each source is asked at the same time; more wait their turn, and other "
            "sources do not wait for it. It has to be calls per second times the seconds that the slowest one takes.",
        ),
    ] = 64
    last_calls: Annotated[
        int, msgspec.Meta(ge=0, le=50, description="How many earlier calls of the customer the card shows.")
    ] = 8
    recent_calls: Annotated[
        int, msgspec.Meta(ge=1, le=200, description="How many of an agent's own past calls the desk keeps to show.")
    ] = 30
    pop_url: Annotated[
        str | None,
        msgspec.Meta(
            description="Address of a CRM's own page for a caller, like `https://crm.example.com/?phone={e164}`. It is "
            "opened in one tab, the same for all calls, when the phone rings. Values: e164 digits national significant "
            "queue agent call_id dialled customer_id."
        ),
    ] = None
    queue: Annotated[
        dict[str, QueueSettings],
        msgspec.Meta(description="What is different for one queue: a table `[crm.queue.NAME]`."),
    ] = {}
    frame_origins: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="CRMs whose page of the customer is shown in a frame on the card, as "
            "`https://crm.example.com`. The CRM has to allow it too (frame-ancestors); a link there is always."
        ),
    ] = ()
    sources: Annotated[
        tuple[SourceSettings, ...],
        msgspec.Meta(description="Where customers are looked up, all at once; the first named is shown first."),
    ] = (SourceSettings(),)

    def __post_init__(self) -> None:
        if self.default_region not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f'default_region: expected a country like "IT", got "{self.default_region}"')
        if self.lookup_give_up_s < self.lookup_deadline_s:
            raise ValueError(
                f"lookup_give_up_s ({self.lookup_give_up_s:g} s) is less than "
                f"lookup_deadline_s ({self.lookup_deadline_s:g} s)"
            )
        if wrong := [prefix for prefix in self.dial_prefixes if not prefix.isdecimal()]:
            raise ValueError(f"dial_prefixes: {wrong[0]!r} is not made of digits only")
        for template in (self.pop_url, *(one.pop_url for one in self.queue.values())):
            if template and (unfit := check_template(template)):
                raise ValueError(f"pop_url: {unfit}")
        if strange := [one for one in self.frame_origins if origin_of(one) != one]:
            raise ValueError(f'frame_origins: expected an origin like "https://crm.example.com", got {strange[0]!r}')
        names = [source.name for source in self.sources]
        if len(names) != len(set(names)):
            raise ValueError("sources: two of them have the same name")

    def pop_url_of(self, queue: str | None) -> str | None:
        """The address to open for callers of ``queue``: its own, else everybody's; None where there is none."""
        own = self.queue.get(queue or "")
        return (self.pop_url if own is None or own.pop_url is None else own.pop_url) or None
