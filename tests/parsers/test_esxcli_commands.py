"""What each esxcli command tells, with short texts: good ones, odd ones and wrong ones."""

# ruff: noqa: E501  tables keep the width that the commands print

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import GraphicsType
from hostcheck.model.pci import PciId
from hostcheck.parsers import (
    esxcli_graphics_device_list,
    esxcli_graphics_host_get,
    esxcli_hardware_cpu_global_get,
    esxcli_hardware_memory_get,
    esxcli_hardware_pci_list,
    esxcli_software_vib_list,
    esxcli_system_version_get,
    esxcli_vm_process_list,
)
from hostcheck.parsers.unasked import (
    esxcli_graphics_vm_list,
    esxcli_hardware_pci_pcipassthru_list,
    esxcli_hardware_platform_get,
    esxcli_network_nic_get,
    esxcli_network_nic_list,
    esxcli_network_sriovnic_list,
    esxcli_software_component_list,
    esxcli_system_maintenancemode_get,
)

GETS = (
    esxcli_graphics_host_get,
    esxcli_hardware_cpu_global_get,
    esxcli_hardware_memory_get,
    esxcli_hardware_platform_get,
    esxcli_network_nic_get,
    esxcli_system_maintenancemode_get,
    esxcli_system_version_get,
)
LISTS_NEVER_EMPTY = (
    esxcli_hardware_pci_list,
    esxcli_network_nic_list,
    esxcli_software_component_list,
    esxcli_software_vib_list,
)
LISTS_MAYBE_EMPTY = (
    esxcli_graphics_device_list,
    esxcli_graphics_vm_list,
    esxcli_hardware_pci_pcipassthru_list,
    esxcli_network_sriovnic_list,
    esxcli_vm_process_list,
)
WRONG = [
    "sh: esxcli: not found",
    "Error: Unknown command or namespace graphics device list",
    "Connection refused",
    "Errors: Permission denied\n",
    "<fault>denied</fault>",
    '{"error": "denied"}',
    "a,b\n1,2\n",
    "A     B\n----  ----\nx     y\n",
]


def why(reading):
    assert isinstance(reading, Unknown), reading
    assert reading.asked.startswith("esxcli ")
    return reading.why


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.parametrize("module", GETS + LISTS_NEVER_EMPTY + LISTS_MAYBE_EMPTY)
def test_another_answer_is_refused_in_one_line(module, text):
    with pytest.raises(ParseError) as caught:
        module.parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("module", GETS + LISTS_NEVER_EMPTY)
def test_no_answer_is_refused(module):
    with pytest.raises(ParseError, match=r"esxcli .*: "):
        module.parse("\n")


@pytest.mark.parametrize("module", LISTS_MAYBE_EMPTY)
def test_nothing_there_is_known(module):
    assert module.parse("") == ()
    assert module.parse("\r\n") == ()


def test_a_release_and_a_build_of_any_kind():
    version = esxcli_system_version_get.parse(
        "   Product: VMware ESXi\r\n   Version: 7.0.3\r\n   Build: Releasebuild-20328353\r\n"
    )
    assert (version.version, version.build) == ("7.0.3", "20328353")
    assert why(version.update) is Why.ABSENT
    assert esxcli_system_version_get.parse('[{"Build": "24677879"}]').build == "24677879"
    strange = esxcli_system_version_get.parse("Version: 9\nBuild: unknown\n")
    assert why(strange.build) is Why.UNPARSED


def test_memory_in_units_and_without():
    text = "   Physical Memory: 240470433792 Bytes\n   NUMA Node Count: 2\n"
    assert esxcli_hardware_memory_get.parse(text).physical_bytes == 240470433792
    api = "<obj><NUMANodeCount>4</NUMANodeCount><PhysicalMemory>240470433792</PhysicalMemory></obj>"
    memory = esxcli_hardware_memory_get.parse(api)
    assert (memory.numa_node_count, memory.physical_bytes) == (4, 240470433792)
    assert why(esxcli_hardware_memory_get.parse("NUMA Node Count: 2").physical_bytes) is Why.ABSENT
    odd = esxcli_hardware_memory_get.parse("Physical Memory: 224 GB\nNUMA Node Count: two")
    assert why(odd.physical_bytes) is Why.UNPARSED
    assert why(odd.numa_node_count) is Why.UNPARSED


