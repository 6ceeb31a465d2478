"""Boot options of ESXi, as far as GPUs are concerned by them."""

from hostcheck.assemble.book import Book
from hostcheck.model.fact import Fact
from hostcheck.model.host import BootOption
from hostcheck.parsers import esxcli_system_settings_kernel_list

WATCHED = frozenset((
    "noIOMMU", "disablePciPassthrough", "iovDisableIR", "iommuMapReservedMem",
    "disableACSCheck", "enableACSCheckForRP", "atsSupport", "disableMSI",
    "enablePCIEHotplug", "enableAllPCIESegments", "enableValidPCIDevices",
    "pciBarAllocPolicy", "pciHonorAcpiRootBridgeRes", "ignoreHwSMBIOSInfo",
    "useNUMAInfo", "fakeNUMAnodes", "createNoMemFakeNUMAnode", "createNoPCPUFakeNUMAnode",
    "vgpuMockDeviceCount",
))  # fmt: skip
"""Of some 300; the others say nothing of GPUs, passthrough, PCI or NUMA."""


def boot_options(book: Book, host_id: str) -> Fact[tuple[BootOption, ...]]:
    """Return the options that matter here, sorted by name; one that is not listed is not there."""
    module = esxcli_system_settings_kernel_list
    answer = book.read_esxcli(module.REQUEST, host_id, module.parse)
    return answer.fact(
        lambda listed: tuple(
            BootOption(
                one.name, answer.lift(one.configured), answer.lift(one.runtime),
                answer.lift(one.default),
            )
            for one in sorted(listed, key=lambda one: one.name)
            if one.name in WATCHED
        )
    )  # fmt: skip
