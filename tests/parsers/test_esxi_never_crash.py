"""Whatever comes back from an ESXi shell, a parser gives facts or a ParseError, nothing else."""

# ruff: noqa: E501  tables keep the width that the commands print

from importlib import import_module
from importlib.util import find_spec

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire

PCI = (
    "0000:3b:00.0\n   Address: 0000:3b:00.0\n   Bus: 0x3b\n   Device Name: GA100 [A100]\n"
    "   Vendor ID: 0x10de\n   Device ID: 0x20b5\n   SubVendor ID: 0x10de\n   SubDevice ID: 0x1533\n"
    "   Physical Slot: 4294967295\n   Parent Device: PCI 0:58:0:0\n   NUMA Node: 0\n"
    "   Hardware Label:\n\n"
    "0000:af:00.0\n   Address: 0000:af:00.0\n   Parent Device: PCI 0:174:0:0\n   NUMA Node: 1\n"
)
NICS = (
    "Name    PCI Device    Driver  Admin Status  Link Status  Speed  Duplex  MAC Address         MTU  Description\n"
    "------  ------------  ------  ------------  -----------  -----  ------  -----------------  ----  -----------\n"
    "vmnic0  0000:01:00.0  ntg3    Up            Up            1000  Full    02:00:00:00:00:01  1500  Broadcom\n"
    "vmnic1  0000:01:00.1  ntg3    Up            Down             0  Half    02:00:00:00:00:02  1500  Broadcom\n"
)
VM_XML = (
    '<?xml version="1.0" encoding="utf-8"?>\n<output xmlns="http://www.vmware.com/Products/ESX/5.0/'
    'esxcli">\n<root>\n<list type="structure">\n<structure typeName="VirtualMachine">\n'
    '<field name="DisplayName">\n<string>a</string>\n</field>\n<field name="WorldID">\n'
    "<integer>7</integer>\n</field>\n</structure>\n</list>\n</root>\n</output>\n"
)
REAL = {
    "esxcfg_info": ["   \\==+Hardware\n      |----HV Support......3\n"],
    "esxcfg_nics_l": [
        ("Name    PCI          Driver Link Speed     Duplex MAC Address       MTU  Description\n"
        "vmnic0  0000:4b:00.0 icen   Up   25000Mbps Full   00:00:00:00:00:00 1500 Intel E810\n")
    ],
    "esxcli_graphics_device_list": [
        ("0000:af:00.0\n   Vendor Name: NVIDIA Corporation\n   Module Name: nvidia\n"
        "   Graphics Type: SharedPassthru\n   Memory Size in KB: 41943040\n   Number of VMs: 2\n")
    ],
    "esxcli_graphics_host_get": [
        "   Default Graphics Type: SharedPassthru\n   Shared Passthru Assignment Policy: Performance\n"
    ],
    "esxcli_graphics_vm_list": [
        ("World ID  Name       Device Address\n--------  ---------  --------------\n"
        " 6733887  LLM test   0000:af:00.0\n")
    ],
    "esxcli_hardware_cpu_global_get": [
        "   CPU Packages: 2\n   CPU Cores: 20\n   CPU Threads: 40\n   HV Support: 3\n"
    ],
    "esxcli_hardware_memory_get": [
        "   Physical Memory: 240470433792 Bytes\n   NUMA Node Count: 2\n",
        '{"PhysicalMemory": 240470433792, "NUMANodeCount": 2}',
    ],
    "esxcli_hardware_pci_list": [PCI, '[{"Address": "0000:3b:00.0", "VendorID": 4318, "X": {"Y": [1]}}]'],
    "esxcli_hardware_pci_pcipassthru_list": [
        "Device ID     Enabled\n------------  -------\n0000:03:00.0    false\n0000:65:00.0     true\n"
    ],
    "esxcli_hardware_platform_get": [
        "Platform Information\n   Product Name: PowerEdge R620\n   Vendor Name: Dell Inc.\n"
    ],
    "esxcli_network_nic_get": [
        "   Driver Info:\n         Bus Info: 0000:18:00:0\n         Driver: ixgben\n   Name: vmnic0\n"
    ],
    "esxcli_network_nic_list": [
        NICS,
        "structure[0].Nic.Name.string=vmnic0\nstructure[0].Nic.PCIDevice.string=0000:18:00.0\n",
        "Driver,MTU,Name,PCIDevice,Speed,\nixgben,1500,vmnic0,0000:18:00.0,10000,\n",
    ],
    "esxcli_network_sriovnic_list": [
        ("Name    PCI Device    Driver  Link  Speed\n------------------------------------\n"
        "vmnic0  0000:1b:00.0  nenic   Up    50000\n")
    ],
    "esxcli_software_component_list": [
        ("NVD-AIE-800     NVIDIA vGPU driver   525.105.14-1OEM    525.105.14     NVIDIA   03-27-2023"
        "   VMwareAccepted    host\n")
    ],
    "esxcli_software_vib_list": [
        ("Name  Version  Vendor  Acceptance Level  Install Date\n"
        "----  -------  ------  ----------------  ------------\n"
        "ntg3  4.1.459  BCM     VMwareCertified   2026-03-10\n")
    ],
    "esxcli_system_maintenancemode_get": ["Enabled\n"],
    "esxcli_system_version_get": ["   Product: VMware ESXi\n   Version: 8.0.3\n   Build: Releasebuild-1\n"],
    "esxcli_vm_process_list": [VM_XML, "web: 1\n   World ID: 7\n   UUID: 42 36-18\n\n[b]\n   World ID: 8\n"],
    "lspci": ["0000:af:00.2 Network controller: Mellanox [ConnectX-4] [PF_0.175.0_VF_0]\n"],
    "lspci_n": ["0000:ca:00.0 Class 0200: 8086:1572 [vmnic10]\n0000:ca:02.0 Class 0200: 8086:154c [PF_0.202.0_VF_0]\n"],
    "lspci_p": ["0000:31:00.0 8086:1521 103c:8157 255/   /     D V igbn         vmnic4\n"],
    "sched_stats_ncpus": ["64 PCPUs\n32 cores\n 4 LLCs\n 2 packages\n 4 NUMA nodes\n"],
    "sched_stats_numa_clients": [
        ("groupName  groupID  clientID  homeNode  affinity  nWorlds  vmmWorlds  localMem  remoteMem\n"
        "vm.77      8        0         0         3         12       12         1024      5\n")
    ],
    "sched_stats_numa_pnode": [
        ("nodeID  used  idle  entitled  owed  loadAvgPct  nVcpu  freeMem  totalMem\n"
        "0       20    1998  0         0     0           0      2882611  33547656\n")
    ],
    "vmkchdev_l": ["0000:42:00.0 10de:1b38 10de:11d9 passthru\n0000:84:00.0 10df:e200 10df:e277 vmkernel vmhba4\n"],
    "vmkload_mod_l": ["nvidia                   5    8420\n"],
    "vmware_v": ["VMware ESXi 8.0.3 build-24022510\n"],
    "vsish_bar_info": ["PCI BAR Info {\n   Address:0x399000000000\n   Size:68719476736\n}\n"],
    "vsish_cpu_info": ["CPU global information {\n   HV state: 3 -> HV Enabled\n   Number of packages:2\n}\n"],
    "vsish_mem_info": ["System memory information {\n   Number of NUMA nodes:2\n   Number of memory nodes:3\n}\n"],
    "vsish_numa_nodes": ["CPU Packages\n0\n1\nNUMA nodes\n0\n1\n2\n3\n"],
    "vsish_package_list": ["CPU Packages\n0\n1\nNUMA nodes\n0\n1\n2\n3\n"],
    "vsish_package_nodes": ["0\n1\n"],
    "vsish_pci_config_header": ["PCI Config Header {\n   Vendor ID:0x10de\n   Numa node:1\n}\n"],
}  # fmt: skip
SHAPED = st.lists(
    st.sampled_from(
        ["\n", "\r\n", "  ", "   ", ":", ": ", ",", "-", "--", "----  ----", "{", "}", "[", "]", "<",
         "/>", "<output>", "<obj>", "</obj>", "=", ".", '"', "Name", "NUMA Node", "World ID", "0x", "-1",
         "4294967295", "0000:af:00.0", "PCI 0:174:0:0", "PF_0.999.0_VF_0", "Enabled", "vmnic0",
         "structure[0].Nic.Name.string=", "\x00", "\ufeff", "\u0663", "\u2028", "\x1c", "9" * 5000]
    )
).map("".join)  # fmt: skip
CALM = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _parser(name):
    unasked = find_spec(f"hostcheck.parsers.unasked.{name}") is not None
    return import_module(f"hostcheck.parsers.{'unasked.' if unasked else ''}{name}")


