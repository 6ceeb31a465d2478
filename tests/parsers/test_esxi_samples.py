"""Every collected sample of an ESXi shell command, with facts that were checked by eye.

The samples lie beside the repository; without them these tests are skipped, and the tests with
short texts of the other files still hold.
"""

# ruff: noqa: E501  tables keep the width that the commands print

from pathlib import Path

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
    sched_stats_numa_clients,
    vsish_numa_nodes,
    vsish_package_list,
)
from hostcheck.parsers.unasked import (
    esxcfg_info,
    esxcfg_nics_l,
    esxcli_graphics_vm_list,
    esxcli_hardware_pci_pcipassthru_list,
    esxcli_hardware_platform_get,
    esxcli_network_nic_get,
    esxcli_network_nic_list,
    esxcli_network_sriovnic_list,
    esxcli_software_component_list,
    esxcli_system_maintenancemode_get,
    lspci,
    lspci_n,
    lspci_p,
    sched_stats_numa_pnode,
    vmkchdev_l,
    vmkload_mod_l,
    vsish_bar_info,
    vsish_cpu_info,
    vsish_package_nodes,
)
from hostcheck.syntax.esxcli import record_of, records_of
from hostcheck.syntax.xml import root_of

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the collected samples are not beside the repository"
)


def sample(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="utf-8")


def absent(reading: object) -> bool:
    return isinstance(reading, Unknown) and reading.why is Why.ABSENT


@pytest.mark.parametrize(
    ("name", "packages", "cores", "threads"),
    [("1socket_802", 1, 12, 24), ("2x32", 2, 64, 128), ("r620_803", 2, 20, 40),
     ("r750xs_70u1", 2, 24, 48)],
)  # fmt: skip
def test_processor_counts(name, packages, cores, threads):
    cpu = esxcli_hardware_cpu_global_get.parse(
        sample(f"vsphere/esxcli_hardware_cpu_global_get_{name}.txt")
    )
    assert (cpu.package_count, cpu.core_count, cpu.pu_count) == (packages, cores, threads)
    assert cpu.hyperthreading_active is True
    assert cpu.hyperthreading_supported is True
    assert cpu.hyperthreading_enabled is True
    assert cpu.hv_support == 3


def test_r620_has_two_nodes_and_its_release():
    memory = esxcli_hardware_memory_get.parse(
        sample("vsphere/esxcli_hardware_memory_get_r620_803.txt")
    )
    assert memory.physical_bytes == 240470433792
    assert memory.numa_node_count == 2
    version = esxcli_system_version_get.parse(
        sample("vsphere/esxcli_system_version_get_r620_803.txt")
    )
    assert (version.product, version.version, version.build) == ("VMware ESXi", "8.0.3", "24677879")
    assert (version.update, version.patch) == (3, 70)
    platform = esxcli_hardware_platform_get.parse(
        sample("vsphere/esxcli_hardware_platform_get_r620_803.txt")
    )
    assert (platform.vendor, platform.model) == ("Dell Inc.", "PowerEdge R620")
    assert platform.ipmi_supported is True


def test_maintenance_mode_has_two_answers():
    both = sample("vsphere/esxcli_system_maintenanceMode_get.txt")
    on, off = both.splitlines()
    assert esxcli_system_maintenancemode_get.parse(on).enabled is True
    assert esxcli_system_maintenancemode_get.parse(off).enabled is False
    with pytest.raises(ParseError, match="found Enabled, Disabled"):
        esxcli_system_maintenancemode_get.parse(both)


def test_a30_lies_on_node_1_below_a_bridge_with_a_decimal_address():
    (gpu,) = esxcli_hardware_pci_list.parse(
        sample("vsphere/esxcli_hardware_pci_list_a30_esxi8.txt")
    )
    assert gpu.address == "0000:af:00.0"
    assert gpu.pci_id == PciId(0x10DE, 0x20B7, 0x10DE, 0x1532)
    assert gpu.device_class == 0x0302
    assert gpu.device_class_name == "3D controller"
    assert gpu.device_name == "GA100GL [A30 PCIe]"
    assert gpu.current_owner == gpu.configured_owner == "VM Passthru"
    assert gpu.module_name == "pciPassthru"
    assert gpu.physical_slot == 4
    assert gpu.slot_description == "PCIe Slot 4"
    assert gpu.parent == "0000:ae:00.0"
    assert gpu.dependent == "0000:af:00.0"
    assert gpu.passthru_capable is True
    assert gpu.fpt_sharable is True
    assert gpu.numa_node == 1
    assert absent(gpu.vmkernel_name)
    assert absent(gpu.hardware_label)


