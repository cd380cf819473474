"""What is to happen in one call, said before it begins: who calls what, how long everybody is patient, what agents do.

A story says nothing about who is free: where a story names no colleague, one who is free is chosen when it comes to
it, and where none is, the act is passed over.
"""

from __future__ import annotations

import msgspec

from cti.model import Party


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the agent in the call does."""


class Talk(Act, frozen=True, kw_only=True):
    seconds: float


class Hold(Act, frozen=True, kw_only=True):
    seconds: float


class Blind(Act, frozen=True, kw_only=True):
    """Sends the caller to a colleague. ``answers_after`` overrides the colleague's own way."""

    to: str | None = None
    busy: bool = False  #: rather to one who is on the phone


class ToQueue(Act, frozen=True, kw_only=True):
    queue: str


class Attended(Act, frozen=True, kw_only=True):
    """Puts the caller on hold, asks a colleague for ``seconds``, hands over.

    ``fails``: ``busy``, ``unanswered``, ``refused``.
    """

    to: str | None = None
    seconds: float = 4.0
    fails: str | None = None


class Park(Act, frozen=True, kw_only=True):
    """Parks the caller; a colleague dials the space after ``seconds``."""

    by: str | None = None
    seconds: float = 5.0


class HangUp(Act, frozen=True, kw_only=True):
    """``by``:

    ``customer``, ``agent``, ``pbx`` (killed by an administrator). Internal: ``agent`` is the one who called.
    """

    by: str = "customer"


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """``kind``: ``queue``, ``ivr``, ``direct``, ``outbound``, ``click``, ``internal``.

    ``party`` is the public's side (None: internal). ``to`` is what was dialled: a DID, a public number, an extension.
    ``answers`` overrides after how many seconds an agent picks up, None when he lets it ring; others do as they
    usually do.
    """

    kind: str
    to: str
    party: Party = Party()
    agent: str | None = None  #: who calls, where an agent does
    patience_s: float = 600.0  #: after so long in one wait the caller gives up
    exit_key_after_s: float | None = None
    menu_key: str = "2"
    menu_key_after_s: float | None = None  #: in the IVR; None: hangs up there
    menu_patience_s: float = 3.0
    answers: dict[str, float | None] = {}
    far_answers_after_s: float | None = 6.0  #: the public's phone; None: it rings until the agent gives up
    far_busy: bool = False
    acts: tuple[Act, ...] = (Talk(seconds=30.0), HangUp())
