"""Classes of VM Operator's API, `vmoperator.vmware.com`, v1alpha1 to v1alpha6.

    apiVersion: vmoperator.vmware.com/v1alpha3
    kind: VirtualMachineClass
    metadata: {name: gpu-large}
    spec:
      hardware:
        cpus: 16
        memory: 128Gi
        devices: {vgpuDevices: [{profileName: nvidia_l40s-24q}]}
      policies: {resources: {requests: {memory: 128Gi}}}

A config spec is used instead of `hardware.devices`, and CPU and memory of `hardware` instead of
those of the config spec: so VM Operator makes a VM of it (vmCreateGenConfigSpec).
"""

import re
from math import ceil

from msgspec.structs import replace

from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.vm_class import ClassDevice, ClassVgpu, Reservation, VmClass
from hostcheck.syntax.block import Block
from hostcheck.syntax.vm_class.config_spec import ConfigSpec, config_spec, device_id

GROUP = "vmoperator.vmware.com"
CLASS = ("VirtualMachineClass", "VirtualMachineClassInstance")
BINDING = "VirtualMachineClassBinding"
LISTS = ("VirtualMachineClassList", "VirtualMachineClassInstanceList", "List")
KNOWN = range(1, 7)
KEYED = 2
"""First version whose vGPUs are keyed by their profile."""
_VERSION = re.compile(r"v1alpha(\d+)")
TOP = ("apiVersion", "kind", "metadata", "status")


def virtual_machine_class(top: Block) -> VmClass:
    """Read one class. Raises ParseError that names line and key."""
    version, number = _version(top)
    closed = number in KNOWN
    spec = top.block("spec")
    notices = [*top.close(closed=closed, ignored=TOP)]
    if not closed:
        notices.append(f"{version} is newer than what was read of VM Operator's API")
    metadata = top.block("metadata")
    name = metadata.text("name")
    if not name:
        top.refuse("the class has no metadata.name", metadata.line)
    hardware, policies = spec.block("hardware"), spec.block("policies")
    given = config_spec(spec.block("configSpec"))
    vgpus, devices = _devices(hardware, number, notices, closed=closed)
    storage = _storage(hardware, notices, closed=closed)
    memory, cpu = _resources(policies, notices, given, closed=closed)
    size = hardware.quantity("memory")
    cpus = hardware.whole("cpus", least=1)
    unknown = Unknown(Why.ABSENT, "the class does not say it")
    size_known: Reading[int] = unknown if size is None else ceil(size)
    made = VmClass(
        name=name,
        source=top.what,
        form=version,
        cpus=unknown if cpus is None else cpus,
        memory_bytes=size_known,
        memory=memory,
        cpu=cpu,
        locked_to_max=given.locked_to_max,
        vgpus=given.vgpus if given.given else vgpus,
        devices=given.devices if given.given else devices,
        groups=given.groups,
        others=given.others,
        overridden=_overridden(given, vgpus, devices),
        firmware=given.firmware,
        mmio_gib=given.mmio_gib,
        hardware_version=given.hardware_version,
        storage=storage,
        poweroff=given.poweroff,
        slots=spec.whole("reservedSlots") or 0,
        slots_profile=spec.text("reservedProfileID"),
        namespaces=tuple(filter(None, (metadata.text("namespace"),))),
        lines={
            "name": metadata.line_of("name"),
            "devices": hardware.line_of("devices"),
            "slots": spec.line_of("reservedSlots"),
            "memory_bytes": hardware.line_of("memory"),
            **_lines(policies),
            **given.lines,
        },
    )
    spec.text("controllerName")
    spec.text("description")
    for block in (policies, hardware, spec):
        notices += block.close(closed=closed)
    return replace(made, notices=tuple(notices))


def binding(top: Block) -> tuple[str, str]:
    """Read which class a namespace may use: the class, and the namespace."""
    reference = top.block("classRef", "classReference")
    return reference.text("name"), top.block("metadata").text("namespace")


def _version(top: Block) -> tuple[str, int]:
    group, _, version = top.text("apiVersion").rpartition("/")
    if group != GROUP:
        top.refuse(
            f"apiVersion {top.text('apiVersion')!r}; a class has {GROUP}/v1alpha6",
            top.line_of("apiVersion"),
        )
    found = _VERSION.fullmatch(version)
    return version, int(found[1]) if found else 0


def _devices(
    hardware: Block, number: int, notices: list[str], *, closed: bool
) -> tuple[tuple[ClassVgpu, ...], tuple[ClassDevice, ...]]:
    block = hardware.block("devices")
    vgpus: list[ClassVgpu] = []
    for one in block.blocks("vgpuDevices"):
        profile, line = one.text("profileName"), one.line_of("profileName")
        notices += one.close(closed=closed)
        if not profile:
            one.refuse(f"{one.path} has no profileName")
        if number >= KEYED and any(each.profile == profile for each in vgpus):
            one.refuse(
                f"profile {profile} stands twice: vgpuDevices is keyed by profileName; several "
                "equal vGPUs go into configSpec.deviceChange",
                line,
            )
        vgpus.append(ClassVgpu(profile, line))
    devices = []
    for one in block.blocks("dynamicDirectPathIODevices"):
        ids = device_id(one, ("vendorID",), ("deviceID",))
        devices.append(ClassDevice((ids,), one.text("customLabel"), one.line))
        notices += one.close(closed=closed)
    notices += block.close(closed=closed)
    return tuple(vgpus), tuple(devices)


def _storage(hardware: Block, notices: list[str], *, closed: bool) -> str:
    block = hardware.block("instanceStorage")
    name, volumes = block.text("storageClass"), block.blocks("volumes")
    for one in volumes:
        if one.quantity("size") is None:
            one.refuse(f"{one.path} has no size")
        notices += one.close(closed=closed)
    notices += block.close(closed=closed)
    return name or ("?" if volumes else "")


def _resources(
    policies: Block, notices: list[str], given: ConfigSpec, *, closed: bool
) -> tuple[Reservation, Reservation]:
    """Return what of memory (bytes) and of processors (thousandths) is asked and allowed."""
    block = policies.block("resources")
    requests, limits = block.block("requests"), block.block("limits")
    found = [
        ceil(part.quantity(key) or 0) if key == "memory" else ceil((part.quantity(key) or 0) * 1000)
        for key in ("memory", "cpu")
        for part in (requests, limits)
    ]
    for one in (requests, limits, block):
        notices += one.close(closed=closed)
    if not found[0] and not found[1]:  # then those of the config spec stand
        found[:2] = given.reserved_bytes, given.limit_bytes
    return Reservation(found[0], found[1]), Reservation(found[2], found[3])


def _lines(policies: Block) -> dict[str, int]:
    resources = policies.block("resources")
    requests, limits = resources.block("requests"), resources.block("limits")
    found = {}
    for key in ("memory", "cpu"):
        if limits.has(key):
            found[key] = limits.line_of(key)
        if requests.has(key):
            found[key] = requests.line_of(key)
    return found


def _overridden(
    given: ConfigSpec, vgpus: tuple[ClassVgpu, ...], devices: tuple[ClassDevice, ...]
) -> tuple[str, ...]:
    """Return what `hardware.devices` names and the config spec, which is used, does not."""
    if not given.given:
        return ()
    profiles = {one.profile for one in given.vgpus}
    ids = {each for one in given.devices for each in one.ids}
    return (
        *(one.profile for one in vgpus if one.profile not in profiles),
        *(str(one.ids[0]) for one in devices if not ids.issuperset(one.ids)),
    )