def test_hyperthreading_may_be_off_and_virtualization_too():
    cpu = esxcli_hardware_cpu_global_get.parse(
        "CPU Packages: 2\n   CPU Cores: 64\n   CPU Threads: 64\n"
        "   Hyperthreading Active: false\n   HV Support: 2\n"
    )
    assert cpu.package_count == 2
    assert cpu.hyperthreading_active is False
    assert cpu.hv_support == 2
    assert why(cpu.hyperthreading_enabled) is Why.ABSENT


def test_a_nested_host_names_itself():
    platform = esxcli_hardware_platform_get.parse(
        "Platform Information\n   Product Name: VMware7,1\n   Vendor Name: VMware, Inc.\n"
        "   BIOS Asset Tag:\n   IPMI Supported: false\n"
    )
    assert (platform.model, platform.vendor) == ("VMware7,1", "VMware, Inc.")
    assert platform.ipmi_supported is False


def gpu(line):
    text = f"0000:3b:00.0\n   Address: 0000:3b:00.0\n   Vendor ID: 0x10de\n   {line}\n"
    (device,) = esxcli_hardware_pci_list.parse(text)
    return device


@pytest.mark.parametrize("words", ["", " -1", " 4294967295", " 65535", " N/A"])
def test_a_device_without_a_numa_node_is_not_on_node_0(words):
    assert why(gpu(f"NUMA Node:{words}").numa_node) is Why.ABSENT


def test_numa_nodes_that_are_known_or_not_understood():
    assert gpu("NUMA Node: 0").numa_node == 0
    assert why(gpu("NUMA Node: none").numa_node) is Why.UNPARSED
    assert why(gpu("Chassis: 0").numa_node) is Why.ABSENT


def test_parents_are_decimal_whatever_they_look_like():
    assert gpu("Parent Device: PCI 0:66:0.0").parent == "0000:42:00.0"
    assert gpu("Parent Device: PCI 0:174:0:0").parent == "0000:ae:00.0"
    assert why(gpu("Parent Device: PCI 0:ae:0:0").parent) is Why.UNPARSED
    assert why(gpu("Parent Device: PCI 0:300:0:0").parent) is Why.UNPARSED
    assert why(gpu("Parent Device:").parent) is Why.ABSENT


def test_ids_are_decimal_over_the_api():
    (device,) = esxcli_hardware_pci_list.parse(
        '<obj xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="ArrayOfDataObject">'
        "<DataObject><Address>0000:65:00.0</Address><VendorID>4318</VendorID>"
        "<DeviceID>7684</DeviceID><SubVendorID>4318</SubVendorID><SubDeviceID>4792</SubDeviceID>"
        "<DeviceClass>768</DeviceClass><NUMANode>1</NUMANode><PassthruCapable>true</PassthruCapable>"
        "<PhysicalSlot>-1</PhysicalSlot></DataObject></obj>"
    )
    assert device.pci_id == PciId(0x10DE, 0x1E04, 0x10DE, 0x12B8)
    assert device.device_class == 0x0300
    assert device.numa_node == 1
    assert device.passthru_capable is True
    assert why(device.physical_slot) is Why.ABSENT


def test_a_device_whose_id_is_lost_has_an_unknown_id():
    (device,) = esxcli_hardware_pci_list.parse("0000:3b:00.0\n   Device ID: 0x20b7\n")
    assert device.address == "0000:3b:00.0"
    assert why(device.pci_id) is Why.ABSENT
    (device,) = esxcli_hardware_pci_list.parse(
        "0000:3b:00.0\n   Vendor ID: 0x10de\n   Device ID: 0x20b7\n"
    )
    assert device.pci_id == PciId(0x10DE, 0x20B7)


def test_pci_blocks_without_any_indentation():
    first, second = esxcli_hardware_pci_list.parse(
        "0000:3b:00.0\nAddress: 0000:3b:00.0\nFlags: 0x1\nNUMA Node: 0\n"
        "0000:af:00.0\nAddress: 0000:af:00.0\nFlags: 0x1\nNUMA Node: 1\n"
    )
    assert (first.numa_node, second.numa_node) == (0, 1)


