"""GRP: device groups, several whole GPUs that are joined by NVLink and given to one VM."""

import itertools
import re

from msgspec import Struct

from hostcheck.checks.engine import Facts, check, judge, look, not_applicable, run, unsure
from hostcheck.checks.kinds import is_part, listed, model_of, serves
from hostcheck.checks.subjects import Placement, addresses, every_placement, given_away, runs_here
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.pci import PciAddress
from hostcheck.model.release import release_of
from hostcheck.model.requirements import Architecture, Requirements
from hostcheck.model.result import Severity, Verdict
from hostcheck.words import count

TOPOLOGY = "https://frankdenneman.ai/2026-03-31-Topology-Aware-Multi-GPU-VM-Placement"
NAME = re.compile(
    r"Nvidia:(?P<count>\d{1,2})@(?P<profile>[^%@]+)(?:%(?P<link>\w+))?", re.IGNORECASE
)
NVLINK = re.compile(r"NV\d+")
FABRIC_SIZE = 8
"""GPUs behind the switches of an HGX board."""
PARTITIONS = (2, 4, 8)
"""Sizes of the partitions that Fabric Manager makes of it."""
FABRIC_SINCE = {Architecture.AMPERE: (8, 0, 1), Architecture.HOPPER: (8, 0, 2)}
"""First vSphere release with groups on NVSwitch boards."""


class Shape(Struct, frozen=True):
    """What a group asks for: `Nvidia:2@grid_a100d-80c%NVLink`."""

    name: str
    count: int
    profile: str
    nvlink: bool


def _shapes(placed: Placement, known: Facts) -> tuple[Shape, ...]:
    """Read the names of the VM's groups; leaves the check at one that is not understood."""
    found = []
    for name in known(placed.vm.device_groups):
        match = NAME.fullmatch(name)
        if match is None:
            detail = f"not a device group of NVIDIA GPUs: {name!r}"
            known.leave(Unknown(Why.UNPARSED, detail, "VirtualMachine config.deviceGroups"))
        link = (match["link"] or "").lower()
        found.append(Shape(name, int(match["count"]), match["profile"], link == "nvlink"))
    return tuple(found)


def _of_the_kind(
    shape: Shape, placed: Placement, needs: Requirements, known: Facts
) -> tuple[PhysicalGpu, ...]:
    """Return the GPUs that serve the group's profile as vGPUs."""
    return tuple(
        gpu
        for gpu in known(placed.host.gpus)
        if serves(gpu, shape.profile, needs, known) and not given_away(gpu, known)
    )


def _unused(gpus: tuple[PhysicalGpu, ...], known: Facts) -> tuple[PhysicalGpu, ...]:
    return tuple(gpu for gpu in gpus if not known(gpu.vm_ids))


