"""What is said of each thing of a picture, in words that do not depend on the room there is."""

from __future__ import annotations

from collections.abc import Iterator

from hostcheck.model.fact import Known, Unknown
from hostcheck.model.host import MigSlice, Nic, PhysicalGpu
from hostcheck.model.slots import SlotsLeft
from hostcheck.model.vm import Vm
from hostcheck.reports import view, words

IDLE = "no GPU, no network adapter"


def of_package(group: view.Packages) -> tuple[str, ...]:
    """Return what is said of a package."""
    return tuple(filter(None, (package_name(group), words.one_line(group.description))))


def package_name(group: view.Packages) -> str:
    """Name a package, or packages that memory is interleaved over."""
    if not group.os_indexes:
        return "Package not known"
    if len(group.os_indexes) == 1:
        return f"Package {group.os_indexes[0]}"
    return f"Packages {', '.join(str(n) for n in group.os_indexes)} (interleaved)"


def of_node(node: view.NumaPlace) -> tuple[str, ...]:
    """Return what is said of a NUMA node."""
    told = [f"NUMA node {node.os_index}", memory_of(node)]
    if node.pu_count is not None:
        told.append(words.count(node.pu_count, "logical processor"))
    told += [node.note] if node.note else []
    return (*told, *(() if node.ports else (IDLE,)))


def size_of_node(node: view.NumaPlace) -> str:
    """Say how large a node is in one line."""
    pus = node.pu_count
    return " · ".join(
        filter(
            None, (memory_of(node), "" if pus is None else words.count(pus, "logical processor"))
        )
    )


def memory_of(node: view.NumaPlace) -> str:
    """Say how much memory a node has."""
    size = node.memory_bytes
    return words.size(size.value) if isinstance(size, Known) else "memory not known"


def of_gpu(number: int | None, gpu: PhysicalGpu) -> tuple[str, ...]:
    """Return what is said of a GPU."""
    told = [f"GPU {number}", gpu.address, words.one_line(gpu.name), link_of(gpu)]
    told += [text if known else f"{text} ({why})" for text, known, why in modes_of(gpu)]
    told.append(framebuffer_of(gpu))
    return tuple(filter(None, told))


def link_of(gpu: PhysicalGpu) -> str:
    """Say how wide and fast the link of a GPU is: `Gen4 x16`, `Gen4 x4 of x16`."""
    if isinstance(gpu.link, Unknown):
        return "link not known"
    link = gpu.link.value
    whole = "" if link.width >= link.width_max else f" of x{link.width_max}"
    return f"Gen{link.generation_max} x{link.width}{whole}"


def modes_of(gpu: PhysicalGpu) -> Iterator[tuple[str, bool, str]]:
    """Yield the modes of a GPU and its troubles: words, whether it is known, and what it means."""
    if isinstance(gpu.graphics_active, Known):
        yield words.GRAPHICS[gpu.graphics_active.value], True, "active graphics type"
    else:
        yield "? graphics type", False, words.missing(gpu.graphics_active)
    for name, now, later in (
        ("ECC", gpu.ecc_current, gpu.ecc_pending),
        ("MIG", gpu.mig_current, gpu.mig_pending),
    ):
        if not isinstance(now, Known):
            yield f"? {name}", False, words.missing(now)
            continue
        text = f"{name} {words.MODE[now.value]}"
        if isinstance(later, Known) and later.value != now.value:
            text += f", then {words.MODE[later.value]}"
        yield text, True, f"{name} now, and after the next reset"
    for said in view.troubles(gpu):
        yield words.one_line(said), True, "what the driver says of it: it serves nobody so"


def framebuffer_of(gpu: PhysicalGpu) -> str:
    """Say how much of the framebuffer is used."""
    used, total = gpu.framebuffer_used_bytes, gpu.framebuffer_bytes
    if isinstance(used, Known) and isinstance(total, Known):
        return f"{words.size(used.value)} of {words.size(total.value)} framebuffer used"
    if isinstance(total, Known):
        return f"{words.size(total.value)} framebuffer, use not known"
    return "framebuffer not known"


def of_slice(one: MigSlice) -> tuple[str, ...]:
    """Return what is said of a MIG GPU instance."""
    last = one.start + one.size - 1
    where = f"memory slice {one.start}" if one.size == 1 else f"memory slices {one.start} to {last}"
    return (words.one_line(one.name), f"instance {one.id}", where)


def of_left(one: SlotsLeft) -> str:
    """Say how many more vGPUs of a profile fit, in the words of `hostcheck capacity`."""
    if isinstance(one.free, Unknown):
        return f"room for {one.profile} not known: {words.one_line(one.why)}"
    if not one.free.value and not one.at_least:
        return f"no room for {one.profile}: {words.one_line(one.why)}"
    least = "at least " if one.at_least else ""
    return f"room for {least}{one.free.value} more {one.profile}"


def more_of(one: SlotsLeft) -> str:
    """Say the same in the fewest words."""
    number = one.free.value if isinstance(one.free, Known) else "?"
    return f"{number}{'+' if one.at_least else ''} more {one.profile}"


def of_nic(nic: Nic) -> tuple[str, ...]:
    """Return what is said of a network adapter."""
    switches = ", ".join(map(words.one_line, nic.switches))
    return (
        words.one_line(nic.name),
        nic.address,
        state_of(nic),
        words.one_line(words.known_or(nic.driver, "driver not known")),
        f"uplink of {switches}" if switches else "uplink of no virtual switch",
    )


def state_of(nic: Nic) -> str:
    """Say whether an adapter has a link, and how fast it is."""
    if isinstance(nic.link_up, Unknown):
        return "link not known"
    if not nic.link_up.value:
        return "link down"
    rate = words.speed(nic.speed_mbps.value) if isinstance(nic.speed_mbps, Known) else ""
    return f"up, {rate}" if rate else "up"


def size_of(vm: Vm) -> str:
    """Say how large a VM is."""
    vcpus, memory = vm.vcpu_count, vm.memory_bytes
    told = [
        words.count(vcpus.value, "vCPU") if isinstance(vcpus, Known) else "vCPUs not known",
        words.size(memory.value) if isinstance(memory, Known) else "memory not known",
    ]
    return ", ".join(told)


def gpus_of(guest: view.VmOnGpus, shown: view.Layout) -> str:
    """Name the GPUs that a VM runs on now: `GPU 0, 1`."""
    if isinstance(guest.addresses, Unknown):
        return f"GPU not known: {words.missing(guest.addresses)}"
    numbers = [shown.number(address) for address in guest.addresses.value]
    here = [str(number) for number in numbers if number is not None]
    return f"GPU {', '.join(here)}" if here else "no GPU of this host"
