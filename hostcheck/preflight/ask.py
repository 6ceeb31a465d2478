"""What is asked of candidates besides, and which hosts they are."""

from collections.abc import Iterator

from hostcheck.errors import UsageError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown
from hostcheck.model.host_ref import HostRef, VmRef
from hostcheck.model.recording import Recording
from hostcheck.parsers import vim_cpu_features
from hostcheck.sources import beside, walls
from hostcheck.sources.base import Source
from hostcheck.ways.vsphere import second_opinion
from hostcheck.ways.vsphere.inventory import is_host

RUNS = "poweredOn"


def is_candidate(ref: HostRef, home: HostRef, patterns: tuple[str, ...]) -> bool:
    """Say whether a host is one on which the VM might start."""
    if not ref.id:  # a recording that cannot be read: of which cluster is not known
        return is_host(ref.name, patterns)
    if ref.vcenter != home.vcenter:
        return False
    if patterns:
        return is_host(ref.name, patterns)
    if ref == home:
        return True
    return bool(home.cluster_id) and ref.cluster_id == home.cluster_id


def refuse_template(home: Recording, vm: VmRef) -> None:
    """Raise UsageError for a template."""
    found = second_opinion.vm_of(home, vm.id)
    if found is not None and found.template is True:
        raise UsageError(
            f"{vm.name} is a template, which cannot be powered on: deploy a VM from it and name "
            "that, or give --profile or --spec"
        )


class Besides:
    """What is asked of candidates besides: what they offer, and what vCenter thinks of a start."""

    def __init__(
        self, source: Source, home: Recording, vm_id: str, *, opinion: bool, several: bool = False
    ) -> None:
        """Say whether vCenter is to be asked, and whether the VM is to have several vGPUs."""
        self._source = source
        self._asker = source.asker(home.ref.vcenter)
        self._home = home
        self._vm_id = vm_id
        self._vm = second_opinion.vm_of(home, vm_id)
        self._several = several
        runs = self._vm is not None and self._vm.power_state == RUNS
        self._opinion = opinion and self._vm is not None and not runs

    def begin(self, chosen: list[HostRef]) -> None:
        """Start vCenter's check, which then runs while the other hosts are collected.

        What the processors of all candidates can do is one question.
        """
        checks = [one for target in chosen for one in self._opinions(target)]
        features = [vim_cpu_features.of_host(target.id) for target in chosen if target.id]
        ahead = {one.key: one for one in (*checks, *features)}
        self._asker = self._source.asker(self._home.ref.vcenter, ahead.values())

    def all(self, collected: list[Recording]) -> Iterator[Recording]:
        """Yield the machines with the answers; vCenter's check is waited for last."""
        wanted = [beside.More(self._asker, one, self._offers(one)) for one in collected]
        offers = beside.ask(wanted, second_opinion.CALLS)
        for recorded in sorted(offers, key=lambda one: one.ref.key):
            yield walls.ask(self._asker, recorded, self._opinions(recorded.ref))

    def _opinions(self, one: HostRef) -> Iterator[Request]:
        if self._opinion and self._vm is not None:
            yield second_opinion.power_on(one, self._home, self._vm)

    def _offers(self, recorded: Recording) -> Iterator[Request]:
        yield vim_cpu_features.of_host(recorded.ref.id)
        yield second_opinion.offered(recorded)
        vm = self._vm
        held = () if vm is None or isinstance(vm.devices, Unknown) else vm.devices.vgpus
        if vm is not None and (self._several or len(held) > 1):
            yield second_opinion.limit(recorded, vm.hardware_version)