def test_graphics_types_in_the_words_of_the_api():
    text = "0000:3b:00.0\n   Graphics Type: {}\n   Memory Size in KB: 47185920\n"
    for words, kind in [
        ("Basic", GraphicsType.BASIC),
        ("Shared", GraphicsType.SHARED),
        ("Passthru", GraphicsType.DIRECT),
        ("SharedPassthru", GraphicsType.SHARED_DIRECT),
    ]:
        (device,) = esxcli_graphics_device_list.parse(text.format(words))
        assert device.graphics_type is kind
        assert device.memory_bytes == 45 * 1024**3
    (device,) = esxcli_graphics_device_list.parse(text.format("Holographic"))
    assert why(device.graphics_type) is Why.UNPARSED
    assert device.graphics_type.detail == "not a graphics type: 'Holographic'"
    assert why(device.vm_count) is Why.ABSENT


def test_graphics_devices_over_the_api():
    (device,) = esxcli_graphics_device_list.parse(
        "<obj><DataObject><Address>0000:AF:00.0</Address><GraphicsType>Shared</GraphicsType>"
        "<MemorySizeinKB>1024</MemorySizeinKB><NumberofVMs>3</NumberofVMs></DataObject></obj>"
    )
    assert device.address == "0000:af:00.0"
    assert (device.memory_bytes, device.vm_count) == (1024 * 1024, 3)


def test_default_graphics_of_the_host():
    host = esxcli_graphics_host_get.parse(
        " Default Graphics Type: Shared\n   Shared Passthru Assignment Policy: Consolidation\n"
    )
    assert (host.default_type, host.assignment_policy) == (GraphicsType.SHARED, "consolidation")
    odd = esxcli_graphics_host_get.parse("Default Graphics Type: Passthru\n")
    assert why(odd.default_type) is Why.UNPARSED
    assert why(odd.assignment_policy) is Why.ABSENT


def test_vms_on_gpus_with_blanks_in_their_names():
    vms = esxcli_graphics_vm_list.parse(
        "World ID  Name            Device Address\n"
        "--------  --------------  --------------\n"
        "   12345  my  big  model  0000:3b:00.0\n"
        "   12345  my  big  model  0000:d8:00.0\n"
    )
    assert {vm.name for vm in vms} == {"my  big  model"}
    assert [vm.address for vm in vms] == ["0000:3b:00.0", "0000:d8:00.0"]
    assert (
        esxcli_graphics_vm_list.parse("World ID  Name  Device Address\n--------  ----  ------\n")
        == ()
    )


@pytest.mark.parametrize("platforms", ["", "  host"])
def test_vibs_before_and_after_esxi_8(platforms):
    head = "Name                   Version     Vendor  Acceptance Level  Install Date"
    rule = "---------------------  ----------  ------  ----------------  ------------"
    row_ = "NVD-VMware_ESXi_8.0.0  535.247.02  NVD     VMwareAccepted    2024-11-05  "
    if platforms:
        head, rule = f"{head}  Platforms", f"{rule}  ---------"
    row = f"{row_}{platforms}".rstrip()
    for text in (f"{head}\n{rule}\n{row}\n", f"{row}\n", f"{head}\n{row}\n"):
        (vib,) = esxcli_software_vib_list.parse(text)
        assert (vib.name, vib.version) == ("NVD-VMware_ESXi_8.0.0", "535.247.02")
        assert (vib.vendor, vib.acceptance_level) == ("NVD", "VMwareAccepted")
        assert vib.install_date == "2024-11-05"


def test_a_component_without_a_vendor_is_unknown_there():
    (component,) = esxcli_software_component_list.parse('[{"Name": "NVD-AIE-800", "Vendor": ""}]')
    assert component.name == "NVD-AIE-800"
    assert why(component.vendor) is Why.ABSENT


def test_a_link_that_is_down_has_speed_0():
    (nic,) = esxcli_network_nic_list.parse(
        "Name    PCI Device    Driver  Admin Status  Link Status  Speed  Duplex  MAC Address         MTU  Description\n"
        "------  ------------  ------  ------------  -----------  -----  ------  -----------------  ----  -----------\n"
        "vmnic1  0000:01:00.1          Up            Down             0  Half    02:00:00:00:00:02  9000\n"
    )
    assert (nic.link_up, nic.speed_mbps, nic.mtu_bytes) == (False, 0, 9000)
    assert why(nic.driver) is Why.ABSENT
    assert why(nic.description) is Why.ABSENT


