"""What one host keeps of a class: profiles, devices, memory."""

from collections import Counter

from hostcheck.checks.engine import (
    Check,
    Facts,
    Subjects,
    check,
    judge,
    not_applicable,
    subjects,
    unsure,
)
from hostcheck.checks.memory import HOST_FAULT, MOST_TIERED, TIERED
from hostcheck.checks.subjects import Placement, addresses
from hostcheck.checks.vcenter import no_more_vgpus_than_allowed
from hostcheck.checks.vgpu import GUIDE, profile_offered, profile_served, vgpus_go_together
from hostcheck.checks.whole_gpu import mmio_space
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.pci import NVIDIA, PciId
from hostcheck.model.release import release_of
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import About, Severity, Status, Verdict
from hostcheck.vmclasses.vm import Promise
from hostcheck.words import count, gib

BACKING = (
    "https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/data-structures/"
)
VGPU = BACKING + "VirtualPCIPassthroughVmiopBackingInfo"
DYNAMIC = BACKING + "VirtualPCIPassthroughDynamicBackingInfo"
GROUPS = BACKING + "VirtualMachineVirtualDeviceGroupsVendorDeviceGroup"
VM_OPERATOR = "https://github.com/vmware-tanzu/vm-operator"
MOST_VGPUS = {7: 4, 8: 8}
"""vGPUs of one VM by the major release of vSphere: more than 8 no text names."""
EIGHT = 8


@subjects("VM class on a host", About.VM)
def on_a_host(_host: Host) -> Subjects[Promise]:
    return ()


@check(
    "VMC-001",
    title="Each vGPU profile of the class is offered",
    severity=Severity.REQUIRED,
    source=VGPU,
    each=on_a_host,
    why="A VM with a profile that no host of the cluster offers finds no place at power-on.",
    fix="Take a profile that a host of the cluster offers.",
)
def profiles_are_offered(one: Promise, needs: Requirements, known: Facts) -> Verdict:
    if not one.vm.vgpus:
        return not_applicable("no vGPU in the class")
    placed = Placement(one.vm, one.host)
    kind = profile_served.function(placed, needs, known)
    if kind.status is Status.FAIL:
        return kind
    told = profile_offered.function(placed, needs, known)
    if told.status is Status.NOT_APPLICABLE:
        return judge(ok=False, observed=told.observed, expected="Shared Direct", note="see GFX-001")
    return told


@check(
    "VMC-002",
    title="The vGPUs of the class may be combined in one VM",
    severity=Severity.REQUIRED,
    source=GUIDE,
    each=on_a_host,
    why="All vGPUs of a VM are of one board and one series; A and B types are never combined.",
    fix="Give the class one vGPU, or several of one board and series.",
)
def vgpus_combine(one: Promise, needs: Requirements, known: Facts) -> Verdict:
    placed, number = Placement(one.vm, one.host), len(one.vm.vgpus)
    if not number:
        return not_applicable("no vGPU in the class")
    told = vgpus_go_together.function(placed, needs, known)
    if told.status is Status.FAIL or number == 1:
        return told
    if not isinstance(one.host.per_vm_limits, Unknown):
        return no_more_vgpus_than_allowed.function(placed, needs, known)
    major = release_of(known(one.host.version))[0]
    most = MOST_VGPUS[min(max(major, min(MOST_VGPUS)), max(MOST_VGPUS))]
    observed, expected = count(number, "vGPU"), f"at most {most} in one VM"
    if number > most:
        return unsure(observed, expected, "16 are believed to be allowed by newer releases [I]")
    return judge(ok=True, observed=observed, expected=expected)


