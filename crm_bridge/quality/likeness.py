"""How sure it is that two records are one customer, with the reasons that made it so.

Each reason alone leaves a doubt; doubts are multiplied. A name that is too different is never outweighed: people who
share a number or an address are no duplicates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from rapidfuzz.fuzz import ratio

from crm_bridge.matching import fold
from crm_bridge.quality.entry import Entry, plain_words
from crm_bridge.quality.number_troubles import is_mobile

#: from this score on two records are told to be one customer
LEAST: Final = 0.8
#: names less alike than this, in per cent, are two people's
LEAST_NAME: Final = 60.0
#: what is left of the doubt, by reason; a name that is quite the same leaves NAME_DOUBT
NAME_DOUBT: Final = 0.3
DOUBTS: Final = {
    "same own number": 0.1,
    "same mobile": 0.15,
    "same e-mail": 0.2,
    "same number": 0.4,
    "same company": 0.6,
    "same town": 0.7,
}


class Likeness(NamedTuple):
    """The score, 0 to 1, and its reasons in words: ``name 94, same mobile, same town: 0.96``."""

    score: float
    words: str


def likeness(one: Entry, other: Entry) -> Likeness | None:
    """How alike two records are; None where their names are two people's."""
    name = ratio(" ".join(plain_words(one.name)), " ".join(plain_words(other.name)))
    if name <= LEAST_NAME:
        return None
    reasons = list(_reasons(one, other))
    doubt = 1 - (1 - NAME_DOUBT) * (name - LEAST_NAME) / (100 - LEAST_NAME)
    for reason in reasons:
        doubt *= DOUBTS[reason]
    score = round(1 - doubt, 2)
    return Likeness(score, f"name {name:.0f}, {', '.join(reasons) or 'nothing else'}: {score:.2f}")


def _reasons(one: Entry, other: Entry) -> Iterator[str]:
    if one.own_number and one.own_number == other.own_number:
        yield "same own number"
    shared = {number.key for number in one.numbers} & {number.key for number in other.numbers}
    if shared:
        yield "same mobile" if any(is_mobile(key) for key in shared) else "same number"
    for name, words in (("email", "same e-mail"), ("company", "same company"), ("town", "same town")):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine and theirs and fold(mine) == fold(theirs):
            yield words
