"""The PCI functions of a host: its GPUs and adapters, what lies between them and the processor, and
the usual noise around them. Both the API side and the shell side are written from this list."""

from dataclasses import dataclass

from tests.peers.fleet import NVIDIA, Gpu, HostShape, Nic, shown_name

INTEL, AMD, MELLANOX, SAMSUNG, MATROX, VMWARE = 0x8086, 0x1022, 0x15B3, 0x144D, 0x102B, 0x15AD


@dataclass(frozen=True)
class Function:
    """One PCI function. `node` is None where the host itself does not know it."""

    address: str
    device_class: int
    vendor: int
    vendor_name: str
    device: int
    name: str
    class_name: str
    subvendor: int = 0
    subdevice: int = 0
    parent: str = ""
    node: int | None = 0
    owner: str = "VMkernel"
    module: str = "None"
    alias: str = ""
    """VMkernel name: vmnic0, vmgfx1, PF_0.175.0_VF_0."""
    physical: str = ""
    """Of a virtual function: the address of its physical function."""

    @property
    def bus(self) -> int:
        return int(self.address[5:7], 16)

    @property
    def slot(self) -> int:
        return int(self.address[8:10], 16)

    @property
    def number(self) -> int:
        return int(self.address[11])

    @property
    def is_bridge(self) -> bool:
        return self.device_class == 0x0604


def may_be_passed(host: HostShape, item: Function) -> bool:
    """Whether ESXi says that a VM may own the function: no bridge, with the IOMMU in use."""
    of_the_board = item.is_bridge or item.device_class == 0x0600
    return not of_the_board and host.passes_devices and not host.nested


def functions(host: HostShape) -> tuple[Function, ...]:
    """All functions of the host, by address."""
    found: dict[str, Function] = {}
    for item in (*_noise(host), *_bridges(host)):
        found.setdefault(item.address, item)
    for nic in host.nics:
        found[nic.address] = _nic(host, nic)
    for address in host.nvswitches:
        found[address] = Function(
            address, 0x0680, NVIDIA, "NVIDIA Corporation", 0x22A3, "GH100 [H100 NVSwitch]",
            "Bridge", NVIDIA, 0x1796, owner="Unknown",
        )  # fmt: skip
    for index, gpu in enumerate(host.gpus):
        found[gpu.address] = _gpu(host, gpu, index)
        for virtual in _virtual(host, gpu):
            found[virtual.address] = virtual
    return tuple(found[address] for address in sorted(found))


def _port(host: HostShape, address: str, parent: str, node: int, *, root: bool) -> Function:
    if host.nested:
        ids = (VMWARE, "VMware", 0x07A0, "PCI Express Root Port")
    elif not root:
        ids = (0x1000, "Broadcom / LSI", 0xC030, "PEX890xx PCIe Gen 5 Switch")
    elif host.cpu_vendor == "amd":
        ids = (AMD, "Advanced Micro Devices, Inc. [AMD]", 0x1483, "Starship/Matisse GPP Bridge")
    else:
        ids = (INTEL, "Intel Corporation", 0x347A, "Ice Lake PCI Express Root Port A")
    return Function(
        address, 0x0604, *ids, "PCI bridge", parent=parent, node=node, owner="Unknown"
    )  # fmt: skip


def _bridges(host: HostShape) -> list[Function]:
    ports = []
    attached: tuple[Gpu | Nic, ...] = (*host.gpus, *host.nics)
    for device in attached:
        chain = device.chain
        for place, address in enumerate(chain):
            last = place == len(chain) - 1
            parent = "" if last else chain[place + 1]
            ports.append(_port(host, address, parent, device.node, root=last))
    return ports


