"""``kind = "book"``: the embedded customer book, filled by ``offhook customers import``.

Looks up by number and by any field, keeps agents' choices. Needs no permission but that of Offhook's own database.
"""

from __future__ import annotations

import msgspec

from crm_bridge.book import CustomerBook
from crm_bridge.sources import Surroundings


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The book needs none."""


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> CustomerBook:  # noqa: ARG001
    """The book in Offhook's database, under the name ``name``."""
    return CustomerBook(surroundings.engine, name)