@check(
    "VMC-003",
    title="Each whole device of the class is there, in passthrough, with its label",
    severity=Severity.REQUIRED,
    source=DYNAMIC,
    each=on_a_host,
    why="Dynamic DirectPath I/O takes a device of the listed ids, with the label that is named.",
    fix="Toggle passthrough for the device, give it the label, or name ids that a host has.",
)
def devices_are_there(one: Promise, _needs: Requirements, known: Facts) -> Verdict:
    if one.of.others:
        words = ", ".join(dict.fromkeys(one.of.others))
        return unsure(words, "a vGPU or a dynamic DirectPath device", "it is not looked for")
    wanted = Counter((each.ids, each.label) for each in one.of.devices)
    if not wanted:
        return not_applicable("no whole device in the class")
    told, flaws, doubts = [], [], []
    taken: set[str] = set()
    for (ids, label), number in wanted.items():
        words = f"{number} x {' or '.join(map(str, ids)) or 'any device'}{_label(label)}"
        if not ids:
            doubts.append("a device without ids is not looked for")
        elif all(each.vendor != NVIDIA for each in ids):
            doubts += _others(ids, label, one.host, known)
        else:
            gpus = [gpu for gpu in given(one.host, ids, label, known) if gpu.address not in taken]
            taken.update(gpu.address for gpu in gpus[:number])
            told.append(f"{words}: {addresses(tuple(gpus))}")
            if len(gpus) < number:
                flaws.append(_flaw(one.host, ids, label, known))
    observed = "; ".join(told) or "no GPU asked for"
    expected = f"{count(sum(wanted.values()), 'device')} in active passthrough"
    if flaws or not doubts:
        note = "; ".join(dict.fromkeys(flaws))
        return judge(ok=not flaws, observed=observed, expected=expected, note=note)
    return unsure(observed, expected, "; ".join(dict.fromkeys(doubts)))


def given(host: Host, ids: tuple[PciId, ...], label: str, known: Facts) -> list[PhysicalGpu]:
    """Return the GPUs of a host that a device of these ids and label may be."""
    return [
        gpu for gpu in known(host.gpus)
        if _is(gpu, ids) and known(gpu.passthrough).active
        and (not label or known(gpu.hardware_label) == label)
    ]  # fmt: skip


def _is(gpu: PhysicalGpu, ids: tuple[PciId, ...]) -> bool:
    return any((one.vendor, one.device) == (gpu.pci_id.vendor, gpu.pci_id.device) for one in ids)


def _flaw(host: Host, ids: tuple[PciId, ...], label: str, known: Facts) -> str:
    """Say why there are too few."""
    alike = [gpu for gpu in known(host.gpus) if _is(gpu, ids)]
    if not alike:
        return "no GPU here has such an id"
    closed = tuple(gpu for gpu in alike if not known(gpu.passthrough).active)
    other = tuple(
        gpu for gpu in alike
        if gpu not in closed and label and known(gpu.hardware_label) != label
    )  # fmt: skip
    told = [f"not labelled {label}: {addresses(other)}" if other else ""]
    told.append(f"not in passthrough: {addresses(closed)}" if closed else "")
    return "; ".join(filter(None, told)) or f"too few: {addresses(tuple(alike))}"


def _label(label: str) -> str:
    return f" labelled {label}" if label else ""


def _others(ids: tuple[PciId, ...], label: str, host: Host, known: Facts) -> list[str]:
    """Say what is not known of devices of other vendors: vSphere's offer names kinds alone."""
    if isinstance(host.offered_devices, Unknown):
        return [f"devices of other vendors are not looked for: {', '.join(map(str, ids))}"]
    named = [
        one for one in known(host.offered_devices)
        if any((one.pci_id.vendor, one.pci_id.device) == (each.vendor, each.device) for each in ids)
        and (not label or one.label == label)
    ]  # fmt: skip
    word = "offered here" if named else "not among what is offered here"
    return [f"{', '.join(map(str, ids))}{_label(label)} is {word}; how many there are is not told"]


