"""Several vCenters and ESXi hosts as one source."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import zip_longest

from hostcheck.collectors import vsphere
from hostcheck.collectors.vsphere import Target
from hostcheck.errors import UsageError, crash
from hostcheck.model.capture import Request
from hostcheck.model.run import Asked
from hostcheck.recording import Recording
from hostcheck.sources.base import OpenShell
from hostcheck.sources.live import LiveSource


class Vcenters:
    """Several vCenters and ESXi hosts, asked in turns; one that cannot be asked ends no run."""

    def __init__(
        self,
        sources: Iterable[LiveSource],
        failures: Mapping[str, str],
        *,
        hosts: Iterable[str] = (),
        clusters: Iterable[str] = (),
    ) -> None:
        """Keep the sources, which have the same filters; `failures` are of those with no session.

        They are by name, and say why.
        """
        self._parts = {one.target: one for one in sources}
        self._failures = dict(failures)
        self._filters = (tuple(hosts), tuple(clusters))
        self._planned = 0

    @property
    def targets(self) -> tuple[Asked, ...]:
        """Name every one of them, and say why some could not be asked."""
        names = sorted({*self._parts, *self._failures})
        return tuple(Asked(name, self._failures.get(name, "")) for name in names)

    @property
    def target(self) -> str:
        """Name every one of them."""
        return ", ".join(one.name for one in self.targets)

    @property
    def asks(self) -> tuple[str, ...]:
        """Return the wires that are used of any."""
        return tuple(sorted({wire for one in self._parts.values() for wire in one.asks}))

    @property
    def open_shell(self) -> OpenShell | None:
        """What opens the shell of a host: they have it in common."""
        return next(iter(self._parts.values())).open_shell

    @property
    def smokes(self) -> bool:
        """Whether the smoke test runs in guests of any."""
        return any(one.smokes for one in self._parts.values())

    @property
    def one_by_one(self) -> bool:
        """Whether hosts or guests are asked one by one."""
        hosts = len(self.machines())
        return any(one.visits_each(hosts) for one in self._parts.values())

    @cached_property
    def _machines(self) -> list[Target]:
        listed = [one for one in self._parts.values() if self._lists(one)]
        if not listed:
            raise UsageError(in_words(self._failures))
        if not self._failures:  # else what matches nothing here may match there
            vsphere.refuse_unmatched([one.inventory for one in listed], *self._filters)
        in_turns = zip_longest(*(one.chosen for one in listed))
        return [target for turn in in_turns for target in turn if target is not None]

    def _lists(self, one: LiveSource) -> bool:
        try:
            return bool(one.inventory)
        except UsageError as error:
            self._failures[one.target] = str(error)
        except Exception as error:  # noqa: BLE001  one odd vCenter ends no run of several
            self._failures[one.target] = f"its inventory is not understood: {crash(error)}"
        return False

    def machines(self) -> list[Target]:
        """List the hosts of all, in turns: while one server is busy another one's are judged.

        Raises UsageError when none can be listed, or a filter matches nothing anywhere.
        """
        return self._machines

    def vms_called(self, name: str) -> list[tuple[Target, str]]:
        """Find a VM, wherever it is."""
        self.machines()
        found: list[tuple[Target, str]] = []
        for target, one in self._parts.items():
            if target not in self._failures:
                try:
                    found += one.vms_called(name)
                except UsageError as error:
                    self._failures[target] = str(error)
        return found

    def plan(self, hosts: int) -> None:
        """Ask of a resumed run's hosts what a whole run asks."""
        self._planned = hosts

    def expect(self, targets: Iterable[Target]) -> None:
        """Tell each of its own; what is asked depends on the number of all."""
        listed = list(targets)
        for name, one in self._parts.items():
            one.plan(max(self._planned, len(listed)))
            one.expect(target for target in listed if target.target == name)

    def collect(self, target: Target) -> Recording:
        """Ask where the host is."""
        return self._parts[target.target].collect(target)

    def announce(self, recorded: Recording, questions: Iterable[Request]) -> None:
        """Start the checks of the vCenter that the machine is of."""
        self._parts[recorded.target].announce(recorded, questions)

    def ask(self, recorded: Recording, questions: Iterable[Request]) -> Recording:
        """Ask where the host is."""
        return self._parts[recorded.target].ask(recorded, questions)

    def part(self, target: str) -> LiveSource:
        """Return what asks that vCenter."""
        return self._parts[target]

    def read(self, target: Target) -> Recording:
        """Ask vSphere only."""
        return self._parts[target.target].read(target)

    def keep_alive(self) -> float:
        """Keep every session; says in how many seconds to come again."""
        return min(one.keep_alive() for one in self._parts.values())

    def close(self) -> None:
        """Log out everywhere."""
        for one in self._parts.values():
            one.close()


def in_words(failures: Mapping[str, str]) -> str:
    """Say of every vCenter why it could not be asked."""
    return "; ".join(f"{name} could not be asked: {why}" for name, why in sorted(failures.items()))