def test_an_adapter_of_an_old_release_has_an_unknown_address():
    (nic,) = esxcli_network_nic_list.parse('[{"Name": "vmnic4", "PCIDevice": "0000:003:00.0"}]')
    assert why(nic.address) is Why.UNPARSED


def test_one_adapter_as_text():
    nic = esxcli_network_nic_get.parse(
        "   Backing DPUId: N/A\n   Cable Type:\n   Driver Info:\n         Bus Info: 0000:02:01:0\n"
        "         Driver: nvmxnet3\n         Firmware Version: 7\n         Version: 2.0.0.31\n"
        "   Link Detected: true\n   Link Status: Up \n   Name: vmnic0\n   Transceiver:\n"
    )
    assert (nic.name, nic.address, nic.driver) == ("vmnic0", "0000:02:01.0", "nvmxnet3")
    assert (nic.driver_version, nic.firmware_version) == ("2.0.0.31", "7")
    assert nic.link_up is True


def test_the_adapter_is_asked_for_by_its_number():
    filled = esxcli_network_nic_get.REQUEST.fill(number=3)
    assert filled.text == "esxcli network nic get -n vmnic3"
    with pytest.raises(TypeError):
        esxcli_network_nic_get.REQUEST.fill(number="3; reboot")


def test_running_vms_as_text():
    first, second = esxcli_vm_process_list.parse(
        "Gitlab\n   World ID: 2099532\n   Process ID: 0\n   VMX Cartel ID: 2099517\n"
        "   UUID: 56 4d 48 08 86 8b 8f 67-a5 4a 33 f3 87 a8 d0 59\n   Display Name: Gitlab\n"
        "   Config File: /vmfs/volumes/ds/Gitlab/Gitlab.vmx\n\n"
        "half a VM\n   World ID: 7\n   UUID: 56 4d\n"
    )
    assert (first.name, first.world_id, first.vmx_cartel_id) == ("Gitlab", 2099532, 2099517)
    assert first.uuid == "564d4808-868b-8f67-a54a-33f387a8d059"
    assert (second.name, second.world_id) == ("half a VM", 7)
    assert why(second.uuid) is Why.UNPARSED
    assert why(second.config_file) is Why.ABSENT


def test_sriov_adapters_with_a_proper_rule():
    (nic,) = esxcli_network_sriovnic_list.parse(
        "Name    PCI Device    Driver  Link  Speed  Duplex  MAC Address         MTU  Description\n"
        "------  ------------  ------  ----  -----  ------  -----------------  ----  -----------\n"
        "vmnic4  0000:3b:00.0  i40en   Down      0  Half    f8:f2:1e:00:00:05  1500  Intel XL710\n"
    )
    assert (nic.address, nic.link_up, nic.description) == ("0000:3b:00.0", False, "Intel XL710")


def test_passthrough_switches_without_their_header():
    (device,) = esxcli_hardware_pci_pcipassthru_list.parse("0000:18:00.0    true\n")
    assert (device.address, device.enabled) == ("0000:18:00.0", True)
    (device,) = esxcli_hardware_pci_pcipassthru_list.parse("0000:18:00.0    perhaps\n")
    assert why(device.enabled) is Why.UNPARSED


@pytest.mark.parametrize("address", ["0000:04:00.0", "dc:00.0", "0000:DC:00.0"])
@pytest.mark.parametrize("mark", ["", ":", ": "])
def test_a_device_is_told_by_its_heading_with_the_colon_of_localcli_too(address, mark):
    (device,) = esxcli_graphics_device_list.parse(
        f"{address}{mark}\n   Vendor Name: NVIDIA Corporation\n   Graphics Type: Basic\n"
    )
    assert device.address == ("0000:04:00.0" if "04" in address else "0000:dc:00.0")
    (function,) = esxcli_hardware_pci_list.parse(f"{address}{mark}\n   Vendor ID: 0x10de\n")
    assert function.address == device.address


def test_a_vm_keeps_the_colon_of_its_name():
    (process,) = esxcli_vm_process_list.parse("web:\n   World ID: 7\n   Display Name: web:\n")
    assert process.name == "web:"
