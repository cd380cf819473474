"""``kind = "vcard"``: a vCard file of customers, version 2.1 to 4.0, read again whenever it changes.

Needs the permission to read the file, nothing else. Cards are understood as by
``offhook customers import``; https://www.rfc-editor.org/rfc/rfc6350.
Whoever writes it should write beside it and rename: a file that is half written is read half.
"""

from __future__ import annotations

from crm_bridge.sources import Surroundings
from crm_bridge.watched_file import FileOptions, WatchedFile


class Options(FileOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which file."""


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> WatchedFile:
    """The file as a source; it is read when the program has started."""
    return WatchedFile(name, surroundings.folder / options.path, surroundings.region, options)
