"""What an admin may set about the agents' page: how a call may have gone, and for how long calls are counted."""

from __future__ import annotations

from typing import Annotated

import msgspec

#: characters of a disposition, as many as the table of notes keeps
_LONGEST = 60

Dispositions = Annotated[tuple[str, ...], msgspec.Meta(max_length=40)]


class DeskQueueSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is different for the calls of one queue: a table `[desk.queue.NAME]`."""

    dispositions: Annotated[
        Dispositions, msgspec.Meta(description="The dispositions of this queue, in place of everybody's.")
    ] = ()

    def __post_init__(self) -> None:
        _check(self.dispositions)


class DeskSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The agents' page: the `[desk]` table."""

    dispositions: Annotated[
        Dispositions,
        msgspec.Meta(
            description='How a call may have gone, for the agent to choose from, as `["Order", "Offer", "Complaint"]`. '
            "Without any he writes his own word."
        ),
    ] = ()
    queue: Annotated[
        dict[str, DeskQueueSettings],
        msgspec.Meta(description="What is different for one queue: a table `[desk.queue.NAME]`."),
    ] = {}
    counted_days: Annotated[
        int,
        msgspec.Meta(
            ge=1, le=60, description='Days within which the caller\'s calls are counted: "third call in 5 days".'
        ),
    ] = 5
    wrap_up_minutes: Annotated[
        int,
        msgspec.Meta(
            ge=1,
            le=120,
            description="Minutes for which the call that ended last stays on the page with its note, unless the agent "
            "puts it away or talks again. It is among his last calls all the same.",
        ),
    ] = 15

    agent_field: Annotated[
        str,
        msgspec.Meta(
            max_length=100,
            description="Name of the customer's field that says who looks after him, as `Account manager`: shown on "
            "the card. Without one it is the agent who talked to him longest in the last calls.",
        ),
    ] = ""

    def __post_init__(self) -> None:
        _check(self.dispositions)

    def dispositions_of(self, queue: str | None) -> tuple[str, ...]:
        """What may be chosen for a call of ``queue``, its own or everybody's; empty where any word may be written."""
        own = self.queue.get(queue or "")
        return own.dispositions if own is not None and own.dispositions else self.dispositions


def _check(dispositions: tuple[str, ...]) -> None:
    for one in dispositions:
        if not one.strip() or len(one) > _LONGEST or not one.isprintable():
            raise ValueError(f"dispositions: {one[:80]!r} is not a word or two of 1 to {_LONGEST} characters")
    if len(set(dispositions)) != len(dispositions):
        raise ValueError("dispositions: one of them is there twice")
