"""What the VMkernel's own shell tells: packages, NUMA nodes, devices."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers import vsish_numa_nodes, vsish_package_list, vsish_pci_config_header
from hostcheck.parsers.unasked import (
    vsish_bar_info,
    vsish_cpu_info,
    vsish_mem_info,
    vsish_package_nodes,
)

BOTH = "CPU Packages\n0\n1\nNUMA nodes\n0\n1\n2\n3\n"


def test_sub_numa_clustering_shows_as_more_nodes_than_packages():
    assert vsish_package_list.parse(BOTH) == (0, 1)
    assert vsish_numa_nodes.parse(BOTH) == (0, 1, 2, 3)


def test_the_sections_may_come_in_either_order():
    text = "NUMA nodes\n0\nCPU Packages\n0\n1\n"
    assert vsish_package_list.parse(text) == (0, 1)
    assert vsish_numa_nodes.parse(text) == (0,)


@pytest.mark.parametrize("text", ["0\n1\n", "0/\n1/\n", " 1/\r\n 0/\r\n", "\n0\n\n1"])
@pytest.mark.parametrize("module", [vsish_package_list, vsish_numa_nodes, vsish_package_nodes])
def test_a_directory_of_two(module, text):
    assert module.parse(text) == (0, 1)


@pytest.mark.parametrize(
    "text", ["0\n\ufffd\n", "0\n1x\n2\n", "0\n2\n", "1\n", "1\n2\n3\n", "0\n3\n4\n"]
)
@pytest.mark.parametrize("module", [vsish_package_list, vsish_numa_nodes, vsish_package_nodes])
def test_a_list_with_a_garbled_line_or_a_gap_is_no_count(module, text):
    with pytest.raises(ParseError, match="vsish -e dir"):
        module.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "sh: vsish: not found", "VSISHCmdGetInt():Get failed: Failure", "-1", "0x1",
        "0\n1\n0\n1\n2\n3\n", "1.5", "9" * 5000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("module", [vsish_package_list, vsish_numa_nodes, vsish_package_nodes])
def test_what_is_no_directory_of_numbers_is_refused(module, text):
    with pytest.raises(ParseError, match="vsish -e dir"):
        module.parse(text)


def test_a_section_that_is_missing_is_refused():
    with pytest.raises(ParseError):
        vsish_package_list.parse("NUMA nodes\n0\n1\n")
    with pytest.raises(ParseError):
        vsish_numa_nodes.parse("CPU Packages\n0\n1\nNUMA nodes\n")


def test_processors():
    cpu = vsish_cpu_info.parse(
        "CPU global information {\r\n   Hyperthreading state: 2 -> enabled\r\n"
        "   HV state: 2 -> HV Disabled\r\n   Number of packages:2\r\n   Number of cores:64\r\n"
        "   Number of CPUs (threads):128\r\n   Something newer {\r\n      Number of packages:9\r\n"
        "   }\r\n}\r\n"
    )
    assert (cpu.package_count, cpu.core_count, cpu.pu_count) == (2, 64, 128)
    assert cpu.hv_support == 2
    assert isinstance(cpu.die_count, Unknown)
    assert cpu.die_count.why is Why.ABSENT
    assert cpu.die_count.asked == "vsish -e get /hardware/cpu/cpuInfo: Number of dies"


def test_memory_nodes_are_not_numa_nodes():
    memory = vsish_mem_info.parse(
        "System memory information {\n   Number of NUMA nodes:2\n   Number of memory nodes:3\n}\n"
    )
    assert (memory.numa_node_count, memory.memory_node_count) == (2, 3)
    only = vsish_mem_info.parse("   Number of memory nodes:3\n")
    assert isinstance(only.numa_node_count, Unknown)


@pytest.mark.parametrize("words", ["-1", "4294967295", "65535", ""])
def test_a_device_of_no_node(words):
    header = vsish_pci_config_header.parse(f"PCI Config Header {{\n   Numa node:{words}\n}}\n")
    assert isinstance(header.numa_node, Unknown)
    assert header.numa_node.why is Why.ABSENT


def test_a_device_of_a_node():
    assert vsish_pci_config_header.parse("   Numa node:1\n").numa_node == 1
    text = "PCI Config Header {\n   Vendor ID:0x10de\n   Numa node:0\n}\n"
    assert vsish_pci_config_header.parse(text).numa_node == 0
    older = vsish_pci_config_header.parse("PCI Config Header {\n   Vendor ID:0x10de\n}\n")
    assert isinstance(older.numa_node, Unknown)
    odd = vsish_pci_config_header.parse("PCI Config Header {\n   Numa node:near\n}\n")
    assert isinstance(odd.numa_node, Unknown)
    assert odd.numa_node.why is Why.UNPARSED


def test_the_device_is_asked_for_in_decimal():
    asked = vsish_pci_config_header.REQUEST.fill(segment=0, bus=0xAF, slot=0, function=0)
    assert asked.text == ("vsish -e get /hardware/pci/seg/0/bus/175/slot/0/func/0/pciConfigHeader")
    asked = vsish_bar_info.REQUEST.fill(segment=0, bus=0xAF, slot=0, function=0, bar=1)
    assert asked.text == "vsish -e get /hardware/pci/seg/0/bus/175/slot/0/func/0/BARInfo/1"


def test_a_memory_window():
    bar = vsish_bar_info.parse(
        "PCI BAR Info {\n   Address:0x399000000000\n   Size:68719476736\n   Flags:0x0000000c\n}\n"
    )
    assert (bar.address, bar.size_bytes) == (0x399000000000, 64 * 1024**3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "VSISHCmdGetInt():Get failed: Sysinfo error: Not found",
        "PCI BAR Info {\n   Address:0x399000000000\n   Size:6871947",
        "CPU global information {\n   Number of packages:2\n",
        "Something else {\n   Entirely:1\n}\n",
        "}\n}\n",
        "{" * 1000,
    ],
)
@pytest.mark.parametrize(
    "module", [vsish_bar_info, vsish_cpu_info, vsish_mem_info, vsish_pci_config_header]
)
def test_what_is_no_whole_block_is_refused(module, text):
    with pytest.raises(ParseError, match="vsish -e get") as caught:
        module.parse(text)
    assert "\n" not in str(caught.value)
