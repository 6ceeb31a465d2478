"""Words of a class: what it asks for, a few names."""

from hostcheck.model.fact import Unknown
from hostcheck.model.vm_class import VmClass
from hostcheck.words import count, gib


def asks(one: VmClass) -> str:
    """Say in words what a class gives a VM."""
    profiles: dict[str, int] = {}
    for each in one.vgpus:
        profiles[each.profile] = profiles.get(each.profile, 0) + 1
    parts = [f"{number} x {name}" for name, number in profiles.items()]
    for device in one.devices:
        label = f" labelled {device.label}" if device.label else ""
        parts.append(f"device {' or '.join(map(str, device.ids)) or 'of any id'}{label}")
    parts += [*one.groups, *one.others]
    if not isinstance(one.cpus, Unknown):
        parts.append(count(one.cpus, "vCPU"))
    parts.append("memory not told" if isinstance(one.memory_bytes, Unknown)
                 else gib(one.memory_bytes))  # fmt: skip
    return ", ".join(parts)
