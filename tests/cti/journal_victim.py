"""A program that writes a journal until it is killed: what ``test_journal_writer`` kills.

Each line it prints is a place up to which the journal says that the bytes are in the files.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cti.journal import JournalSettings, Mark
from cti.journal_writer import JournalWriter
from tests.cti.journaled import made_up

SETTINGS = JournalSettings(max_file_mib=1, sync_s=0.02)
WAITING_BYTES = 4 << 20


def main(folder: Path, seed: int) -> None:
    writer = JournalWriter(folder, "hq", "asterisk", SETTINGS)
    told: Mark | None = None
    writer.new_session()
    for at, data in made_up(seed):
        writer.append(data, at)
        health = writer.health()
        while health.bytes_waiting > WAITING_BYTES:
            health = writer.health()
        if health.written is not None and health.written != told:
            told = health.written
            print(told.session, told.offset, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
