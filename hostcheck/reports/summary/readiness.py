"""What keeps the hosts of a fleet from starting VMs, how far each is from it, and whose it is."""

from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from hostcheck.model.fact import Known
from hostcheck.model.host import Host
from hostcheck.model.result import Answer, Manual, Phase, Result, Roots, Severity, Status
from hostcheck.reports.summary.sizes import NAMED
from hostcheck.reports.summary.steps import HOST_REBOOT
from hostcheck.runbrief import Brief

OWNERS = {
    Phase.BIOS: "BIOS", Phase.GPU: "NVIDIA", Phase.DRIVER: "NVIDIA", Phase.MODES: "NVIDIA",
}  # fmt: skip
"""Who mends what is of a phase; the others are VMware's."""
VMWARE = "VMware"
_DARK = (Status.UNKNOWN, Status.ERROR)


def owner_of(manual: Manual | None) -> str:
    """Say whose a check is: the BIOS', NVIDIA's (GPU, driver, its modes), or VMware's."""
    if manual is None:
        return VMWARE
    return "BIOS" if manual.menus else OWNERS.get(manual.phase, VMWARE)


class HostTally(Struct, frozen=True):
    """Some hosts: how many, the first names, and how many of them are not seen through."""

    count: int
    names: tuple[str, ...]
    gpus: int = 0
    """GPUs that these hosts are known to have."""
    blind: int = 0
    """Hosts of which something is unknown: any result of one that can, a required one of others."""


class Owned(Struct, frozen=True):
    """What one owner has to mend for the hosts that cannot start a VM."""

    owner: str
    hosts: HostTally
    alone: int
    """Hosts that wait for nobody else."""
    checks: tuple[tuple[str, int], ...]
    """Check and hosts, the commonest first."""


class Readiness(Struct, frozen=True):
    """Hosts by what it takes: each host with a GPU is in one of these."""

    now: HostTally
    setting: HostTally
    """Cannot, and no reboot is needed to mend what keeps them: a setting of host or VM."""
    reboot: HostTally
    """Cannot, and one reboot each is part of it."""
    waived: HostTally
    """Nothing keeps them but what somebody answers for."""
    unknown: HostTally
    owners: tuple[Owned, ...]


class _Some(Struct):
    count: int = 0
    gpus: int = 0
    blind: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str, gpus: int, *, blind: bool = False) -> None:
        self.count += 1
        self.gpus += gpus
        self.blind += blind
        if len(self.names) < NAMED:
            self.names.append(name)

    def hosts(self) -> HostTally:
        return HostTally(self.count, tuple(self.names), self.gpus, self.blind)


class Ready:
    """Counts hosts on one walk."""

    def __init__(self, manuals: Sequence[Manual]) -> None:
        """Take the checks of the run."""
        self._roots = Roots(manuals)
        self._by_id = {one.id: one for one in manuals}
        self._now, self._setting, self._reboot = _Some(), _Some(), _Some()
        self._waived, self._unknown = _Some(), _Some()
        self._owners: dict[str, _Some] = {}
        self._alone: dict[str, int] = {}
        self._checks: dict[str, dict[str, int]] = {}

    def add(self, one: Brief[Host], left: Iterable[Result]) -> None:
        """Note a host; `left` are its results that nothing waives."""
        name, found = one.host.name, one.host.gpus
        gpus = len(found.value) if isinstance(found, Known) else 0
        if one.verdict is Answer.GO:
            dark = any(one.counts[status] for status in _DARK)
            self._now.add(name, gpus, blind=dark)
        elif one.verdict is Answer.UNSURE:
            self._unknown.add(name, gpus)
        elif one.verdict is Answer.NO_GO:
            fails = [each for each in left if each.status is Status.FAIL]
            grave = [each for each in fails if each.severity is Severity.REQUIRED]
            dark = any(
                each.status in _DARK and each.severity is Severity.REQUIRED for each in one.open
            )
            self._blocked(name, gpus, self._roots.of(grave, fails), blind=dark)

    def _blocked(self, name: str, gpus: int, roots: tuple[Result, ...], *, blind: bool) -> None:
        checks = dict.fromkeys(one.check for one in roots)
        manuals = [self._by_id.get(check) for check in checks]
        if not checks:
            self._waived.add(name, gpus, blind=blind)
            return
        reboots = any(one is not None and HOST_REBOOT in one.needs for one in manuals)
        (self._reboot if reboots else self._setting).add(name, gpus, blind=blind)
        owners = dict.fromkeys(map(owner_of, manuals))
        for owner in owners:
            self._owners.setdefault(owner, _Some()).add(name, gpus)
            self._alone[owner] = self._alone.get(owner, 0) + (len(owners) == 1)
        for check, manual in zip(checks, manuals, strict=True):
            told = self._checks.setdefault(owner_of(manual), {})
            told[check] = told.get(check, 0) + 1

    def readiness(self) -> Readiness:
        """Return what was counted."""
        owned = (
            Owned(
                owner, some.hosts(), self._alone[owner],
                tuple(sorted(self._checks[owner].items(), key=lambda one: (-one[1], one[0]))),
            )
            for owner, some in self._owners.items()
        )  # fmt: skip
        return Readiness(
            self._now.hosts(), self._setting.hosts(), self._reboot.hosts(),
            self._waived.hosts(), self._unknown.hosts(),
            tuple(sorted(owned, key=lambda one: (-one.hosts.count, one.owner))),
        )  # fmt: skip