def read(name, text):
    """Parse, and see that facts can be written down; a ParseError is one line."""
    facts, message = None, ""
    try:
        facts = _parser(name).parse(text)
    except ParseError as error:
        message = str(error)
    assert "\n" not in message
    msgspec.json.encode(facts)
    return facts


def hurt(data, text):
    """Delete, repeat or cut lines, or put something else in the place of a few letters."""
    lines = text.splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, max(len(lines) - 1, 0)))
        match data.draw(st.sampled_from(["delete", "repeat", "cut", "replace", "indent"])):
            case "delete":
                del lines[place : place + 1]
            case "repeat":
                lines[place:place] = lines[place : place + 1]
            case "cut":
                lines = lines[: place + 1]
                lines[-1:] = [line[: data.draw(st.integers(0, 80))] for line in lines[-1:]]
            case "replace":
                lines[place : place + 1] = [
                    line.replace(
                        data.draw(st.sampled_from("0: -.<{=")), data.draw(st.text(max_size=3))
                    )
                    for line in lines[place : place + 1]
                ]
            case "indent":
                lines[place : place + 1] = ["     " + line for line in lines[place : place + 1]]
    return "".join(lines)


@pytest.mark.parametrize("name", REAL)
def test_the_question_is_one_fixed_command(name):
    request = _parser(name).REQUEST
    assert isinstance(request, Request)
    assert request.wire == Wire.SHELL
    assert request.purpose
    assert not set(request.template) & set(";|&$`><\n'\"")


@pytest.mark.parametrize("name", REAL)
def test_a_real_answer_is_understood(name):
    for text in REAL[name]:
        assert read(name, text)
        assert read(name, text) == read(name, text.replace("\n", "\r\n"))


@pytest.mark.parametrize("name", REAL)
@CALM
@given(text=st.text() | SHAPED)
def test_any_text(name, text):
    read(name, text)


@pytest.mark.parametrize("name", REAL)
@CALM
@given(data=st.data())
def test_a_real_answer_that_was_cut_off(name, data):
    text = data.draw(st.sampled_from(REAL[name]))
    read(name, text[: data.draw(st.integers(0, len(text)))])


@pytest.mark.parametrize("name", REAL)
@CALM
@given(data=st.data())
def test_a_real_answer_that_was_damaged(name, data):
    read(name, hurt(data, data.draw(st.sampled_from(REAL[name]))))
