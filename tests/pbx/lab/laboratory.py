"""The two telephone systems together."""

from __future__ import annotations

from pathlib import Path

from tests.pbx.lab.asterisk import Ports
from tests.pbx.lab.pbx import ObservedPbx
from tests.pbx.lab.world import World


class Laboratory:
    """The PBX under observation and the world around it, running from entry to exit."""

    def __init__(self, chroot: Path) -> None:
        ports, world_ports = Ports.free(), Ports.free()
        self.pbx = ObservedPbx(chroot, ports, far_sip_port=world_ports.sip)
        self.world = World(chroot, world_ports, far_sip_port=ports.sip)

    def __enter__(self) -> Laboratory:
        try:
            self.pbx.start()
            self.world.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_trouble: object) -> None:
        self.world.stop()
        self.pbx.stop()
