"""The same command of several releases: what each prints is read, and what it lacks is not known.

Layouts are those of collected samples: `hardware pci list` of ESXi 6 (no NUMA node, no label), of
6.7 and 7 (a slot that is none, no NUMA node), of 8. No answer of an ESXi 9 was in reach: "9" is
that of 8 with lines that nobody knows, in another order.
"""

import re
from pathlib import Path

import pytest

from hostcheck.model.fact import Unknown, Why
from hostcheck.model.pci import PciId
from hostcheck.parsers import (
    esxcli_graphics_host_get,
    esxcli_hardware_cpu_global_get,
    esxcli_hardware_memory_get,
    esxcli_hardware_pci_list,
    esxcli_system_version_get,
    nvidia_smi_q_x,
)

FIXTURES = Path(__file__).parents[2] / "fixtures"
HEAD = """\
0000:af:00.0
   Address: 0000:af:00.0
   Segment: 0x0000
   Bus: 0xaf
   Slot: 0x00
   Function: 0x0
   Vendor Name: NVIDIA Corporation
   Device Name: GA100GL [A30 PCIe]
   Configured Owner: {owner}
   Current Owner: {owner}
   Vendor ID: 0x10de
   Device ID: 0x20b7
   SubVendor ID: 0x10de
   SubDevice ID: 0x1532
   Device Class: 0x0302
   Device Class Name: 3D controller
   Programming Interface: 0x00
   Revision ID: 0xa1
   Interrupt Line: 0x0b
   IRQ: 255
   Interrupt Vector: 0x00
   PCI Pin: 0x00
   Spawned Bus: 0x00
   Flags: 0x3001
   Module ID: 45
   Module Name: pciPassthru
   Chassis: 0
   Physical Slot: {slot}
   Slot Description: PCIe Slot 4
"""
TAIL = """\
   Passthru Capable: true
   Parent Device: PCI 0:174:0:0
   Dependent Device: PCI 0:175:0:0
   Reset Method: Bridge reset
   FPT Sharable: true
"""
OF_8 = "   NUMA Node: 1\n   Hardware Label: \n   Virtual Function: \n"
PCI = {
    "6": HEAD.format(owner="VM Passthru", slot=4) + TAIL,
    "7": HEAD.format(owner="VM Passthru", slot=4294967295) + TAIL,
    "8": HEAD.format(owner="VM Passthru", slot=4)
    + "   Device Layer Bus Address: s00000004.00\n" + TAIL + OF_8,
    "9": HEAD.format(owner="VM Passthru", slot=4) + "   Trust Domain: none\n"
    + "".join(reversed(OF_8.splitlines(keepends=True))) + "   Memory Tier: false\n" + TAIL,
}  # fmt: skip


@pytest.mark.parametrize("release", PCI)
def test_pci_devices_of_each_release(release):
    (gpu,) = esxcli_hardware_pci_list.parse(PCI[release])
    assert (gpu.address, gpu.device_class) == ("0000:af:00.0", 0x0302)
    assert gpu.pci_id == PciId(0x10DE, 0x20B7, 0x10DE, 0x1532)
    assert (gpu.current_owner, gpu.passthru_capable) == ("VM Passthru", True)
    assert gpu.parent == "0000:ae:00.0"
    if release in ("8", "9"):
        assert gpu.numa_node == 1
    else:
        assert isinstance(gpu.numa_node, Unknown)
        assert gpu.numa_node.why is Why.ABSENT


GRAPHICS = "   Default Graphics Type: SharedPassthru\n"
POLICY = "   Shared Passthru Assignment Policy: Performance\n"


@pytest.mark.parametrize(
    ("release", "text"),
    [("6", GRAPHICS), ("7", GRAPHICS + POLICY), ("8", GRAPHICS + POLICY),
     ("9", "   Graphics Memory Tiering: none\n" + POLICY + GRAPHICS)],
)  # fmt: skip
def test_graphics_settings_of_each_release(release, text):
    told = esxcli_graphics_host_get.parse(text)
    assert told.default_type == "sharedDirect"
    assert isinstance(told.assignment_policy, Unknown) is (release == "6")


VERSION = "   Product: VMware ESXi\n   Version: {}\n   Build: Releasebuild-{}\n   Update: {}\n"


@pytest.mark.parametrize(
    ("version", "build", "update"),
    [
        ("6.7.0", 17700523, 3),
        ("7.0.3", 21930508, 3),
        ("8.0.3", 24677879, 3),
        ("9.0.0", 24755229, 0),
    ],
)
def test_versions_processors_and_memory_of_each_release(version, build, update):
    patch = "" if version.startswith("6") else "   Patch: 70\n"
    told = esxcli_system_version_get.parse(VERSION.format(version, build, update) + patch)
    assert (told.product, told.version, told.build) == ("VMware ESXi", version, str(build))
    cpu = (
        "   CPU Packages: 2\n   CPU Cores: 24\n   CPU Threads: 48\n   Hyperthreading Active: true\n"
        "   Hyperthreading Supported: true\n   Hyperthreading Enabled: true\n   HV Support: 3\n"
    )
    later = "   Efficiency Cores: 0\n" if version.startswith("9") else ""
    assert esxcli_hardware_cpu_global_get.parse(later + cpu).core_count == 24
    memory = "   Physical Memory: 240470433792 Bytes\n   Reliable Memory: 0 Bytes\n"
    nodes = "   NUMA Node Count: 2\n"
    tiers = "   Tiered Memory: 0 Bytes\n" if version.startswith("9") else ""
    assert esxcli_hardware_memory_get.parse(memory + tiers + nodes).numa_node_count == 2


LOG = (FIXTURES / "2n-2xA100-80-esxi803" / "shell" / "nvidia-smi_-q_-x.txt").read_text()


@pytest.mark.parametrize("dtd", ["v10", "v11", "v12", "v13", "v14"])
def test_the_log_under_each_dtd(dtd):
    """The same elements say the same; v14 is one that nobody has seen."""
    text = re.sub(r"nvsmi_device_v\d+\.dtd", f"nvsmi_device_{dtd}.dtd", LOG)
    assert dtd in text
    whole, told = nvidia_smi_q_x.parse(LOG), nvidia_smi_q_x.parse(text)
    assert told == whole
    assert len(told.gpus) == 2


@pytest.mark.parametrize("name", ["driver_version", "kmd_version"])
def test_the_header_of_driver_610(name):
    """It calls its version the kernel mode driver's, and has an element of its own for CUDA's."""
    header = f"<{name}>610.43.02</{name}><cuda_umd_version>13.3</cuda_umd_version>"
    text = re.sub(r"<driver_version>[^<]*</driver_version>", header, LOG)
    told = nvidia_smi_q_x.parse(text)
    assert told.driver_version == "610.43.02"
    assert told.gpus == nvidia_smi_q_x.parse(LOG).gpus