def _noise(host: HostShape) -> list[Function]:
    """What every machine has: chipset, disk, onboard graphics."""
    if host.nested:
        return [
            Function("0000:00:00.0", 0x0600, INTEL, "Intel Corporation", 0x7190,
                     "Virtual Machine Chipset", "Host bridge", VMWARE, 0x1976, owner="Unknown"),
            Function("0000:00:0f.0", 0x0300, VMWARE, "VMware", 0x0405, "SVGA II Adapter",
                     "VGA compatible controller", VMWARE, 0x0405, owner="Unknown"),
        ]  # fmt: skip
    vendor, name = (AMD, "Advanced Micro Devices, Inc. [AMD]")
    if host.cpu_vendor == "intel":
        vendor, name = (INTEL, "Intel Corporation")
    noise = [
        Function("0000:00:00.0", 0x0600, vendor, name, 0x09A2, "Host bridge", "Host bridge",
                 owner="Unknown"),
        Function("0000:00:11.5", 0x0106, vendor, name, 0xA1D2, "SATA Controller [AHCI mode]",
                 "SATA controller", 0x1028, 0x0A6B, module="vmw_ahci", alias="vmhba0"),
        _port(host, "0000:01:00.0", "", 0, root=True),
        Function("0000:02:00.0", 0x0108, SAMSUNG, "Samsung Electronics Co Ltd", 0xA824,
                 "NVMe SSD Controller PM173X", "Non-Volatile memory controller", 0x1028, 0x2152,
                 "0000:01:00.0", module="nvme_pcie", alias="vmhba1"),
        _port(host, "0000:03:00.0", "", 0, root=True),
        Function("0000:04:00.0", 0x0300, MATROX, "Matrox Electronics Systems Ltd.", 0x0536,
                 "Integrated Matrox G200eW3 Graphics Controller", "VGA compatible controller",
                 0x1028, 0x0A6B, "0000:03:00.0", owner="Unknown"),
    ]  # fmt: skip
    last = host.node_count - 1
    if last:
        noise.append(
            Function("0000:fe:00.0", 0x0880, vendor, name, 0x3450, "Memory Map/VT-d",
                     "System peripheral", node=last, owner="Unknown")
        )  # fmt: skip
    return noise


def _nic(host: HostShape, nic: Nic) -> Function:
    known = {
        "nmlx5_core": (MELLANOX, "Mellanox Technologies", 0x101D, "MT2892 Family [ConnectX-6 Dx]"),
        "ixgben": (INTEL, "Intel Corporation", 0x1563, "Intel(R) Ethernet Controller X550"),
        "i40en": (INTEL, "Intel Corporation", 0x1583, "Ethernet Controller XL710 for 40GbE QSFP+"),
        "ntg3": (0x14E4, "Broadcom Corporation", 0x165F,
                 "NetXtreme BCM5720 Gigabit Ethernet"),
        "nvmxnet3": (VMWARE, "VMware Inc.", 0x07B0, "vmxnet3 Virtual Ethernet Controller"),
    }  # fmt: skip
    vendor, vendor_name, device, name = known[nic.driver]
    return Function(
        nic.address, 0x0200, vendor, vendor_name, device, name, "Ethernet controller", vendor,
        0x0083, nic.chain[0], None if host.nested else nic.node, module=nic.driver, alias=nic.name,
    )  # fmt: skip


def _gpu(host: HostShape, gpu: Gpu, index: int) -> Function:
    direct = gpu.graphics_active == "direct"
    owned = host.driver is not None and not direct
    module = "pciPassthru" if direct else "nvidia" if owned else "None"
    return Function(
        gpu.address, 0x0300 if gpu.model_key == "m60" else 0x0302, NVIDIA, "NVIDIA Corporation",
        gpu.model.device, shown_name(host, gpu),
        "VGA compatible controller" if gpu.model_key == "m60" else "3D controller",
        NVIDIA, gpu.model.subsystem, gpu.chain[0], gpu.node,
        "VM Passthru" if direct else "VMkernel", module, f"vmgfx{index}" if owned else "",
    )  # fmt: skip


def _virtual(host: HostShape, gpu: Gpu) -> list[Function]:
    made = []
    bus = int(gpu.address[5:7], 16)
    for index in range(host.vf_count(gpu)):
        routing = index + 4
        address = f"{gpu.address[:8]}{routing >> 3:02x}.{routing & 7}"
        made.append(
            Function(
                address, 0x0302, NVIDIA, "NVIDIA Corporation", gpu.model.device,
                gpu.model.raw_name, "3D controller", NVIDIA, gpu.model.subsystem, gpu.chain[0],
                gpu.node, module="nvidia", alias=f"PF_0.{bus}.0_VF_{index}", physical=gpu.address,
            )
        )  # fmt: skip
    return made
