"""The PBX's own events of one call, read from the journal: where a number comes from in the end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from cti.errors import OffhookError
from cti.journal import NAME_FORMAT
from cti.journal_replay import FrameReader
from cti.model import Call
from cti.pbx.dialect import Frame
from cti.pbx.kinds import find_kinds
from cti.pbx.settings import PbxSettings
from cti.recording import Recording

MOST_EVENTS = 400
MOST_BYTES = 64 * 1024 * 1024  #: of the journal that one question reads
MOST_HEADERS = 200
AFTER_S = 5.0  #: the PBX's last words on a call
LONGEST_VALUE = 500


class Told(NamedTuple):
    """One event: where it stands in the stream, and its headers as the PBX wrote them."""

    offset: int
    name: str
    headers: tuple[tuple[str, str], ...]


def fetch_events(folder: Path, pbx: PbxSettings, call: Call) -> list[Told]:
    """The events that name one of the call's legs, from its first on; reads files, so call it in a thread.

    Raises:
        OffhookError: the journal does not have that connection any more, or it cannot be read.
    """
    recording = Recording(folder / pbx.name / _file_name(call.origin.session))
    dialect = find_kinds()[pbx.kind](pbx)
    names = {leg.leg_id for leg in call.legs} | {call.call_id}
    reader = FrameReader(lambda: dialect.wire(pbx.max_frame_bytes), call.origin.offset)
    found: list[Told] = []
    for frame in _frames(recording, reader, call):
        headers = tuple((key, value[:LONGEST_VALUE]) for key, value in list(frame.items())[:MOST_HEADERS])
        if any(value in names for _, value in headers):
            found.append(Told(frame.offset, frame.name, headers))
        if len(found) >= MOST_EVENTS:
            break
    return found


def _frames(recording: Recording, reader: FrameReader, call: Call) -> Iterator[Frame]:
    """Frames from the call's first event to some seconds after its end, or to the bound of what is read."""
    first_t: float | None = None
    lasted_s = _lasted_s(call)
    for piece in recording.pieces(call.origin.offset):
        first_t = piece.t if first_t is None else first_t
        too_late = lasted_s is not None and piece.t - first_t > lasted_s + AFTER_S
        if too_late or piece.offset - call.origin.offset > MOST_BYTES:
            return
        yield from reader.take(piece.offset, piece.data)


def _lasted_s(call: Call) -> float | None:
    """Seconds from its first leg to its last hang-up; None while it goes on."""
    if call.ended_at is None:
        return None
    began_at = min([call.offered_at, *(leg.started_at for leg in call.legs)])
    return max(at - began_at for at in (call.ended_at, *_ends(call))).total_seconds()


def _ends(call: Call) -> Iterator[datetime]:
    return (leg.ended_at for leg in call.legs if leg.ended_at is not None)


def _file_name(session: str) -> str:
    """The connection's folder: what is in the store is not trusted to stay within the journal.

    Raises:
        OffhookError: it is no name of a connection.
    """
    try:
        datetime.strptime(session, NAME_FORMAT)  # noqa: DTZ007
    except ValueError:
        why = f"{session[:80]!r} is no name of a connection (calls brought in by an import have no events)"
        raise OffhookError("recording-missing", "the journal has no events of this call", why) from None
    return session
