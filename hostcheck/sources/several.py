"""Several vCenters and ESXi hosts as one source."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import zip_longest

from hostcheck.errors import UnlistedError, UsageError, crash
from hostcheck.model.capture import Request
from hostcheck.model.host_ref import HostRef, Key, VmRef
from hostcheck.model.run import Asked
from hostcheck.sources.base import AboutSource, Ask, Collector
from hostcheck.sources.live import LiveSource
from hostcheck.ways.vsphere import inventory


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

    @property
    def about(self) -> AboutSource:
        """Name every one of them, and say why some could not be asked; the ways of any."""
        names = sorted({*self._parts, *self._failures})
        abouts = [one.about for one in self._parts.values()]
        return AboutSource(
            ", ".join(names),
            tuple(Asked(name, self._failures.get(name, "")) for name in names),
            tuple(sorted({way for one in abouts for way in one.asks})),
            smokes=any(one.smokes for one in abouts),
            bmcs=any(one.bmcs for one in abouts),
        )

    @property
    def one_by_one(self) -> bool:
        """Whether hosts or guests are asked one by one."""
        hosts = len(self.machines())
        return any(one.visits_each(hosts) for one in self._parts.values())

    @cached_property
    def _machines(self) -> list[HostRef]:
        listed = [one for one in self._parts.values() if self._lists(one)]
        if not listed:
            raise UnlistedError(in_words(self._failures), self._failures)
        if not self._failures:  # else what matches nothing here may match there
            inventory.refuse_unmatched([one.inventory for one in listed], *self._filters)
        in_turns = zip_longest(*(one.chosen for one in listed))
        return [ref for turn in in_turns for ref in turn if ref is not None]

    def _lists(self, one: LiveSource) -> bool:
        try:
            return bool(one.inventory)
        except UsageError as error:
            self._failures[one.target] = str(error)
        except Exception as error:  # noqa: BLE001  one odd vCenter ends no run of several
            self._failures[one.target] = f"its inventory is not understood: {crash(error)}"
        return False

    def machines(self) -> list[HostRef]:
        """List the hosts of all, in turns: while one server is busy another one's are judged.

        Raises UsageError when none can be listed, or a filter matches nothing anywhere.
        """
        return self._machines

    def vms_called(self, name: str) -> list[VmRef]:
        """Find a VM, wherever it is."""
        return self._of_each(lambda one: one.vms_called(name))

    def vms(self) -> list[VmRef]:
        """List the VMs of all that could be asked."""
        return self._of_each(lambda one: one.vms())

    def _of_each(self, listed: Callable[[LiveSource], list[VmRef]]) -> list[VmRef]:
        self.machines()
        found: list[VmRef] = []
        for vcenter, one in self._parts.items():
            if vcenter not in self._failures:
                try:
                    found += listed(one)
                except UsageError as error:
                    self._failures[vcenter] = str(error)
        return found

    def collector(self, targets: Iterable[HostRef], *, of: int = 0) -> Collector:
        """Tell each of its own; what is asked depends on the number of all."""
        listed = list(targets)
        count = max(of, len(listed))
        parts = {
            name: one.collector((each for each in listed if each.vcenter == name), of=count)
            for name, one in self._parts.items()
        }
        return Collector(
            lambda ref: parts[ref.vcenter].collect(ref),
            lambda ref: parts[ref.vcenter].read(ref),
            next(iter(parts.values())).finish,  # they have the way to a shell in common
            calls=any(one.calls for one in parts.values()),
        )

    def asker(self, vcenter: str, ahead: Iterable[Request] = ()) -> Ask:
        """Ask the vCenter that the machines are of."""
        return self._parts[vcenter].asker(vcenter, ahead)

    def part(self, vcenter: str) -> LiveSource:
        """Return what asks that vCenter."""
        return self._parts[vcenter]

    @property
    def changed(self) -> dict[Key, str]:
        """What was changed on a host for the run, and undone, in a sentence."""
        return {key: told for one in self._parts.values() for key, told in one.changed.items()}

    @property
    def parts(self) -> tuple[LiveSource, ...]:
        """Return what asks each vCenter that let us in."""
        return tuple(self._parts.values())

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
