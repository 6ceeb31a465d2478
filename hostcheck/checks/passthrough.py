"""VM: whether the whole devices that a VM asks for are on the host, and may be given away."""

from hostcheck.checks.engine import Facts, check, judge, not_applicable, run, unsure
from hostcheck.checks.subjects import (
    Placement,
    addresses,
    every_placement,
    runs_here,
    takes,
    whole_gpus,
)
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.pci import NVIDIA, PciAddress, PciId, address, parts
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Severity, Verdict
from hostcheck.model.vm import VmPassthrough
from hostcheck.words import count

BACKING = (
    "https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/data-structures/"
    "VirtualPCIPassthroughDeviceBackingInfo"
)
DYNAMIC = (
    "https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/data-structures/"
    "VirtualPCIPassthroughDynamicBackingInfo"
)
STATE = (
    "https://developer.broadcom.com/xapis/virtual-infrastructure-json-api/latest/data-structures/"
    "HostPciPassthruInfo"
)


WAITS = "waits for a reboot to be in passthrough"
NOT_GIVEN = "is not in passthrough"


@check(
    "VM-006",
    title="What the VM's fixed passthrough device says of itself is what sits at its address",
    severity=Severity.REQUIRED,
    source=BACKING,
    each=every_placement,
    why=(
        "A fixed (static DirectPath) device is written into the VM as an address, a vendor and "
        "device id, and the id of the host. After a board was moved or replaced, or where the bus "
        "was written in the wrong base, they no longer fit and the VM does not start."
    ),
    symptom=(
        "The systemId does not match the current system or the deviceId and vendorId do not match "
        "the device currently at"
    ),
    fix=(
        "Remove the PCI device from the VM and add it again on this host; better, as a dynamic "
        "device, which names a kind of device and no address."
    ),
    how=(
        run(
            "vSphere Client",
            "{vm} > Edit Settings > PCI device > Remove; Add new device > PCI device",
        ),
    ),
    needs=("VM power off",),
)
def fixed_device_is_there(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    fixed = [one for one in vm.passthroughs if one.kind == "static"]
    if not fixed:
        return not_applicable("no device with a fixed address")
    expected = "the device that the VM names"
    told, flaws = [], []
    for one in fixed:
        where, wanted, there = known(one.address), known(one.device), known(one.there)
        told.append(f"{where}: {' '.join(map(str, there)) or 'nothing'}, the VM names {wanted}")
        if wanted not in there:
            ours = wanted.vendor == NVIDIA
            flaws.append(_where_it_is(where, wanted, placed.host) if ours else "it is not there")
    observed = "; ".join(told)
    if not flaws and not isinstance(vm.host_id, Unknown) and vm.host_id.value != placed.host.id:
        note = "a fixed device belongs to the VM's own host: its systemId is not compared here"
        return unsure(observed, expected, note)
    return judge(ok=not flaws, observed=observed, expected=expected, note="; ".join(flaws))


def _where_it_is(where: PciAddress, wanted: PciId, host: Host) -> str:
    """Say where the device is that was meant, and name a bus in the wrong base."""
    if isinstance(host.gpus, Unknown):
        return "where it is now is not known"
    alike = [gpu.address for gpu in host.gpus.value if _ids(gpu) == wanted]
    for other in _other_base(where):
        if other in alike:
            return (
                f"it sits at {other}: the bus {where[5:7]} is that number in the wrong base "
                "(decimal read as hexadecimal, or the reverse)"
            )
    return f"{wanted} sits at {', '.join(alike)}" if alike else f"no GPU here is {wanted}"


def _ids(gpu: PhysicalGpu) -> PciId:
    return PciId(gpu.pci_id.vendor, gpu.pci_id.device)


def _other_base(where: PciAddress) -> list[PciAddress]:
    """Return the addresses whose bus, written in the other base, is this one's."""
    segment, bus, slot, function = parts(where)
    written = f"{bus:x}"
    buses = [int(str(bus), 16)] + ([int(written)] if written.isdecimal() else [])
    return [address(segment, one, slot, function) for one in buses if one <= 0xFF and one != bus]


@check(
    "VM-007",
    title="The host has a GPU of the ids and the label that the VM's dynamic device accepts",
    severity=Severity.REQUIRED,
    source=DYNAMIC,
    each=every_placement,
    why=(
        "Dynamic DirectPath I/O looks for a device of the listed vendor and device ids and, where "
        "the VM names one, with that hardware label. A host without such a device cannot start "
        "the VM."
    ),
    symptom="AH Failed to find a suitable device for pciPassthru0",
    fix=(
        "Give the GPU the label that the VM asks for, or let the VM ask for a label and device "
        "that this host has."
    ),
    how=(
        run(
            "vSphere Client (label)",
            "{host} > Configure > Hardware > PCI Devices > Passthrough-enabled devices > "
            "Hardware label",
        ),
        run("vSphere Client (VM)", "{vm} > Edit Settings > PCI device > Dynamic DirectPath IO"),
    ),
)
def dynamic_device_is_there(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    asking = _dynamic_gpus(placed, known)
    if not asking:
        return not_applicable("no dynamic passthrough of an NVIDIA GPU")
    gpus = known(placed.host.gpus)
    told, wanted, flaws, others = [], [], [], []
    for one in asking:
        label = known(one.hardware_label)
        kind = [gpu for gpu in gpus if takes(one, gpu, known)]
        ok = bool(kind) and (not label or _labelled(kind, label, known))
        told.append(f"{addresses(tuple(kind))} of {', '.join(one.allowed)}{_labels(kind, label)}")
        wanted.append(f"a GPU of {', '.join(one.allowed)}{f' labelled {label}' if label else ''}")
        if not ok and (other := _not_nvidia(one)):
            others.append(f"the device may also be {', '.join(other)}, which is not looked for")
        elif not ok:
            flaws.append(f"none is labelled {label}" if kind else "no GPU here has such an id")
    observed, expected = "; ".join(told), "; ".join(dict.fromkeys(wanted))
    if others and not flaws:
        return unsure(observed, expected, "; ".join(dict.fromkeys(others)))
    note = "; ".join(dict.fromkeys(flaws))
    return judge(ok=not flaws, observed=observed, expected=expected, note=note)


def _not_nvidia(device: VmPassthrough) -> list[str]:
    return [one for one in device.allowed if not one.startswith(f"{NVIDIA:04x}:")]


def _dynamic_gpus(placed: Placement, known: Facts) -> list[VmPassthrough]:
    vendor = f"{NVIDIA:04x}:"
    return [
        one
        for one in placed.vm.passthroughs
        if one.kind == "dynamic"
        and (not one.allowed or any(each.startswith(vendor) for each in one.allowed))
        and known(one.gpu)
    ]


def _labelled(gpus: list[PhysicalGpu], label: str, known: Facts) -> bool:
    """Say whether one GPU has the label; leaves the check when one that matters is not known."""
    if any(known.certainly(gpu.hardware_label, label) for gpu in gpus):
        return True
    return label in [known(gpu.hardware_label) for gpu in gpus]


def _labels(gpus: list[PhysicalGpu], label: str) -> str:
    if not label:
        return ""
    told = [
        "not known" if isinstance(gpu.hardware_label, Unknown) else gpu.hardware_label.value
        for gpu in gpus
    ]
    return f", labelled {', '.join(one or 'nothing' for one in told)}" if told else ""


@check(
    "VM-008",
    title="The whole GPU that the VM asks for is in passthrough, and no other VM has it",
    severity=Severity.RECOMMENDED,
    source=STATE,
    each=every_placement,
    decides_now=True,
    why=(
        "vSphere gives a device away whole only while passthrough is active for it; enabled and "
        "not yet active means that the host, or the device, waits for a restart. One device goes "
        "to one VM."
    ),
    symptom="Device is not a passthrough device",
    fix=(
        "Toggle passthrough for the GPU, and reboot the host where vSphere says so; no vGPU can "
        "run on that GPU then."
    ),
    how=(
        run(
            "vSphere Client",
            "{host} > Configure > Hardware > PCI Devices > {gpu} > Toggle passthrough",
        ),
        run(
            "esxcli (ESXi 7.0 and later)",
            "esxcli hardware pci pcipassthru set --device-id {toggle} --enable true --apply-now",
        ),
        run("esxcli (to end the waiting)", "esxcli system shutdown reboot --reason {waiting}"),
    ),
    needs=("maintenance mode", "host reboot"),
)
def whole_gpu_is_free(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    if not vm.passthroughs:
        return not_applicable("no passthrough device")
    if runs_here(placed, known):
        return not_applicable("the VM runs already")
    whole = whole_gpus(vm, known)
    if not whole:
        return not_applicable("no whole GPU")
    gpus = known(placed.host.gpus)
    fixed = {known(one.address) for one in whole if one.kind == "static"}
    named = tuple(gpu for gpu in gpus if gpu.address in fixed)
    asking = _dynamic_gpus(placed, known)
    offered = tuple(
        gpu for gpu in gpus if gpu not in named and any(_accepts(one, gpu, known) for one in asking)
    )
    if not named and not offered:
        return not_applicable("no GPU here is its passthrough device: see VM-006, VM-007")
    states = {gpu: _state(gpu, vm.id, known) for gpu in (*named, *offered)}
    ready = tuple(gpu for gpu, state in states.items() if not state)
    short = len(asking) - sum(gpu in offered for gpu in ready)
    lacking = [gpu for gpu in states if gpu not in ready and (gpu in named or short > 0)]
    flaws = [f"{gpu.address} {states[gpu]}" for gpu in lacking]
    if short > 0 and not flaws:
        flaws = [f"{count(short, 'GPU')} too few"]
    return judge(
        ok=not flaws,
        observed=f"{addresses(ready)} of {addresses(tuple(states))} can be given away",
        expected=count(len(named) + len(asking), "GPU") + " in active passthrough, not in use",
        note="; ".join(flaws),
        gpu=(*lacking, *states)[0].address,
        toggle=tuple(gpu.address for gpu in lacking if states[gpu] == NOT_GIVEN),
        waiting=next(("passthrough" for gpu in lacking if states[gpu] == WAITS), None),
    )


def _accepts(device: VmPassthrough, gpu: PhysicalGpu, known: Facts) -> bool:
    """Say whether a dynamic device may take the GPU."""
    if not takes(device, gpu, known):
        return False
    label = known(device.hardware_label)
    return not label or known(gpu.hardware_label) == label


def _state(gpu: PhysicalGpu, vm_id: str, known: Facts) -> str:
    """Say what keeps the GPU from being given to the VM; empty where nothing does."""
    passthrough, vm_ids = known(gpu.passthrough), known(gpu.vm_ids)
    holders = [one for one in vm_ids if one != vm_id]
    if not passthrough.active:
        return WAITS if passthrough.enabled else NOT_GIVEN
    return f"is in use by {', '.join(holders)}" if holders else ""