@check(
    "VMC-004",
    title="Each device group of the class is offered",
    severity=Severity.REQUIRED,
    source=GROUPS,
    each=on_a_host,
    why="A group that no host offers finds no place at power-on.",
    fix="Take a group that the cluster offers.",
)
def groups_are_offered(one: Promise, _needs: Requirements, known: Facts) -> Verdict:
    if not one.of.groups:
        return not_applicable("no device group in the class")
    expected = f"{', '.join(one.of.groups)} among the groups that are offered"
    note = "where a class names its groups was read in vSphere's API, and seen on no Supervisor"
    if isinstance(one.host.offered_groups, Unknown):
        return unsure("which groups the host offers was not asked", expected, note)
    names = {each.name for each in known(one.host.offered_groups)}
    missing = [each for each in one.of.groups if each not in names]
    observed = f"not offered: {', '.join(missing)}" if missing else "offered"
    return unsure(observed, expected, note)


@check(
    "VMC-006",
    title="The memory of the class fits into the host",
    severity=Severity.REQUIRED,
    source=HOST_FAULT,
    each=on_a_host,
    why="All memory of a VM with a GPU is reserved, so that it must be there in full, as DRAM.",
    fix="Give the class less memory.",
)
def memory_fits(one: Promise, _needs: Requirements, known: Facts) -> Verdict:
    if not one.of.wants_gpu:
        return not_applicable("no GPU in the class")
    need, total = known(one.vm.memory_bytes), known(one.host.memory_bytes)
    observed = f"{gib(need)} wanted, {gib(total)} in the host"
    expected = "the class's memory and ESXi's own in DRAM"
    if need > total:
        return judge(ok=False, observed=observed, expected=expected)
    own = known(one.host.memory_hypervisor_bytes)
    observed += f", of which {gib(own)} are ESXi's"
    if need + own > total:
        return unsure(observed, expected, "it depends on what ESXi really needs")
    if need + own > total // MOST_TIERED:
        fast = known(one.host.memory_dram_bytes)
        if need + own > fast:
            slow = f"{gib(total - fast)} of the host's memory are an NVMe tier"
            return unsure(f"{observed}; {slow}", expected, TIERED)
    return judge(ok=True, observed=observed, expected=expected)


@check(
    "VMC-007",
    title="The 64-bit MMIO space is enough for the whole GPUs of the class",
    severity=Severity.RECOMMENDED,
    source=VM_OPERATOR,
    each=on_a_host,
    why="A whole GPU maps its memory into the VM; VM Operator gives 512 GiB unless told otherwise.",
    fix="Set pciPassthru.64bitMMIOSizeGB in the extraConfig of the class's configSpec.",
)
def mmio_is_enough(one: Promise, needs: Requirements, known: Facts) -> Verdict:
    told = mmio_space.function(Placement(one.vm, one.host), needs, known)
    if told.status is Status.NOT_APPLICABLE:
        return told
    enough = "believed enough" if told.status is Status.PASS else "believed too little"
    given_by = "the class" if one.of.mmio_gib else "VM Operator's default"
    note = f"{enough} [I]: {given_by}, as its source has it, and sizes by a rule"
    return unsure(told.observed, told.expected, f"{note}; {told.note}" if told.note else note)


@check(
    "VMC-008",
    title="VMs of the class with a whole GPU boot with EFI",
    severity=Severity.RECOMMENDED,
    source=VM_OPERATOR,
    each=on_a_host,
    why="What a GPU maps beyond 256 MB is out of reach of BIOS firmware.",
    fix="Use images with EFI firmware alone with this class.",
)
def boots_with_efi(one: Promise, needs: Requirements, known: Facts) -> Verdict:
    vm = one.vm
    placed = Placement(vm, one.host)
    if mmio_space.function(placed, needs, known).status is Status.NOT_APPLICABLE:
        return not_applicable("no whole GPU that maps more than 256 MB")
    said = "nothing" if isinstance(vm.firmware, Unknown) else vm.firmware.value
    note = "where the image names a firmware, VM Operator takes the image's"
    return unsure(f"the class says {said}", "images with EFI firmware", note)


ON_HOST: tuple[Check[Promise], ...] = (
    profiles_are_offered, vgpus_combine, devices_are_there, groups_are_offered, memory_fits,
    mmio_is_enough, boots_with_efi,
)  # fmt: skip
