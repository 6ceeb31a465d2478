"""Which line of a class to change, and to what."""

from collections.abc import Sequence

from hostcheck.model.fact import Unknown
from hostcheck.model.requirements import bare
from hostcheck.model.vm_class import ClassChange, VmClass
from hostcheck.profiles import like
from hostcheck.vmclasses.seen import ClassHost
from hostcheck.words import gib, some

NEAREST = 3


def change(check: str, one: VmClass, hosts: Sequence[ClassHost]) -> ClassChange | None:
    """Say which line to change, and to what."""
    if check == "VMC-001":
        return _profile_change(one, hosts)
    words: dict[str, tuple[str, str]] = {
        "VMC-002": ("devices", "name vGPUs of one board and one series, or a single one"),
        "VMC-003": ("devices", "name ids and a label that a host has in passthrough"),
        "VMC-005": ("memory", _reserve(one)),
        "VMC-006": ("memory_bytes", _less(hosts)),
        "VMC-010": ("storage", "name a policy that the namespace has"),
        "VMC-011": ("name", "remove maintenance.vm.evacuation.poweroff from extraConfig"),
        "VMC-012": ("status", "offer another class: this one is being removed"),
        "VMC-013": ("memory", "raise the limit to the request, or leave it out"),
        "VMC-014": ("slots", "name reservedProfileID, or remove reservedSlots"),
        "VMC-015": ("devices", "name the devices in configSpec.deviceChange"),
    }
    if check not in words:
        return None
    field, what = words[check]
    line = one.devices[0].line if check == "VMC-003" and one.devices else one.line_of(field)
    if check == "VMC-013" and one.memory.limit >= one.memory.request:
        line = one.line_of("cpu")
    return ClassChange(one.source, line, what)


def _reserve(one: VmClass) -> str:
    if isinstance(one.memory_bytes, Unknown):
        return "say how much memory the class has, and reserve it"
    if one.form == "REST":
        return "memory_reservation: 100"
    size = gib(one.memory_bytes).replace(" GiB", "Gi")
    return f"requests.memory: {size}, or memoryReservationLockedToMax: true in configSpec"


def _less(hosts: Sequence[ClassHost]) -> str:
    most = max((host.most_memory for host in hosts), default=0)
    return f"{gib(most)} at most" if most else "less memory"


def _profile_change(one: VmClass, hosts: Sequence[ClassHost]) -> ClassChange:
    offered = sorted({name for host in hosts for name in host.offered})
    spelled = {bare(name) for name in offered}
    wrong = next((each for each in one.vgpus if bare(each.profile) not in spelled), one.vgpus[0])
    alike = like(wrong.profile, offered)
    what = f"{wrong.profile}: take {' or '.join(alike) or some(offered)}"
    if not offered:
        what = f"{wrong.profile}: no host of the cluster offers a profile"
    return ClassChange(one.source, wrong.line or one.line_of("devices"), what)
