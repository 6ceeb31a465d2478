"""A host as hwloc 2 XML: `lstopo -i FILE` draws it, `hwloc-info -i FILE` counts it.

What hwloc has no word for is left out, and never invented: a device whose NUMA node is not known is
below the whole machine, a link that is not known has no speed, cores are not known of ESXi. VMs are
Misc objects below their GPU. Written for the parser without libxml: no comments, double quotes.
"""

from collections.abc import Iterable, Iterator
from itertools import count

from hostcheck.errors import UsageError
from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.host import Host, NumaNode, PhysicalGpu
from hostcheck.model.pci import parts
from hostcheck.model.run import HostReport
from hostcheck.reports import PAPER, Screen, view, words
from hostcheck.reports.pcie import LANE_GBS, Device, PcieBranch, devices_of, link_of, tree

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE topology SYSTEM "hwloc2.dtd">\n'
LONGEST = 200
"""Characters of a name."""
GROUP_KIND = "1001"
"""What hwloc gives groups of whoever adds them by hand."""
CLASS_3D, CLASS_ETHERNET, CLASS_BRIDGE = "0302", "0200", "0604"
OSDEV_GPU, OSDEV_NETWORK = "1", "2"


def pieces(report: HostReport, _screen: Screen = PAPER) -> Iterable[str]:
    """Return the document. Raises UsageError where hwloc could not read it: no nodes are known."""
    return (HEAD, "".join(f"{line}\n" for line in _Document(report.host).lines()))


