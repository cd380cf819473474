"""The program's log: one line an event, on stderr, for a person or as JSON, fit to be kept and to be passed on.

Callers' numbers are cut to their country and last two digits and names are hidden, unless the level is ``debug``. What
comes from outside is escaped, so a caller cannot forge a line, move the cursor or turn the text round.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import IO, Annotated, Any, Literal

import msgspec
import structlog
from structlog.typing import Processor

NAME_KEYS = frozenset({"name", "caller_name", "customer", "customer_name", "contact", "company"})
NUMBER_KEYS = frozenset({"number", "caller", "dialled", "callerid", "e164", "phone"})
PLAIN_KEYS = frozenset({"timestamp", "level", "call_id", "leg_id", "session", "offset", "revision", "logger"})
HIDDEN = "(hidden)"
# A run of seven digits or more, or one that starts with + and has the usual marks in it; never a PBX's own id (digits,
# a dot, digits). Extensions are shorter and stay.
_NUMBER = re.compile(r"(?<![\w.])(?:\+\d[\d ()./-]{5,}\d|\d{7,})(?!\w|\.\d)")


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is logged to stderr, and in which form."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        msgspec.Meta(
            description="The least important kind of line to write. `debug` writes whole phone numbers and names too."
        ),
    ] = "info"
    format: Annotated[
        Literal["console", "json"],
        msgspec.Meta(description="`console` is for people and the system journal, `json` writes an object a line."),
    ] = "console"


def set_up_logs(settings: LogSettings, stream: IO[str] | None = None) -> None:
    """Send every log line of the program, libraries included, to ``stream`` (stderr when None) in one form."""
    out = stream or sys.stderr
    shared = [*_stamps(), *([] if settings.level == "debug" else [mask_people])]
    structlog.configure(
        processors=[*shared, escape_values, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(_number_of(settings.level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, escape_values],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(settings, out)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_number_of(settings.level))
    logging.getLogger("alembic").setLevel(max(logging.WARNING, _number_of(settings.level)))


def mask_number(number: str) -> str:
    """A phone number's country and last two digits.

    >>> mask_number("+49 30 1234567"), mask_number("0301234567")
    ('+49…67', '…67')
    """
    digits = re.sub(r"\D", "", number)
    return (f"+{digits[:2]}" if number.startswith("+") else "") + "…" + digits[-2:]


def mask_people(logger: Any, method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG001
    """A structlog processor: names hidden, numbers cut, wherever they stand in the line."""
    return {key: _masked(key, value) for key, value in line.items()}


def escape_values(logger: Any, method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG001
    """A structlog processor: nothing unprintable gets out, but for the line breaks of our own tracebacks."""
    return {key: _escaped(key, value) for key, value in line.items()}


def _masked(key: str, value: Any) -> Any:
    if key in PLAIN_KEYS or value is None or key.startswith("_"):
        return value
    if key in NAME_KEYS:
        return HIDDEN
    if key in NUMBER_KEYS:
        text = str(value)
        return text if len(text) <= 6 else mask_number(text)
    if isinstance(value, BaseException | tuple | list | dict | set | frozenset):
        value = str(value)
    return _NUMBER.sub(lambda found: mask_number(found[0]), value) if isinstance(value, str) else value


def _escaped(key: str, value: Any) -> Any:
    if key.startswith("_") or value is None or isinstance(value, int | float):
        return value
    text = str(value)
    if text.isprintable():
        return text
    # Indented, so that a line of a traceback never passes for a log line.
    line_break = "\n    " if key == "exception" else "\\n"
    return "".join(
        mark if mark.isprintable() else line_break if mark == "\n" else mark.encode("unicode_escape").decode()
        for mark in text
    )


def _stamps() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]


def _renderer(settings: LogSettings, out: IO[str]) -> Processor:
    if settings.format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=out.isatty(), pad_event_to=0)


def _number_of(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]