def test_a_block_that_lost_its_first_lines_still_tells_the_rest():
    (gpu,) = esxcli_hardware_pci_list.parse(
        sample("nvidia/esxi-esxcli-hardware-pci-list-a100-pf.txt")
    )
    assert absent(gpu.address)
    assert gpu.vmkernel_name == "vmgfx1"
    assert gpu.pci_id == PciId(0x10DE, 0x20F1, 0x10DE, 0x145F)
    assert gpu.current_owner == "VMkernel"
    assert gpu.module_name == "nvidia"
    assert gpu.parent == "0000:85:00.0"
    assert gpu.numa_node == 1


def test_pensando_nic_has_no_slot_and_no_node():
    (nic,) = esxcli_hardware_pci_list.parse(sample("vsphere/esxcli_hardware_pci_list_pensando.txt"))
    assert nic.address == "0000:03:00.0"
    assert nic.vmkernel_name == "vmnic1"
    assert nic.vendor_name == "Pensando Systems, Inc"
    assert absent(nic.physical_slot)
    assert absent(nic.numa_node)
    assert nic.parent == "0000:02:00.0"
    assert nic.passthru_capable is False


def test_older_layout_has_two_devices_without_nodes():
    nic, hba = esxcli_hardware_pci_list.parse(
        sample("vsphere/esxcli_hardware_pci_list_x540_lsi_older.txt")
    )
    assert (nic.address, hba.address) == ("0000:02:00.1", "0000:04:00.0")
    assert nic.pci_id == PciId(0x8086, 0x1528, 0x103C, 0x192D)
    assert nic.slot_description == "CPU1 SLOT2 PCI-E 3.0 X4 (IN X8 SLOT)"
    assert nic.configured_owner == "Unknown"
    assert nic.parent == "0000:00:01.1"
    assert hba.current_owner == "VM Passthru"
    assert absent(nic.numa_node)


def test_passthrough_switches():
    mixed = esxcli_hardware_pci_pcipassthru_list.parse(
        sample("vsphere/esxcli_hardware_pci_pcipassthru_list_mixed.txt")
    )
    assert [(d.address, d.enabled) for d in mixed] == [
        ("0000:02:00.0", True),
        ("0000:18:00.0", False),
    ]
    r750 = esxcli_hardware_pci_pcipassthru_list.parse(
        sample("vsphere/esxcli_hardware_pci_pcipassthru_list_r750xs_70u1.txt")
    )
    assert len(r750) == 4
    assert r750[-1].address == "0000:65:00.0"
    assert not any(d.enabled for d in r750)


@pytest.mark.parametrize(
    ("name", "module", "kind", "memory", "vms"),
    [
        ("vsphere/esxcli_graphics_device_list_basic.txt", "None", GraphicsType.BASIC, 0, 0),
        ("nvidia/esxi80-esxcli-graphics-device-list-a100-basic.txt", "None", GraphicsType.BASIC, 0, 0),
        ("vsphere/esxcli_graphics_device_list_passthru.txt", "pciPassthru", GraphicsType.DIRECT, 0, 0),
        ("vsphere/esxcli_graphics_device_list_passthru_vm1.txt", "pciPassthru", GraphicsType.DIRECT, 0, 1),
        ("vsphere/esxcli_graphics_device_list_sharedpassthru.DERIVED.txt", "nvidia",
         GraphicsType.SHARED_DIRECT, 40 * 1024**3, 0),
    ],
)  # fmt: skip
def test_graphics_type_of_an_a100(name, module, kind, memory, vms):
    (gpu,) = esxcli_graphics_device_list.parse(sample(name))
    assert gpu.address == "0000:af:00.0"
    assert gpu.vendor_name == "NVIDIA Corporation"
    assert (gpu.module_name, gpu.graphics_type) == (module, kind)
    assert (gpu.memory_bytes, gpu.vm_count) == (memory, vms)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("vsphere/esxcli_graphics_host_get_shared.txt", GraphicsType.SHARED),
        ("vsphere/esxcli_graphics_host_get_sharedpassthru.txt", GraphicsType.SHARED_DIRECT),
        ("nvidia/esxi80-esxcli-graphics-host-get-sharedpassthru.txt", GraphicsType.SHARED_DIRECT),
    ],
)
def test_default_graphics_type(name, kind):
    host = esxcli_graphics_host_get.parse(sample(name))
    assert (host.default_type, host.assignment_policy) == (kind, "performance")


