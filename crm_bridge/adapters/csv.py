"""``kind = "csv"``: a CSV file of customers that another program writes, read again whenever it changes.

Needs the permission to read the file, nothing else. Columns are understood by their headings, as by
``offhook customers import``. Whoever writes it should write beside it and rename: else half a file is read.
"""

from __future__ import annotations

from crm_bridge.sources import Surroundings
from crm_bridge.watched_file import FileOptions, WatchedFile


class Options(FileOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which file."""


def open_adapter(name: str, options: Options, surroundings: Surroundings) -> WatchedFile:
    """The file as a source; it is read when the program has started."""
    return WatchedFile(name, surroundings.folder / options.path, surroundings.region, options)
