"""Classes and namespaces of vCenter's REST API, in the spellings of all releases.

    GET /api/vcenter/namespace-management/virtual-machine-classes
    [{"id": "gpu-large", "cpu_count": 16, "memory_MB": 131072, "memory_reservation": 100,
      "devices": {"vgpu_devices": [{"profile_name": "nvidia_l40s-24q"}]},
      "config_spec": {...}, "namespaces": ["team-a"], "config_status": "READY"}]

    GET /api/vcenter/namespaces/instances/team-a
    {"cluster": "domain-c8", "vm_service_spec": {"vm_classes": ["gpu-large"]},
     "storage_specs": [{"policy": "..."}]}

Reservations are percent. `devices` is deprecated since 8.0 U2, where they sit in `config_spec`.
"""

from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.vm_class import ClassDevice, ClassVgpu, Namespace, Reservation, VmClass
from hostcheck.syntax.block import Block
from hostcheck.syntax.vm_class.config_spec import MIB, config_spec, device_id

MEMORY = ("memory_MB", "memory_mb")
DYNAMIC = (
    "dynamic_direct_path_io_devices", "dynamic_direct_path_IO_devices", "direct_path_io_devices",
)  # fmt: skip
NOT_READ = ("description", "vms", "messages")
KEYS = ("id", "cpu_count", *MEMORY, "memory_reservation", "devices", "config_spec")
PERCENT = 100


def virtual_machine_class(block: Block) -> VmClass:
    """Read one class. Raises ParseError that names line and key."""
    name = block.text("id")
    if not name:
        block.close(closed=False, ignored=KEYS)
        block.refuse("the class has no id")
    notices: list[str] = []
    given = config_spec(block.block("config_spec"))
    vgpus, devices = _devices(block.block("devices"), notices)
    storage = block.block("instance_storage")
    policy, volumes = storage.text("policy"), storage.blocks("volumes")
    notices += storage.close(closed=False)
    unknown = Unknown(Why.ABSENT, "the class does not say it")
    cpus, megabytes = block.whole("cpu_count", least=1), block.whole(*MEMORY, least=1)
    size: Reading[int] = unknown if megabytes is None else megabytes * MIB
    reserved = _percent(block, "memory_reservation")
    _percent(block, "cpu_reservation")
    asked = reserved * (megabytes or 0) * MIB // PERCENT if reserved else given.reserved_bytes
    return VmClass(
        name=name,
        source=block.what,
        form="REST",
        cpus=unknown if cpus is None else cpus,
        memory_bytes=size,
        memory=Reservation(asked, given.limit_bytes),
        locked_to_max=given.locked_to_max,
        vgpus=given.vgpus or vgpus,
        devices=given.devices or devices,
        groups=given.groups,
        others=given.others,
        firmware=given.firmware,
        mmio_gib=given.mmio_gib,
        hardware_version=given.hardware_version,
        storage=policy or ("?" if volumes else ""),
        poweroff=given.poweroff,
        status=block.text("config_status"),
        namespaces=block.texts("namespaces"),
        lines={
            "name": block.line_of("id"),
            "devices": block.line_of("devices"),
            "memory_bytes": block.line_of(*MEMORY),
            "memory": block.line_of("memory_reservation"),
            "storage": block.line_of("instance_storage"),
            "status": block.line_of("config_status"),
            **given.lines,
        },
        notices=(*notices, *block.close(closed=False, ignored=NOT_READ)),
    )


def namespace(block: Block, name: str = "") -> Namespace:
    """Read a namespace as one answer tells it; its name stands in a list alone."""
    cluster = block.text("cluster")
    zones = tuple(one.text("zone") for one in block.blocks("zones"))
    return Namespace(
        name=block.text("namespace") or name,
        clusters=(cluster,) if cluster else (),
        classes=block.block("vm_service_spec").texts("vm_classes"),
        policies=tuple(filter(None, (one.text("policy") for one in block.blocks("storage_specs")))),
        supervisor=block.text("supervisor"),
        zones=zones if block.has("zones") else None,
    )


def _devices(
    block: Block, notices: list[str]
) -> tuple[tuple[ClassVgpu, ...], tuple[ClassDevice, ...]]:
    vgpus = []
    for one in block.blocks("vgpu_devices"):
        profile = one.text("profile_name")
        if not profile:
            one.close(closed=False)
            one.refuse(f"{one.path} has no profile_name")
        vgpus.append(ClassVgpu(profile, one.line_of("profile_name")))
        notices += one.close(closed=False)
    devices = []
    for one in block.blocks(*DYNAMIC):
        ids = device_id(one, ("vendor_id",), ("device_id",))
        devices.append(ClassDevice((ids,), one.text("custom_label"), one.line))
        notices += one.close(closed=False)
    notices += block.close(closed=False)
    return tuple(vgpus), tuple(devices)


def _percent(block: Block, key: str) -> int:
    found = block.whole(key) or 0
    if found > PERCENT:
        block.refuse(f"{key} is {found}: a percentage, 0 to {PERCENT}", block.line_of(key))
    return found