class _Document:
    def __init__(self, host: Host) -> None:
        self._host = host
        self._layout = view.of(host)
        self._nodes = {one.os_index: one for one in _known(host.numa_nodes, "NUMA nodes", host)}
        self._packages = {one.os_index: one for one in _known(host.packages, "packages", host)}
        self._pus = sorted(
            {pu for one in self._nodes.values() for pu in one.pus}
            | {pu for one in self._packages.values() for pu in one.pus}
        )
        if not self._nodes or not self._pus:
            raise UsageError(_refusal(host, "no NUMA node with processors is listed"))
        self._number = count(1)
        self._gpus = count()

    def lines(self) -> Iterator[str]:
        nodes = tuple(self._nodes)
        yield '<topology version="2.0">'
        yield self._open("Machine", self._pus, nodes, os_index="0")
        host = self._host
        for name, text in (
            ("OSName", "VMware ESXi"), ("OSRelease", _text(host.version)),
            ("OSVersion", _text(host.build)), ("HostName", host.name),
            ("DMIProductName", _text(host.model)), ("DMIChassisVendor", _text(host.vendor)),
        ):  # fmt: skip
            yield from _info(name, text)
        for group in self._layout.groups:
            yield from self._package(group)
        if self._layout.adrift is not None:
            yield from self._devices(self._layout.adrift, "its NUMA node is not known")
        for guest in self._layout.elsewhere:
            yield self._misc(f"VM {guest.vm.name}") + "</object>"
        yield "</object>"
        yield "</topology>"

    def _package(self, group: view.Packages) -> Iterator[str]:
        """Yield a package with its nodes, or a node that spreads over several with those."""
        if len(group.os_indexes) != 1:
            for place in group.nodes:
                yield from self._spread(place, group.os_indexes)
            return
        (index,) = group.os_indexes
        told = self._packages.get(index)
        held = [one.os_index for one in group.nodes if one.os_index in self._nodes]
        pus = set(told.pus) if told else {pu for one in held for pu in self._nodes[one].pus}
        yield self._open("Package", sorted(pus), held, os_index=str(index))
        yield from _info("CPUModel", told.description if told else "")
        yield from _info("CPUVendor", told.vendor if told else "")
        for place in group.nodes:
            yield from self._node(place, alone=len(group.nodes) == 1)
        within = {pu for one in held for pu in self._nodes[one].pus}
        yield from self._processors(sorted(pus - within), held)
        yield "</object>"

    def _spread(self, place: view.NumaPlace, packages: tuple[int, ...]) -> Iterator[str]:
        node = self._nodes.get(-1 if place.os_index is None else place.os_index)
        if node is None:
            yield from self._devices(place, "its NUMA node is not listed by the host")
            return
        whole = len(self._nodes) == 1
        if not whole:
            yield self._group(node)
        yield from self._memory(node)
        for index in packages:
            pus = sorted(set(self._packages[index].pus) & set(node.pus))
            yield self._open("Package", pus, (node.os_index,), os_index=str(index))
            yield from _info("CPUModel", self._packages[index].description)
            yield from self._processors(pus, (node.os_index,))
            yield "</object>"
        if not packages:
            yield from self._processors(node.pus, (node.os_index,))
        yield from self._devices(place)
        if not whole:
            yield "</object>"

    def _node(self, place: view.NumaPlace, *, alone: bool) -> Iterator[str]:
        """Yield a node; several of one package each have a group, or hwloc draws none of them."""
        node = self._nodes.get(-1 if place.os_index is None else place.os_index)
        if node is None:
            yield from self._devices(place, "its NUMA node is not listed by the host")
            return
        if not alone:
            yield self._group(node)
        yield from self._memory(node)
        yield from self._processors(node.pus, (node.os_index,))
        yield from self._devices(place)
        if not alone:
            yield "</object>"

    def _group(self, node: NumaNode) -> str:
        return self._open(
            "Group", node.pus, (node.os_index,), os_index=str(node.os_index), kind=GROUP_KIND,
            subkind="0", name=f"Node {node.os_index}",
        )  # fmt: skip

    def _memory(self, node: NumaNode) -> Iterator[str]:
        size = node.memory_bytes
        told = {"local_memory": str(size.value)} if isinstance(size, Known) else {}
        made = self._open(
            "NUMANode", node.pus, (node.os_index,), os_index=str(node.os_index), **told
        )
        yield f"{made}</object>"

    def _processors(self, pus: Iterable[int], nodes: Iterable[int]) -> Iterator[str]:
        held = tuple(nodes)
        for pu in pus:
            yield f"{self._open('PU', (pu,), held, os_index=str(pu))}</object>"

    # Devices: a host bridge for the root ports of one bus, bridges, PCI functions, what they are

    def _devices(self, place: view.NumaPlace, note: str = "") -> Iterator[str]:
        root = tree(devices_of(place))
        buses: dict[tuple[int, int], list[PcieBranch | Device]] = {}
        for one in (*root.branches.values(), *root.devices):
            buses.setdefault(parts(one.address)[:2], []).append(one)
        for (domain, bus), below in sorted(buses.items(), key=lambda item: item[0]):
            last = max([bus, *(one.last_bus for one in below if isinstance(one, PcieBranch))])
            yield self._object(
                "Bridge", bridge_type="0-1", depth="0",
                bridge_pci=f"{domain:04x}:[{bus:02x}-{last:02x}]",
            )  # fmt: skip
            for one in below:
                if isinstance(one, PcieBranch):
                    yield from self._branch(one, 1, note)
                else:
                    yield from self._device(one, note)
            yield "</object>"

    def _branch(self, branch: PcieBranch, depth: int, note: str) -> Iterator[str]:
        domain = parts(branch.address)[0]
        below = [*branch.branches.values(), *branch.devices]
        first = min(parts(one.address)[1] for one in below)
        yield self._object(
            "Bridge", bridge_type="1-1", depth=str(depth),
            bridge_pci=f"{domain:04x}:[{first:02x}-{branch.last_bus:02x}]",
            pci_busid=branch.address,
            pci_type=f"{CLASS_BRIDGE} [0000:0000] [0000:0000] 00", **_speed(branch.devices),
        )  # fmt: skip
        for one in branch.branches.values():
            yield from self._branch(one, depth + 1, note)
        for device in branch.devices:
            yield from self._device(device, note)
        yield "</object>"

    def _device(self, device: Device, note: str) -> Iterator[str]:
        gpu = isinstance(device, PhysicalGpu)
        ids = "[0000:0000] [0000:0000]"
        if isinstance(device, PhysicalGpu):
            one = device.pci_id
            ids = f"[{one.vendor:04x}:{one.device:04x}] [{one.sub_vendor:04x}:{one.sub_device:04x}]"
        yield self._object(
            "PCIDev", pci_busid=device.address,
            pci_type=f"{CLASS_3D if gpu else CLASS_ETHERNET} {ids} 00", **_speed([device]),
        )  # fmt: skip
        if isinstance(device, PhysicalGpu):
            yield from _info("PCIVendor", "NVIDIA Corporation")
            yield from _info("PCIDevice", device.name)
        if (link := link_of(device)) is not None:  # it is slower while the GPU idles
            yield from _info(
                "PCILink", f"generation {link.generation} of {link.generation_max}, "
                f"width {link.width} of {link.width_max}",
            )  # fmt: skip
        yield from _info("Locality", note)
        yield from self._operating(device)
        for guest in self._layout.guests_of(device.address) if gpu else ():
            yield self._misc(f"VM {guest.vm.name}") + "</object>"
        yield "</object>"

    def _operating(self, device: Device) -> Iterator[str]:
        if isinstance(device, PhysicalGpu):
            number = self._layout.number(device.address)
            yield self._object("OSDev", name=f"nvml{number}", subtype="NVML", osdev_type=OSDEV_GPU)
            yield from _info("GPUVendor", "NVIDIA Corporation")
            yield from _info("GPUModel", device.name)
            yield from _info("NVIDIAUUID", _text(device.uuid))
        else:
            yield self._object("OSDev", name=device.name, osdev_type=OSDEV_NETWORK)
        yield "</object>"

    def _misc(self, name: str) -> str:
        return self._object("Misc", name=name, subtype="VM")

    def _open(
        self, kind: str, pus: Iterable[int], nodes: Iterable[int], /, **attributes: str
    ) -> str:
        held, places = _bits(pus), _bits(nodes)
        sets = {"cpuset": held, "complete_cpuset": held, "nodeset": places,
                "complete_nodeset": places}  # fmt: skip
        return self._object(kind, **attributes, **sets)

    def _object(self, kind: str, /, **attributes: str) -> str:
        told = {"type": kind, **attributes, "gp_index": str(next(self._number))}
        return (
            "<object " + " ".join(f'{name}="{_quoted(text)}"' for name, text in told.items()) + ">"
        )