def test_vm_on_a_gpu():
    (vm,) = esxcli_graphics_vm_list.parse(sample("vsphere/esxcli_graphics_vm_list.txt"))
    assert (vm.world_id, vm.name, vm.address) == (6733887, "LLMtest01", "0000:af:00.0")


@pytest.mark.parametrize(
    "name",
    ["vsphere/esxcli_software_component_list_nvaie_80u1.txt", "nvidia/esxi80-component-list-grep-NVD.txt"],
)  # fmt: skip
def test_vgpu_component_in_one_line_without_a_header(name):
    (driver,) = esxcli_software_component_list.parse(sample(name))
    assert driver.name == "NVD-AIE-800"
    assert driver.display_name == "NVIDIA AI Enterprise vGPU driver for VMWare ESX-8.0.0"
    assert driver.version == "525.105.14-1OEM.800.1.0.20613240"
    assert driver.display_version == "525.105.14"
    assert driver.vendor == "NVIDIA"
    assert driver.creation_date == "03-27-2023"
    assert driver.acceptance_level == "VMwareAccepted"


def test_an_installation_result_is_no_list_of_software():
    for name in (
        "vsphere/esxcli_software_vib_install_grid_esxi8.txt",
        "vsphere/esxcli_software_component_apply_nvaie_80u1.txt",
    ):
        with pytest.raises(ParseError):
            esxcli_software_vib_list.parse(sample(name))
        with pytest.raises(ParseError):
            esxcli_software_component_list.parse(sample(name))


def test_network_adapters_of_an_r620():
    nics = esxcli_network_nic_list.parse(sample("vsphere/esxcli_network_nic_list_r620_803.txt"))
    assert [nic.name for nic in nics] == ["vmnic0", "vmnic1", "vmnic2", "vmnic3"]
    assert [nic.address for nic in nics][2:] == ["0000:02:00.0", "0000:02:00.1"]
    assert [nic.link_up for nic in nics] == [True, False, True, False]
    assert [nic.speed_mbps for nic in nics] == [1000, 0, 1000, 0]
    assert {nic.driver for nic in nics} == {"ntg3"}
    assert {nic.mtu_bytes for nic in nics} == {1500}
    assert nics[0].mac == "02:00:00:00:00:01"
    assert nics[0].description == "Broadcom Corporation NetXtreme BCM5720 Gigabit Ethernet"


def test_network_adapters_as_key_and_value():
    nics = esxcli_network_nic_list.parse(sample("vsphere/esxcli_network_nic_list.keyvalue.txt"))
    assert [nic.name for nic in nics] == [f"vmnic{n}" for n in range(8)]
    assert [nic.address for nic in nics][-2:] == ["0000:88:00.0", "0000:88:00.1"]
    assert nics[5].mtu_bytes == 9000
    assert nics[4].speed_mbps == 40000
    assert nics[3].link_up is False
    assert all(nic.admin_up for nic in nics)
    assert nics[4].description == "Intel(R) Ethernet Controller XL710 for 40GbE QSFP+"


def test_one_network_adapter_as_nested_xml():
    nic = esxcli_network_nic_get.parse(sample("vsphere/esxcli_network_nic_get.xml"))
    assert (nic.name, nic.address) == ("vmnic0", "0000:18:00.0")
    assert (nic.driver, nic.driver_version) == ("ixgben", "1.15.1.0")
    assert nic.firmware_version == "3.30 0x800014a5, 20.5.15"
    assert nic.link_up is True
    assert nic.link_detected is True


def test_sriov_adapter_below_an_unbroken_rule():
    (nic,) = esxcli_network_sriovnic_list.parse(
        sample("vsphere/esxcli_network_sriovnic_list_cisco-vic.txt")
    )
    assert (nic.name, nic.address, nic.driver) == ("vmnic0", "0000:1b:00.0", "nenic")
    assert (nic.speed_mbps, nic.mtu_bytes, nic.link_up) == (50000, 1500, True)
    assert nic.description == "Cisco Systems Inc Cisco VIC Ethernet NIC"


