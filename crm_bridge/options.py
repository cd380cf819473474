"""The options of an adapter: its own struct, with secrets from files or the environment, never shown."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from crm_bridge.settings import SourceSettings
from cti.errors import OffhookError

Text = Annotated[str, msgspec.Meta(min_length=1)]


class AdapterOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every adapter's options are made from: shown without their values, as a secret may be among them."""

    def __repr__(self) -> str:
        return f"{type(self).__module__}.Options({', '.join(self.__struct_fields__)})"


class HttpOptions(AdapterOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every source that is asked by HTTP takes."""

    url: Annotated[Text, msgspec.Meta(description="Address of the CRM, with https.")]
    ca_file: Annotated[
        str | None,
        msgspec.Meta(description="Certificate (PEM) of who signed the CRM's, where this machine does not trust him."),
    ] = None
    plain_http: Annotated[
        bool,
        msgspec.Meta(description="Allow http to another machine: everybody on the way can read secret and customers."),
    ] = False

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            host, user = parts.hostname or "", parts.username or parts.password
        except ValueError:
            parts, host, user = urlsplit(""), "", None
        if parts.scheme not in ("http", "https") or not host:
            raise ValueError("url: expected an address like https://crm.example.com")
        if user:
            raise ValueError("url: leave user and password out of it, there are options for them")
        if parts.query or parts.fragment:
            raise ValueError("url: leave out what follows ? or #")
        if parts.scheme == "http" and not self.plain_http and not is_this_machine(host):
            raise ValueError(
                "url: http shows secret and customers to everybody on the way; use https, or set plain_http"
            )


def parse_options(
    source: SourceSettings,
    wanted: type[msgspec.Struct],
    folder: Path = Path(),
    environ: Mapping[str, str] | None = None,
) -> Any:
    """The options of one source as its adapter's own struct: secrets read, file names taken from ``folder``.

    A field ``x`` beside a field ``x_file`` is a secret: it may stand in the options, in that file, or in the
    environment variable ``OFFHOOK_CRM_<NAME>_X``, which wins. Raises OffhookError ``crm-options`` naming the source
    and the field, or ``crm-secret-file``.
    """
    given = dict(source.options)
    environ = os.environ if environ is None else environ
    for name in wanted.__struct_fields__:
        if name.endswith("_file") and isinstance(given.get(name), str):
            given[name] = str(folder / given[name])
    for name in _secrets(wanted):
        variable = f"OFFHOOK_CRM_{re.sub('[^A-Z0-9]', '_', source.name.upper())}_{name.upper()}"
        if variable in environ:
            given[name] = environ[variable]
            given.pop(f"{name}_file", None)
        elif name not in given and isinstance(path := given.get(f"{name}_file"), str):
            given[name] = _fetch_secret(source, path)
    try:
        return msgspec.convert(given, wanted)
    except msgspec.ValidationError as error:
        takes = ", ".join(wanted.__struct_fields__) or "nothing"
        raise OffhookError(
            "crm-options",
            f"the options of the source {source.name!r} do not fit",
            str(error),
            f"see what the adapter {source.kind!r} takes: {takes}",
        ) from None


def need_secret(source: str, options: msgspec.Struct, *names: str) -> None:
    """Raise OffhookError ``crm-options`` for the first of these secrets that is not set."""
    for name in names:
        if not getattr(options, name):
            variable = f"OFFHOOK_CRM_{re.sub('[^A-Z0-9]', '_', source.upper())}_{name.upper()}"
            what = f"the options of the source {source!r} lack {name}"
            raise OffhookError("crm-options", what, "", f"set {name}_file to a file that holds it, or {variable}")


def _secrets(wanted: type[msgspec.Struct]) -> list[str]:
    fields = wanted.__struct_fields__
    return [name for name in fields if f"{name}_file" in fields]


def _fetch_secret(source: SourceSettings, path: str) -> str:
    try:
        secret = Path(path).read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8"
        hint = "check the path, and that the user who runs Offhook may read it"
        raise OffhookError(
            "crm-secret-file", f"{path} of the source {source.name!r} cannot be read", why, hint
        ) from None
    if not secret:
        raise OffhookError(
            "crm-secret-file", f"{path} of the source {source.name!r} is empty", "", "write it on line 1"
        )
    return secret


def is_this_machine(host: str) -> bool:
    """Whether nobody is on the way to ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