def _known(fact: Fact[tuple[view.T, ...]], what: str, host: Host) -> tuple[view.T, ...]:
    if isinstance(fact, Unknown):
        raise UsageError(_refusal(host, f"its {what} are not known: {words.missing(fact)}"))
    return fact.value


def _refusal(host: Host, why: str) -> str:
    return (
        f"{words.one_line(host.name)}: hwloc has no form for it, for {why}; --format json has all"
    )


def _speed(devices: Iterable[Device]) -> dict[str, str]:
    """Return the GB/s of the fastest link, where one is known."""
    links = [link for one in devices if (link := link_of(one)) is not None]
    found = [LANE_GBS[one.generation] * one.width for one in links if one.generation in LANE_GBS]
    return {"pci_link_speed": f"{max(found):.6f}"} if found else {}


def _text(fact: Fact[str]) -> str:
    return fact.value if isinstance(fact, Known) else ""


def _info(name: str, text: str) -> Iterator[str]:
    if text:
        yield f'<info name="{name}" value="{_quoted(text)}"/>'


def _quoted(text: str) -> str:
    shown = (
        words.cut(words.one_line(text), LONGEST) if len(text) > LONGEST else words.one_line(text)
    )
    for sign, entity in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;"), (">", "&gt;")):
        shown = shown.replace(sign, entity)
    return shown


def _bits(numbers: Iterable[int]) -> str:
    """Return a bitmap as hwloc writes it: words of 32 bits, the highest first."""
    whole = sum(1 << one for one in set(numbers))
    groups: list[str] = []
    while whole or not groups:
        groups.append(f"0x{whole & 0xFFFFFFFF:08x}")
        whole >>= 32
    return ",".join(reversed(groups))