def test_running_vms_as_xml():
    vms = esxcli_vm_process_list.parse(sample("vsphere/esxcli_vm_process_list.xml"))
    assert len(vms) == 5
    assert vms[1].name == "vSAN File Service Node (2)"
    assert (vms[1].world_id, vms[1].vmx_cartel_id) == (2103350, 2103347)
    assert vms[0].uuid == "42364950-7c48-2a8b-18b5-48e10ddb9a37"
    assert str(vms[4].config_file).endswith("/TCA-M3.0.vmx")


def test_api_replies_in_every_form():
    vms = records_of(sample("vsphere/api_esxcli_network_vm_list.xml"), what="x", knows=("WorldID",))
    assert [vm.number("World ID") for vm in vms] == [98842, 236235]
    assert [vm.text("Networks") for vm in vms] == ["VM Network, dougm", "VM Network"]
    (port,) = records_of(
        sample("vsphere/api_esxcli_network_vm_port_list.xml"), what="x", knows=("Port ID",)
    )
    assert port.text("Team Uplink") == "vmnic0"
    assert absent(port.text("DVPort ID"))
    name = record_of(
        sample("vsphere/api_esxcli_system_hostname_get.xml"), what="x", knows=("Host Name",)
    )
    assert name.text("Fully Qualified Domain Name") == "esxbox.localdomain"


def test_a_vib_inside_an_executesoap_envelope():
    envelope = root_of(sample("vsphere/api_esxcli_ExecuteSoap_response.SIMULATED.xml"), what="soap")
    inner = next(element.text for element in envelope.iter() if element.tag.endswith("}response"))
    (vib,) = esxcli_software_vib_list.parse(inner)
    assert (vib.name, vib.version, vib.vendor) == ("esx-ui", "2.12.0-21482143", "VMware")
    assert vib.install_date == "2023-03-28"
    with pytest.raises(ParseError):
        esxcli_software_vib_list.parse(sample("vsphere/api_esxcli_ExecuteSoap_fault.SIMULATED.xml"))


def test_sub_numa_clustering_seen_by_vsish():
    on = sample("vsphere/vsish_packageList_numaNodes_intel2s_snc-on.txt")
    assert vsish_package_list.parse(on) == (0, 1)
    assert vsish_numa_nodes.parse(on) == (0, 1, 2, 3)
    off = sample("vsphere/vsish_packageList_numaNodes_2s_snc-off.DERIVED.txt")
    assert vsish_package_list.parse(off) == vsish_numa_nodes.parse(off) == (0, 1)
    assert vsish_package_nodes.parse(
        sample("vsphere/vsish_cpuTopology_package_nodes_intel2s.txt")
    ) == (0, 1)


def test_nested_host_before_and_after_it_got_a_second_node():
    assert vsish_numa_nodes.parse(sample("vsphere/vsish_numaNodes_nested70u3_before.txt")) == (0,)
    assert vsish_numa_nodes.parse(sample("vsphere/vsish_numaNodes_nested70u3_after.txt")) == (0, 1)
    cpu = vsish_cpu_info.parse(sample("vsphere/vsish_cpuInfo_nested70u3.txt"))
    assert (cpu.package_count, cpu.core_count, cpu.pu_count, cpu.die_count) == (2, 20, 20, 2)
    assert cpu.hv_support == 3
    assert sched_stats_numa_pnode.parse(
        sample("vsphere/sched-stats_numa-pnode_1node_empty.txt")
    ) == ()  # fmt: skip
    nodes = sched_stats_numa_pnode.parse(
        sample("vsphere/sched-stats_numa-pnode_2nodes_nested70u3.txt")
    )
    assert [node.node for node in nodes] == [0, 1]
    assert [node.total_bytes for node in nodes] == [33547656 * 1024, 33554432 * 1024]
    assert nodes[0].free_bytes == 28826116 * 1024


@pytest.mark.parametrize(
    ("bar", "address", "size"),
    [(0, 0xE1000000, 16 * 1024**2), (1, 0x399000000000, 64 * 1024**3),
     (3, 0x39B020000000, 32 * 1024**2)],
)  # fmt: skip
def test_memory_windows_of_an_a100(bar, address, size):
    window = vsish_bar_info.parse(sample(f"vsphere/vsish_pci_BARInfo{bar}_a100-40.txt"))
    assert (window.address, window.size_bytes) == (address, size)


