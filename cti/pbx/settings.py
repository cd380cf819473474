"""The settings of one PBX: a ``[[pbx]]`` table of ``offhook.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from cti.errors import OffhookError
from cti.pbx.log_settings import KINDS_OF, LogSettings

Text = Annotated[str, Meta(min_length=1, max_length=255)]
USUAL_PORTS = {"asterisk": 5038, "freeswitch": 8021}
DRIVERS_OF = {"asterisk": ("panoramisk",), "freeswitch": ("python-esl",)}  #: besides the native one
FREESWITCH_DEFAULT_PASSWORD = "ClueCon"  # noqa: S105  what FreeSWITCH's own configuration has: anybody may know it
Seconds = Annotated[float, Meta(gt=0, le=3600)]


#: what may stand in ``recording_url``, in braces
RECORDING_VALUES = ("call_id", "pbx", "queue", "agent", "caller", "dialled", "year", "month", "day")
_BRACED = re.compile(r"\{([^{}]*)\}")

#: what is wrong where ``lacks_user``
NO_USER = "is missing: an Asterisk lets nobody in without a manager user"


def lacks_user(kind: object, username: object) -> bool:
    """Whether a PBX of this kind, as it was written or was not, wants a manager user that is not named."""
    return kind == "asterisk" and not username


class PbxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one PBX is reached, and what its names mean. The secret is never shown by ``repr``."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$",
            description="Short name of this PBX, on pages, in reports and metrics. Keep it: stored calls carry it.",
        ),
    ]
    kind: Annotated[
        str, Meta(pattern=r"^[a-z][a-z0-9_]*$", description='What the PBX is: "asterisk" or "freeswitch".')
    ] = "asterisk"
    driver: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9_-]*$",
            description='Who reads the socket: "native"; or, for sites that standardise on those libraries, '
            '"panoramisk" with an Asterisk, "python-esl" with a FreeSWITCH.',
        ),
    ] = "native"
    host: Annotated[Text, Meta(description="Host name or address of the PBX.")] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(
            ge=0,
            le=65535,
            description="TCP port of the manager interface or the event socket. `0` stands for the usual one: 5038 "
            "with an Asterisk (with TLS it mostly is 5039), 8021 with a FreeSWITCH.",
        ),
    ] = 0
    username: Annotated[
        Text,
        Meta(
            description="The manager user, a section of manager.conf. A FreeSWITCH needs none: its event socket has a "
            "password only; a user of its directory is `101@pbx.example.com`."
        ),
    ] = ""
    secret: Annotated[
        str | None,
        Meta(description="The manager user's secret, or the event socket's password. Better: secret_file."),
    ] = None
    secret_file: Annotated[
        str | None, Meta(description="File with the secret in its first line, readable by this program only.")
    ] = None
    tls: Annotated[bool, Meta(description="Speak TLS from the first byte (tlsenable in manager.conf).")] = False
    tls_ca_file: Annotated[
        str | None,
        Meta(description="PEM file of the authority that signed the PBX's certificate; none = the system's."),
    ] = None
    tls_verify: Annotated[
        bool, Meta(description="Check the PBX's certificate and host name. Off, anyone on the way can read the secret.")
    ] = True
    connect_timeout_s: Annotated[
        Seconds, Meta(description="Seconds until a connection, its greeting and its log-in are given up, each.")
    ] = 10.0
    keepalive_s: Annotated[Seconds, Meta(description="Seconds between two questions whether the PBX is alive.")] = 15.0
    keepalive_deadline_s: Annotated[
        Seconds, Meta(description="Seconds until the link is given up when the PBX does not answer that.")
    ] = 10.0
    backoff_first_s: Annotated[
        Seconds,
        Meta(description="Upper bound of the first pause before connecting again; it doubles with each failure."),
    ] = 0.5
    backoff_max_s: Annotated[Seconds, Meta(description="Longest pause before connecting again.")] = 30.0
    trunks: Annotated[
        list[Text],
        Meta(
            description="Endpoint names that are trunks to the public: all of them, since every endpoint not named "
            "here is an agent's then. Empty = guess: a trunk's name is not 2 to 6 digits, and it is no queue member."
        ),
    ] = []
    phones: Annotated[
        dict[Text, list[Text]],
        Meta(
            description="Further phones of an agent, by his extension: names of endpoints, and numbers outside as they "
            'are dialled. `103 = ["103-mobile", "393331112222"]` makes them one agent, rung once.'
        ),
    ] = {}
    wrap_up_s: Annotated[
        dict[Text, Seconds],
        Meta(
            description="Seconds of wrap-up after a call, by queue, as in `{support = 30}`: `wrapuptime` of "
            "queues.conf, which Asterisk does not tell. A member's own wrap-up is known from the PBX and goes before."
        ),
    ] = {}
    max_frame_bytes: Annotated[
        int,
        Meta(
            ge=1 << 12,
            le=1 << 26,
            description="Longest message taken from the PBX, in bytes; a longer one breaks the link.",
        ),
    ] = 1 << 20

    recording_url: Annotated[
        str,
        Meta(
            description="Address of a call's recording, as `https://pbx.example.com/rec/{year}/{month}/{call_id}.wav`, "
            "for what is written into CRMs and told to webhooks. Values: call_id pbx queue agent caller dialled year "
            "month day (in UTC). Offhook neither makes nor opens recordings."
        ),
    ] = ""

    logs: Annotated[LogSettings, Meta(description=LogSettings.__doc__)] = LogSettings()

    def __post_init__(self) -> None:
        if not self.port:
            msgspec.structs.force_setattr(self, "port", USUAL_PORTS.get(self.kind, USUAL_PORTS["asterisk"]))
        self._check_kind()
        if self.secret is not None and self.secret_file is not None:
            raise ValueError("give secret or secret_file, not both")
        if self.recording_url and (unfit := _unfit_address(self.recording_url)):
            raise ValueError(f"recording_url: {unfit}")
        if self.backoff_max_s < self.backoff_first_s:
            raise ValueError(
                f"backoff_max_s ({self.backoff_max_s}) is less than backoff_first_s ({self.backoff_first_s})"
            )

    def _check_kind(self) -> None:
        """What the one kind of PBX has and the other has not; all of it at once."""
        problems = [*self._misfits()]
        if problems:
            raise ValueError("; ".join(problems))

    def _misfits(self) -> Iterator[str]:
        if lacks_user(self.kind, self.username):
            yield f"username: {NO_USER}"
        others = [name for kind, names in DRIVERS_OF.items() if kind != self.kind for name in names]
        if self.kind in DRIVERS_OF and self.driver in others:
            known = ", ".join(("native", *DRIVERS_OF[self.kind]))
            yield f'driver: "{self.driver}" does not read a PBX of kind "{self.kind}", but {known}'
        if self.driver == "python-esl" and self.tls:
            yield 'tls: python-ESL speaks none; go through a tunnel, or take the driver "native"'
        foreign = [name for kind, names in KINDS_OF.items() if kind != self.kind for name in names]
        if self.kind in KINDS_OF and (named := [name for name in foreign if getattr(self.logs, name) is not None]):
            known = ", ".join(KINDS_OF[self.kind])
            yield f'logs: a PBX of kind "{self.kind}" writes no {" and no ".join(named)}, but {known}'

    def __repr__(self) -> str:
        shown: dict[str, Any] = {field: getattr(self, field) for field in self.__struct_fields__}
        shown["secret"] = None if self.secret is None else "***"
        return f"PbxSettings({', '.join(f'{field}={value!r}' for field, value in shown.items())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(field, "***" if field == "secret" else getattr(self, field)) for field in self.__struct_fields__]


def _unfit_address(template: str) -> str:
    """Why nothing can be made of an address with values in braces; "" when it can."""
    if unknown := [name for name in _BRACED.findall(template) if name not in RECORDING_VALUES]:
        return f"no value is called {{{unknown[0]}}}; there is {', '.join(RECORDING_VALUES)}"
    if not re.fullmatch(r"https?://[^\s{}/]+/\S*", template) or not template.isprintable():
        return "expected an address like https://pbx.example.com/rec/{call_id}.wav"
    return ""


def fetch_secret(settings: PbxSettings) -> str:
    """The manager user's secret, from the settings or the first line of ``secret_file``; read anew at each log-in.

    Raises:
        OffhookError: there is none, or the file cannot be read.
    """
    if settings.secret is not None:
        return settings.secret
    if settings.secret_file is None:
        raise OffhookError(
            "link-no-secret", f"PBX {settings.name!r} has no secret", "", "set secret or secret_file in its settings"
        )
    try:
        text = Path(settings.secret_file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise OffhookError(
            "link-secret-file",
            f"cannot read the secret of PBX {settings.name!r}",
            f"{settings.secret_file}: {why}",
            "check the path, and that the user who runs Offhook may read it",
        ) from error
    return text.partition("\n")[0].strip()
