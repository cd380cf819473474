"""A Debian chroot that holds a real Asterisk, built once and kept outside the checkout.

Standard library only, so that ``python3 tests/pbx/lab/chroot.py 22`` works before anything is installed. The mirror,
its proxy and its certificates are the ones this machine's apt is set up with.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

CACHE = Path("/var/cache/offhook-lab")
COMPLETE = "offhook-lab-complete"  #: written last, inside the chroot
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
SETTINGS_OF_APT = re.compile(r"^Acquire::(?:https?|ftp|Retries|Check-Valid-Until|Check-Date)\b.*\"[^\"]+\";$")


class Release(NamedTuple):
    """Which Debian suite carries which Asterisk."""

    version: str
    suite: str


RELEASES = {"22": Release("22", "sid"), "16": Release("16", "bullseye")}


def versions() -> list[str]:
    """Return the major versions to test with: those in OFFHOOK_LAB_VERSIONS, such as ``22 16``, or all."""
    return os.environ.get("OFFHOOK_LAB_VERSIONS", "").split() or list(RELEASES)


class LabError(Exception):
    """The laboratory cannot be set up; the text says what to do."""


def chroot_for(version: str) -> Path:
    """Return the directory of a complete chroot with that major version of Asterisk, building it when there is none.

    Takes about a minute the first time. Several processes may ask at once: one builds, the others wait.
    """
    release = RELEASES[version]
    folder = Path(os.environ.get("OFFHOOK_LAB_DIR") or CACHE)
    target = folder / f"asterisk-{version}"
    if not is_complete(target, version):
        require_root(target)
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive(folder / f"asterisk-{version}.lock"):
            if not is_complete(target, version):
                build(release, target)
    return target


def is_complete(target: Path, version: str) -> bool:
    """Tell whether the chroot was built to the end and its Asterisk still starts."""
    if not (target / COMPLETE).exists():
        return False
    return installed_version(target).startswith(f"Asterisk {version}.")


def installed_version(target: Path) -> str:
    """Return what the chroot's Asterisk says of itself, such as ``Asterisk 22.10.1``; empty when it does not run."""
    try:
        answer = subprocess.run(
            ["chroot", target, "asterisk", "-V"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip()


def require_root(target: Path) -> None:
    if os.geteuid() != 0:
        raise LabError(f"no usable Asterisk in {target}: only root can build it, run `make test` as root once")
    if shutil.which("debootstrap") is None:
        raise LabError("debootstrap is missing: apt-get install debootstrap")


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold the lock file; it is freed by the system when this process ends, however it ends."""
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build(release: Release, target: Path) -> None:
    """Build beside the target and rename at the end, so that the target is complete or absent."""
    print(f"building Asterisk {release.version} from Debian {release.suite} into {target}", file=sys.stderr, flush=True)
    for left_over in target.parent.glob(f"{target.name}.new-*"):
        remove(left_over)
    fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}.new-", dir=target.parent))
    fresh.chmod(0o755)
    try:
        install_asterisk(release, fresh)
    except BaseException:
        remove(fresh)
        raise
    if target.exists():
        remove(target)
    fresh.rename(target)


def remove(root: Path) -> None:
    """Remove a chroot, having unmounted what an interrupted debootstrap left mounted in it."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for point in sorted((point for point in mounted if point.startswith(f"{root}/")), reverse=True):
        run("umount", point, quiet=True)
    shutil.rmtree(root)


def install_asterisk(release: Release, root: Path) -> None:
    mirror = mirror_of_this_machine()
    run("debootstrap", "--variant=minbase", release.suite, str(root), mirror)
    prepare_apt(root)
    inside = ("chroot", str(root), "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")
    run(*inside, "apt-get", "update")
    run(*inside, "apt-get", "install", "--yes", "--no-install-recommends", "asterisk")
    found = installed_version(root)
    if not found.startswith(f"Asterisk {release.version}."):
        raise LabError(f"Debian {release.suite} installed {found or 'nothing that runs'}, wanted {release.version}")
    (root / COMPLETE).write_text(found + "\n")


def prepare_apt(root: Path) -> None:
    """Give the chroot this machine's way to the mirror, and forbid its services to start."""
    shutil.copyfile("/etc/hosts", root / "etc/hosts")
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    settings = ['Acquire::Check-Valid-Until "false";', 'Acquire::Retries "3";', *settings_of_apt()]
    if CERTIFICATES.exists():
        copy = root / CERTIFICATES.relative_to("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CERTIFICATES, copy)
        settings.append(f'Acquire::https::CAInfo "{CERTIFICATES}";')
    (root / "etc/apt/apt.conf.d/99offhook-lab").write_text("\n".join(settings) + "\n")


def settings_of_apt() -> list[str]:
    """Return this machine's apt settings that say how to reach a mirror: proxies, time-outs, dates."""
    dump = run("apt-config", "dump", "Acquire", quiet=True)
    return [line for line in dump.splitlines() if SETTINGS_OF_APT.match(line)]


def mirror_of_this_machine() -> str:
    """Return the address of the Debian mirror that apt uses here, security and update archives aside."""
    listing = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", quiet=True)
    rows = [line.split() for line in listing.splitlines()]
    mirrors = [row[0] for row in rows if len(row) == 3 and re.fullmatch(r"[a-z]+", row[1]) and row[2] == "main"]
    debian = [mirror for mirror in mirrors if mirror.rstrip("/").endswith("debian")]
    if not (debian or mirrors):
        raise LabError("apt has no Debian mirror here: add one to /etc/apt/sources.list.d and run apt-get update")
    return (debian or mirrors)[0]


def run(*command: str, quiet: bool = False) -> str:
    """Run to the end and return the standard output; a failure shows the command's last lines."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise LabError(f"{' '.join(command)} failed with {done.returncode}:\n{tail}")
    if not quiet:
        print(f"  done: {' '.join(command[:6])}", file=sys.stderr, flush=True)
    return done.stdout


def main(wanted: list[str]) -> int:
    """Make the named chroots ready, print their directories; 1 and the reason when one cannot be had."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exception, so that a half-built chroot is removed
    try:
        for version in wanted or versions():
            print(chroot_for(version))
    except LabError as trouble:
        print(f"error: {trouble}", file=sys.stderr)
        print("to test with one version only: OFFHOOK_LAB_VERSIONS=22 make test", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