def test_a_vm_with_most_of_its_memory_remote():
    small, large = sched_stats_numa_clients.parse(
        sample("vsphere/sched-stats_numa-clients_1client_remote.txt")
    )
    assert (small.group, small.remote_bytes) == ("vm.2117528", 0)
    assert (large.group, large.home_node, large.affinity_nodes) == ("vm.8823431", 0, (0, 1))
    assert large.world_count == 12
    assert large.local_bytes == 237082912 * 1024
    assert large.remote_bytes == 163191036 * 1024


def test_devices_and_virtual_functions_in_words():
    gpu, mellanox, qat, dlb = lspci.parse(sample("vsphere/lspci_nvidia_p40_mlx_vfs.txt"))
    assert gpu.description == "NVIDIA Corporation GP102GL [Tesla P40]"
    assert absent(gpu.physical_function)
    assert mellanox.vmkernel_name == "PF_0.175.0_VF_0"
    assert mellanox.description.endswith("[ConnectX-4 Virtual Function]")
    assert mellanox.physical_function == "0000:af:00.0"
    assert (qat.class_name, qat.physical_function) == ("Class 0b40", "0000:e9:00.0")
    assert dlb.physical_function == "0000:6d:00.0"


def test_devices_and_virtual_functions_in_numbers():
    rows = lspci_n.parse(sample("vsphere/lspci_n_intel2s_vfs.txt"))
    assert len(rows) == 20
    assert rows[0].address == "0000:31:00.0"
    assert rows[0].pci_id == PciId(0x8086, 0x1521)
    assert rows[0].device_class == 0x0200
    assert rows[0].vmkernel_name == "vmnic4"
    functions = {row.address: row.physical_function for row in rows[-4:]}
    assert functions == {
        "0000:ca:02.0": "0000:ca:00.0",
        "0000:ca:02.1": "0000:ca:00.0",
        "0000:cb:00.0": "0000:ca:00.1",
        "0000:cb:00.1": "0000:ca:00.1",
    }


def test_owners_in_both_layouts():
    rows = lspci_p.parse(sample("vsphere/lspci_p_intel2s.txt"))
    assert len(rows) == 16
    assert {row.owner for row in rows} == {"vmkernel"}
    assert (rows[8].driver, rows[8].vmkernel_name) == ("bnxtnet", "vmnic14")
    assert rows[0].pci_id == PciId(0x8086, 0x1521, 0x103C, 0x8157)
    kept, passed, function = lspci_p.parse(sample("vsphere/lspci_p_passthru_esxi8.txt"))
    assert (kept.owner, kept.driver) == ("vmkernel", "i40en")
    assert (passed.owner, passed.driver) == ("passthru", "pciPassthru")
    assert (function.address, function.owner) == ("0000:af:02.0", "passthru")
    assert absent(kept.vmkernel_name)
    assert absent(passed.vmkernel_name)


def test_owners_by_vmkchdev():
    gpu, hba = vmkchdev_l.parse(sample("vsphere/vmkchdev_l_lines.txt"))
    assert (gpu.address, gpu.owner) == ("0000:42:00.0", "passthru")
    assert gpu.pci_id == PciId(0x10DE, 0x1B38, 0x10DE, 0x11D9)
    assert absent(gpu.vmkernel_name)
    assert (hba.owner, hba.vmkernel_name) == ("vmkernel", "vmhba4")


def test_the_vgpu_module_is_loaded():
    big, small = vmkload_mod_l.parse(sample("vsphere/vmkload_mod_nvidia.txt"))
    assert (big.name, big.used, big.size_bytes) == ("nvidia", 51, 35792 * 1024)
    assert (small.name, small.used, small.size_bytes) == ("nvidia", 5, 8420 * 1024)
    (same,) = vmkload_mod_l.parse(sample("nvidia/esxi-vmkload_mod-l-grep-nvidia.txt"))
    assert same == small


def test_network_adapters_by_esxcfg():
    nics = esxcfg_nics_l.parse(sample("vsphere/esxcfg-nics_l_intel2s.txt"))
    assert len(nics) == 7
    assert (nics[0].name, nics[0].address) == ("vmnic0", "0000:4b:00.0")
    assert (nics[0].driver, nics[0].speed_mbps, nics[0].link_up) == ("icen", 25000, True)
    assert (nics[3].name, nics[3].link_up, nics[3].speed_mbps) == ("vmnic14", False, 0)
    assert nics[2].description == "Intel(R) Ethernet Controller X710 for 10GbE SFP+"


def test_hardware_virtualization_by_esxcfg_info():
    assert esxcfg_info.parse(sample("vsphere/esxcfg-info_hv_support.txt")).hv_support == 3
