"""Whether vSphere lets vGPUs of several series onto one GPU. Its driver knows no such rule."""

from hostcheck.checks.engine import Facts, attempt
from hostcheck.model.fact import Fact, Known, Unknown, Why
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.release import is_before
from hostcheck.model.requirements import type_name

MIXED_SINCE = (8, 0, 2)
"""8.0 U2 lets vGPUs of one size and of several series share a GPU."""
SERVED_BY = "HostSystem config.graphicsInfo"


def one_series(gpu: PhysicalGpu, host: Host, wanted: tuple[str, ...]) -> Fact[bool]:
    """Say whether a GPU would run vGPUs of one series only, or its release lets it run several.

    Unknown where a release before 8.0 U2 runs one on it whose series cannot be told.
    """
    return attempt(lambda known: Known(_stays(gpu, host, wanted, known)))


def _stays(gpu: PhysicalGpu, host: Host, wanted: tuple[str, ...], known: Facts) -> bool:
    ids = known(gpu.vm_ids)
    if not ids or not is_before(known(host.version), MIXED_SINCE):
        return True
    running = [vm for vm in known(host.vms) if vm.id in ids and known(vm.devices)]
    strange = sorted({*ids} - {vm.id for vm in running})
    if strange:
        known.leave(Unknown(Why.ABSENT, f"{strange[0]} runs on it and is not listed", SERVED_BY))
    there = {_series(known(one.profile), known) for vm in running for one in vm.vgpus}
    return there <= {_series(one, known) for one in wanted}


def _series(name: str, known: Facts) -> str:
    """Return the series of a type; those that MIG backs are all the same."""
    said = type_name(name)
    if said is None:
        known.leave(Unknown(Why.ABSENT, f"{name} tells no series", "VirtualMachine config"))
    return "" if said.slices else said.series
