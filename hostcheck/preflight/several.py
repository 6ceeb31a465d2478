"""Several VMs in one run: each is judged as if it alone were started, on answers asked once."""

from collections.abc import Callable, Iterable, Iterator

from hostcheck import app
from hostcheck.fleet import Workers
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host_ref import HostRef, Key, VmRef
from hostcheck.model.policy import Policy
from hostcheck.model.recording import Recording
from hostcheck.model.run import Run, silent
from hostcheck.preflight.ask import RUNS
from hostcheck.preflight.change import NOTHING, VmChange
from hostcheck.preflight.elsewhere import vms_of
from hostcheck.preflight.look import chosen_vm, of_vm
from hostcheck.preflight.resting import refuse_unmet
from hostcheck.sources.base import Source
from hostcheck.sources.held import HeldSource
from hostcheck.sources.walls import host_of
from hostcheck.ways.vsphere.inventory import is_host

OFF, SUSPENDED = "poweredOff", "suspended"
Group = tuple[str, str]
"""A vCenter, and a cluster of it or a host that is in none."""
Identity = tuple[Key, str, str]
"""A host, and id and name of a VM: recordings of several times or sites may share ids."""


def several(
    source: Source,
    names: Iterable[str],
    *,
    hosts: Iterable[str] = (),
    emptied: tuple[str, ...] = (),
    change: VmChange = NOTHING,
    workers: Workers = Workers(1),  # noqa: B008  it is immutable
    opinion: bool = False,
    policy: Policy | None = None,
    keep: Callable[[Recording], object] = lambda _: None,
    left: Callable[[str], object] = lambda _: None,
    done: Callable[[str], None],
) -> Iterator[Run]:
    """Judge the VMs that are named, or without names every powered-off VM that has a GPU.

    Cluster by cluster, so that no more than one is held. `left` is told which VMs were not judged,
    or may be missing, and why; a VM that is named and has no run is always told. Raises UsageError
    as a preflight of one VM does.
    """
    patterns, words = tuple(hosts), tuple(names)
    refuse_unmet(source, emptied)
    meant = [(name, chosen_vm(source, name, patterns)) for name in words]
    wanted = {_identity(one): one for _, one in meant}
    seen: set[Identity] = set()
    machines = source.machines()
    if not wanted:
        for one in silent(source.about.targets):
            left(f"{one.name} could not be asked: {one.failure}. Its VMs were not judged.")
    homes = [one.host for one in wanted.values()] if wanted else machines
    for group in dict.fromkeys(map(_group, homes)):
        here = [one for one in machines if _group(one) == group]
        named = [one for one in wanted.values() if _group(one.host) == group]
        targets = _targets(machines, here, [one.host for one in named], patterns, every=not wanted)
        collected = app.recordings(source, targets, workers=workers, done=done)
        held = HeldSource(source, sorted(collected, key=lambda one: one.ref.key))
        for vm in named or _all_off(held, here, left):
            run = of_vm(
                held,
                vm,
                hosts=patterns,
                emptied=emptied,
                change=change,
                opinion=opinion,
                policy=policy,
                done=app.tell_nobody,
            )
            if run.preflight is not None and run.preflight.vm_id == vm.id:
                seen.add(_identity(vm))
            yield run
        for recorded in held.recordings():
            keep(recorded)
    for name, vm in meant:
        if _identity(vm) not in seen:
            left(f"{name} was named, and was not judged.")


def _identity(vm: VmRef) -> Identity:
    return (vm.host.key, vm.id, vm.name)


def _group(ref: HostRef) -> Group:
    return (ref.vcenter, ref.cluster_id or ref.id or ref.name)


def _targets(
    machines: list[HostRef],
    here: list[HostRef],
    homes: list[HostRef],
    patterns: tuple[str, ...],
    *,
    every: bool,
) -> list[HostRef]:
    """Return what is collected for a group: its hosts, or homes of VMs and hosts that are named.

    A recording that cannot be read may be of any cluster.
    """
    if not patterns:
        return [*here, *(one for one in machines if not one.id and one not in here)]
    homes = here if every else homes
    return [
        one
        for one in machines
        if one in homes
        or (is_host(one.name, patterns) and (not one.id or one.vcenter == here[0].vcenter))
    ]


def _all_off(
    held: HeldSource, here: list[HostRef], left: Callable[[str], object]
) -> Iterator[VmRef]:
    """Yield the VMs of hosts that have a GPU and do not run; of what is not known, tell."""
    for recorded in held.recordings():
        if recorded.ref not in here:
            continue
        host = host_of(recorded)
        if isinstance(host.vms, Unknown):
            left(f"Which VMs {host.name} has is not known: {host.vms.detail}")
        for vm in vms_of(host):
            state = vm.power_state
            if isinstance(state, Known) and state.value == SUSPENDED:
                left(f"{vm.name} on {host.name} is suspended, and was not judged.")
            elif not (isinstance(state, Known) and state.value == RUNS):
                yield VmRef(recorded.ref, vm.id, vm.name)
