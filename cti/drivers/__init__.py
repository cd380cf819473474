"""Who reads the socket. A driver is a module here with a class ``Driver``, found by the name in ``driver = "..."``."""

from __future__ import annotations

import pkgutil
import ssl
from importlib import import_module
from typing import Protocol, cast

from cti.conversation import Conversation
from cti.link_faults import LinkError
from cti.pbx.settings import PbxSettings

HOW_TO_INSTALL = {"panoramisk": "pip install 'offhook[panoramisk]'"}
NO_EXTRA = "docs/drivers.md tells how it is built"


class Driver(Protocol):
    """Opens the connections of one link, one after the other. Made once with the link's settings."""

    async def connect(self, conversation: Conversation, tls: ssl.SSLContext | None) -> None:
        """Connect: ``conversation`` is attached to the transport and given all that comes. Raises OSError."""

    def logged_in(self) -> None:
        """The PBX let us in: events follow."""


def driver_names() -> list[str]:
    """The names that can stand in the settings."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__))


def make_driver(settings: PbxSettings) -> Driver:
    """The driver that ``settings`` name.

    Raises:
        LinkError: there is none of that name, or the library it stands on is not installed.
    """
    name = settings.driver
    if name not in driver_names():
        raise LinkError(
            "link-unknown-driver",
            f"PBX {settings.name!r}: there is no driver {name!r}",
            f"known are {', '.join(driver_names())}",
            "correct driver, or leave it out",
        )
    try:
        module = import_module(f"cti.drivers.{name.replace('-', '_')}")
        return cast("Driver", module.Driver(settings))
    except ModuleNotFoundError as error:
        raise LinkError(
            "link-driver-missing",
            f"PBX {settings.name!r}: the driver {name!r} cannot be used",
            f"the library {error.name} is not installed",
            f"{HOW_TO_INSTALL.get(name, NO_EXTRA)}, or leave driver out for the native one",
        ) from error
