"""NVIDIA's own list of host and guest drivers: `vgpuDriverCatalog.yaml` of the customer's download.

    version: 1
    branch:
    - {name: r535, type: host, allow: {branch: [r535, r525]}}
    - {name: r535, type: guest}
    driver:
    - {version: 535.230.02, date: 2025-01-16, branch: r535, type: host}
    - {version: 535.230.02, branch: r535, type: guest, deny: {driver: [{version: 535.54.06}]}}

The rule is that of GPU Operator (NVIDIA/gpu-driver-container, vgpu/src/vgpu-util.go): a guest
branch runs on a host branch where neither list forbids the other, and a list that allows some
forbids all others. The same goes for single drivers. Lists by GPU count for the GPUs of a cluster.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from hostcheck.errors import ParseError, UsageError
from hostcheck.model.lifecycle import Mark
from hostcheck.model.requirements import GpuModel, Requirements, VgpuRelease
from hostcheck.model.window import Window, window
from hostcheck.planner.table import Judge
from hostcheck.syntax import yaml

_BRANCH = re.compile(r"(?<!\d)(\d{3})(?!\d)")
WHAT = "vgpuDriverCatalog.yaml"


class ReleaseGpu(Struct, frozen=True):
    """A GPU by its device id and, where it is given, its subsystem's: `0x2235`."""

    devid: str
    ssid: str = ""


class Named(Struct, frozen=True):
    """A driver by its version."""

    version: str


class Ruling(Struct, frozen=True):
    """What a list names; an empty part says nothing."""

    branch: tuple[str, ...] = ()
    gpu: tuple[ReleaseGpu, ...] = ()
    driver: tuple[Named, ...] = ()


class Branch(Struct, frozen=True):
    """A branch, of hosts or of guests."""

    name: str
    type: str
    allow: Ruling = Ruling()
    deny: Ruling = Ruling()


class Driver(Struct, frozen=True):
    """One driver, of hosts or of guests."""

    version: str
    branch: str
    type: str
    date: str = ""
    allow: Ruling = Ruling()
    deny: Ruling = Ruling()


class ListedFile(Struct, frozen=True):
    """The file."""

    branch: tuple[Branch, ...]
    driver: tuple[Driver, ...] = ()
    version: str = ""
    date: str = ""

    def judge(self, needs: Requirements, models: Iterable[GpuModel]) -> Judge:
        """Return what judges guests on hosts with these GPUs.

        Of a host branch that the file does not list the table judges.
        """
        gpus = tuple(models)

        def judged(host: VgpuRelease, guest: VgpuRelease) -> Window:
            by_table = window(host, guest, needs.releases)
            hosts = self._of("host", host)
            if not hosts:
                return by_table
            taken = tuple(
                one.release
                for one in reversed(needs.releases)
                if one.release and self._runs(hosts, self._of("guest", one), gpus)
            )
            return Window(guest.release in taken, Mark.READ, taken, by_table.before)

        return judged

    def knows(self, release: VgpuRelease) -> bool:
        """Say whether hosts of a release are in the file."""
        return bool(self._of("host", release))

    def denies(self, host: str, guest: str) -> bool:
        """Say whether the file forbids one guest driver on one host driver."""
        return any(
            (one.type, one.version) == ("guest", guest) and _forbids(one, host)
            for one in self.driver
        ) or any(
            (one.type, one.version) == ("host", host) and _forbids(one, guest)
            for one in self.driver
        )  # fmt: skip

    def _of(self, kind: str, release: VgpuRelease) -> tuple[Branch, ...]:
        return tuple(
            one for one in self.branch if one.type == kind and _number(one.name) == release.branch
        )

    @staticmethod
    def _runs(
        hosts: tuple[Branch, ...], guests: tuple[Branch, ...], gpus: tuple[GpuModel, ...]
    ) -> bool:
        return any(
            _takes(host.allow.branch, host.deny.branch, guest.name)
            and _takes(guest.allow.branch, guest.deny.branch, host.name)
            and all(_drives(one, gpu) for one in (host, guest) for gpu in gpus)
            for host in hosts
            for guest in guests
        )


def _number(name: str) -> int:
    found = _BRANCH.search(name)
    return int(found[1]) if found else 0


def _takes(allowed: tuple[str, ...], denied: tuple[str, ...], name: str) -> bool:
    return name not in denied and (not allowed or name in allowed)


def _drives(branch: Branch, model: GpuModel) -> bool:
    allowed, denied = branch.allow.gpu, branch.deny.gpu
    if allowed and not any(_is(one, model) for one in allowed):
        return False
    return not any(_is(one, model) for one in denied)


def _is(gpu: ReleaseGpu, model: GpuModel) -> bool:
    return any(
        _hex(gpu.devid) == one.device
        and (not gpu.ssid or not one.sub_device or _hex(gpu.ssid) == one.sub_device)
        for one in model.ids
    )


def _hex(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return -1


def _forbids(driver: Driver, other: str) -> bool:
    allowed = {one.version for one in driver.allow.driver}
    denied = {one.version for one in driver.deny.driver}
    return other in denied or (bool(allowed) and other not in allowed)


def read(path: Path) -> ListedFile:
    """Read the file. Raises UsageError, which names the place of what is wrong."""
    try:
        found = yaml.load(path.read_bytes(), str(path), words=True)
        listed = msgspec.convert(found, ListedFile)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give NVIDIA's {WHAT}") from None
    except ParseError as error:
        raise UsageError(f"{error}; give NVIDIA's {WHAT}") from None
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {error}; give NVIDIA's {WHAT}") from None
    if not any(one.type == "host" and _number(one.name) for one in listed.branch):
        raise UsageError(f"{path}: no branch of type host is in it; give NVIDIA's {WHAT}")
    return listed