@check(
    "GRP-001",
    title="The host has as many unused whole GPUs as the VM's device group asks for",
    severity=Severity.RECOMMENDED,
    source=TOPOLOGY,
    each=every_placement,
    decides_now=True,
    why=(
        "A group takes its GPUs whole. One that runs any vGPU, be it a part or the only one of "
        "its VM, is not among them; on a board with NVSwitch its NVLink is then off."
    ),
    experience=(
        "which GPUs a group may take, and that a part of a GPU spoils it, is told by one author "
        "(the source); vendors describe groups only in outline."
    ),
    symptom="No graphics device is available for vGPU",
    fix="Stop or move the VMs on the GPUs of that kind, or start this one on another host.",
    how=(
        look("nvidia-smi", "nvidia-smi vgpu"),
        run("vSphere Client", "{host} > VMs > a VM on these GPUs > Migrate, or Power > Shut Down"),
    ),
    explains=("GRP-002", "VGPU-002"),
)
def group_has_gpus(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    shapes = _shapes(placed, known)
    if not shapes:
        return not_applicable("the VM is in no device group")
    if runs_here(placed, known):
        return not_applicable("the VM runs already")
    told, flaws = [], []
    for profile, same in itertools.groupby(sorted(shapes, key=_profile), key=_profile):
        wanted = list(same)
        kind = _of_the_kind(wanted[0], placed, needs, known)
        if kind:
            flaws += _not_whole(profile, kind[0], needs, known)
        unused, asked = _unused(kind, known), sum(one.count for one in wanted)
        told.append(f"{len(unused)} of {count(len(kind), 'GPU')} for {profile} unused")
        if len(unused) < asked:
            busy = tuple(gpu for gpu in kind if gpu not in unused)
            used = f": {addresses(busy)} in use" if busy else ""
            flaws.append(f"{asked - len(unused)} too few{used}")
    return judge(
        ok=not flaws,
        observed="; ".join(told),
        expected="; ".join(one.name for one in shapes),
        note="; ".join(flaws),
    )


def _profile(shape: Shape) -> str:
    return shape.profile


def _not_whole(profile: str, gpu: PhysicalGpu, needs: Requirements, known: Facts) -> list[str]:
    """Say that a profile is a part of a GPU; one that the catalogue does not list leaves."""
    model = model_of(gpu, needs, known)
    found = listed(model, profile, known)
    part = found.mig or is_part(found, model)
    return [f"{profile} is a part of a GPU: NVLink joins whole ones only"] if part else []


@check(
    "GRP-002",
    title="Unused GPUs for the VM's device group are joined by NVLink",
    severity=Severity.RECOMMENDED,
    source=TOPOLOGY,
    each=every_placement,
    decides_now=True,
    why=(
        "A group that names NVLink is offered only of GPUs that reach each other by it: pairs and "
        "fours with bridges, and on an HGX board with NVSwitch the partitions of 2, 4 or 8 GPUs "
        "that Fabric Manager makes of each half. Which GPUs make a half is told by their module "
        "ids."
    ),
    experience=(
        "the partitions and their halves are told by one author (the source); vSphere does not "
        "show them."
    ),
    symptom="No graphics device is available for vGPU",
    fix=(
        "Free GPUs that are joined, check the bridges and Fabric Manager, or take a group of "
        "another size."
    ),
    how=(look("nvidia-smi", "nvidia-smi topo -m"),),
)
def group_is_joined(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    vm, host = placed.vm, placed.host
    known(vm.devices)
    shapes = [one for one in _shapes(placed, known) if one.nvlink]
    if not shapes:
        return not_applicable("the VM is in no device group with NVLink")
    if runs_here(placed, known):
        return not_applicable("the VM runs already")
    verdicts = [_joined(shape, placed, needs, known, _links(host, known)) for shape in shapes]
    return next((one for one in verdicts if one.status != "pass"), verdicts[0])


Links = set[frozenset[PciAddress]]
"""Pairs of GPUs that are joined."""


def _links(host: Host, known: Facts) -> Links:
    rows = known(host.nvlink)
    if len(host.nvlink_order) != len(rows):
        detail = "nvidia-smi does not tell which GPU is which in its matrix"
        known.leave(Unknown(Why.ABSENT, detail, "nvidia-smi -q -x"))
    return {
        frozenset((here, there))
        for here, row in zip(host.nvlink_order, rows, strict=False)
        for there, path in zip(host.nvlink_order, row, strict=False)
        if NVLINK.fullmatch(path)
    }


def _joined(
    shape: Shape, placed: Placement, needs: Requirements, known: Facts, links: Links
) -> Verdict:
    kind = _of_the_kind(shape, placed, needs, known)
    if len(kind) < shape.count:
        return not_applicable("too few GPUs of its kind: see GRP-001")
    unused = _unused(kind, known)
    expected = f"{shape.name}: {shape.count} unused GPUs, each joined with each"
    observed = f"{len(unused)} of {count(len(kind), 'GPU')} unused"
    if len(kind) == FABRIC_SIZE and _all_joined(kind, links):
        return _of_fabric(shape, placed, needs, known, kind, unused)
    found = next(
        (some for some in itertools.combinations(unused, shape.count) if _all_joined(some, links)),
        None,
    )
    if found is None:
        return judge(ok=False, observed=observed, expected=expected, note="no such set is joined")
    return judge(ok=True, observed=f"{observed}, {addresses(found)} joined", expected=expected)


def _all_joined(gpus: tuple[PhysicalGpu, ...], links: Links) -> bool:
    return all(
        frozenset((one.address, other.address)) in links
        for one, other in itertools.combinations(gpus, 2)
    )


def _of_fabric(
    shape: Shape,
    placed: Placement,
    needs: Requirements,
    known: Facts,
    kind: tuple[PhysicalGpu, ...],
    unused: tuple[PhysicalGpu, ...],
) -> Verdict:
    """Judge a group on an NVSwitch board, where only the partitions of Fabric Manager count."""
    expected = f"{shape.name}: a partition of {shape.count} unused GPUs"
    observed = f"NVSwitch, {len(unused)} of {FABRIC_SIZE} GPUs unused"
    release = release_of(known(placed.host.version))
    since = FABRIC_SINCE.get(model_of(kind[0], needs, known).architecture)
    refused = ""
    if shape.count not in PARTITIONS:
        refused = f"partitions have {', '.join(map(str, PARTITIONS))} GPUs"
    elif since is not None and release < since:
        refused = f"vSphere has groups on this board from {'.'.join(map(str, since))} on"
    elif len(unused) < shape.count:
        refused = "too few are unused"
    if refused:
        return judge(ok=False, observed=observed, expected=expected, note=refused)
    busy = FABRIC_SIZE - len(unused)
    if busy < FABRIC_SIZE // shape.count:  # one partition at least is without any of the busy ones
        return judge(ok=True, observed=observed, expected=expected)
    note = "which GPUs make a partition is told by their module ids, which nothing here reads"
    return unsure(observed, expected, note)
