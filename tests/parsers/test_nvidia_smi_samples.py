"""Real answers of real hosts, with the facts that a person read in them."""

import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Mode, PcieLink
from hostcheck.model.pci import PciId
from hostcheck.parsers import (
    nvidia_smi_mig_lgi,
    nvidia_smi_q,
    nvidia_smi_q_x,
    nvidia_smi_query_gpu,
    nvidia_smi_topo_m,
    nvidia_smi_vgpu_c,
    nvidia_smi_vgpu_q,
    nvidia_smi_vgpu_s,
    nvidia_smi_vgpu_s_v,
)
from hostcheck.parsers.unasked import (
    nvidia_smi,
    nvidia_smi_help_query_gpu,
    nvidia_smi_l,
    nvidia_smi_mig_lci,
    nvidia_smi_mig_lgip,
    nvidia_smi_vgpu,
    nvidia_smi_vgpu_u,
)

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"
pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the collected samples lie beside the repository, not in it"
)
MIB = 1 << 20
GIB = 1 << 30
H100 = "exporter-linux-x86_64__nvidia-h100-80gb-hbm3__590.48.01.txt"
H100_MIG = "exporter-linux-x86_64__nvidia-h100-mig__590.48.01.txt"
H200 = "exporter-linux-x86_64__nvidia-h200__590.48.01.txt"
_SECTION = re.compile(r"#{80}\n# (.*)\n# \$ .*\n#{80}\n")


@cache
def sample(name: str, folder: str = "nvidia") -> str:
    return (SAMPLES / folder / name).read_text(encoding="utf-8")


def section(name: str, title: str) -> str:
    parts = _SECTION.split(sample(name))
    return dict(zip(parts[1::2], parts[2::2], strict=True))[title]


def says(reading: object, words: str) -> bool:
    return isinstance(reading, Unknown) and reading.why is Why.ABSENT and words in reading.detail


def only_gpu(name: str) -> Any:
    parse = nvidia_smi_q_x.parse if name.endswith(".xml") else nvidia_smi_q.parse
    log = parse(sample(name))
    assert len(log.gpus) == 1
    return log.gpus[0]


def test_a100_with_mig_on_has_two_mig_devices_and_no_volatile_ecc_count():
    log = nvidia_smi_q_x.parse(sample("netdata-a100-sxm4-mig.xml"))
    assert (log.driver_version, log.attached_gpus) == ("510.47.03", 1)
    (gpu,) = log.gpus
    assert gpu.address == "0000:00:04.0"
    assert gpu.name == "NVIDIA A100-SXM4-40GB"
    assert gpu.architecture == "Ampere"
    assert gpu.uuid == "GPU-27b94a00-ed54-5c24-b1fd-1054085de32a"
    assert gpu.pci_id == PciId(0x10DE, 0x20B0, 0x10DE, 0x134F)
    assert (gpu.mig_current, gpu.mig_pending) == (Mode.ENABLED, Mode.ENABLED)
    assert gpu.mig_device_count == 2
    assert (gpu.ecc_current, gpu.ecc_pending) == (Mode.ENABLED, Mode.ENABLED)
    assert says(gpu.ecc_uncorrected_volatile, "nvidia-smi says 'N/A'")
    assert gpu.ecc_uncorrected_aggregate == 0
    assert says(gpu.rows_remap_pending, "nvidia-smi says 'N/A'")
    assert gpu.framebuffer_total_bytes == 40 * GIB
    assert gpu.framebuffer_used_bytes == 38 * MIB
    assert gpu.bar1_total_bytes == 64 * GIB
    assert gpu.virtualization_mode == "Pass-Through"
    assert says(gpu.host_vgpu_mode, "nvidia-smi says 'N/A'")
    assert gpu.link == PcieLink(4, 4, 16, 16)
    assert gpu.inforom_ecc_object == "6.16"
    assert gpu.gsp_firmware == "510.47.03"
    assert gpu.module_id == 3
    assert gpu.vbios == "92.00.45.00.03"


def test_a10g_has_masked_pci_ids_and_healthy_rows():
    gpu = only_gpu("telegraf-a10g.xml")
    assert says(gpu.pci_id, "'000000DE' was masked")
    assert gpu.framebuffer_total_bytes == 23028 * MIB
    assert gpu.ecc_current is Mode.ENABLED
    assert (gpu.rows_remap_pending, gpu.rows_remap_failed) == (False, False)
    assert (gpu.rows_remapped_correctable, gpu.rows_remapped_uncorrectable) == (0, 0)
    assert says(gpu.pages_retire_pending, "nvidia-smi says 'N/A'")
    assert (gpu.ecc_uncorrected_volatile, gpu.ecc_uncorrected_aggregate) == (0, 0)
    assert gpu.link == PcieLink(1, 4, 8, 16)


def test_t4_retires_pages_where_ampere_remaps_rows():
    gpu = only_gpu("telegraf-tesla-t4.xml")
    assert gpu.pci_id == PciId(0x10DE, 0x1EB8, 0x10DE, 0x12A2)
    assert gpu.pages_retire_pending is False
    assert (gpu.pages_retired_single_bit, gpu.pages_retired_double_bit) == (0, 0)
    assert says(gpu.rows_remap_failed, "nvidia-smi says 'N/A'")
    assert gpu.framebuffer_total_bytes == 15360 * MIB
    assert gpu.bar1_total_bytes == 256 * MIB
    assert gpu.mig_current is Mode.NOT_SUPPORTED
    assert gpu.mig_device_count == 0


def test_rtx_3080_of_driver_595_says_that_display_mode_is_deprecated():
    gpu = only_gpu("telegraf-rtx-3080-v13.xml")
    assert says(gpu.display_mode, "'Requested functionality has been deprecated'")
    assert gpu.display_active == "Disabled"
    assert gpu.ecc_current is Mode.NOT_SUPPORTED
    assert gpu.vgpu_heterogeneous_mode is Mode.NOT_SUPPORTED
    assert gpu.recovery_action == "None"
    assert gpu.module_id == 1
    assert says(gpu.ecc_uncorrected_aggregate, "nvidia-smi says 'N/A'")


def test_rtx_4090_of_driver_535_has_ecc_off_and_needs_no_reset():
    gpu = only_gpu("netdata-rtx-4090-driver-535.xml")
    assert (gpu.ecc_current, gpu.ecc_pending) == (Mode.DISABLED, Mode.DISABLED)
    assert gpu.reset_required is False
    assert gpu.link == PcieLink(1, 3, 16, 16)
    assert gpu.pci_id == PciId(0x10DE, 0x2684, 0x1458, 0x40BF)


@pytest.mark.parametrize(
    ("name", "driver", "pci_id"),
    [
        ("netdata-rtx-2080-win.xml", "516.59", PciId(0x10DE, 0x1E87, 0x1458, 0x37AF)),
        ("netdata-rtx-3060.xml", "515.65.01", PciId(0x10DE, 0x2520, 0x1028, 0x0A83)),
        ("telegraf-quadro-p2000-v12.xml", "525.125.06", PciId(0x10DE, 0x1C30, 0x1028, 0x11B3)),
        ("telegraf-quadro-p400.xml", "418.43", PciId(0x10DE, 0x1CB3, 0x10DE, 0x11BE)),
        ("telegraf-gtx-1660-ti.xml", "418.43", PciId(0x10DE, 0x2184, 0x1458, 0x3FC8)),
    ],
)
def test_boards_without_ecc_have_no_switch_and_no_counts(name, driver, pci_id):
    log = nvidia_smi_q_x.parse(sample(name))
    (gpu,) = log.gpus
    assert log.driver_version == driver
    assert gpu.pci_id == pci_id
    assert gpu.ecc_current is Mode.NOT_SUPPORTED
    assert says(gpu.ecc_uncorrected_volatile, "nvidia-smi says 'N/A'")
    assert gpu.virtualization_mode == "None"


@pytest.mark.parametrize("name", ["telegraf-quadro-p400.xml", "telegraf-gtx-1660-ti.xml"])
def test_driver_418_does_not_know_mig(name):
    gpu = only_gpu(name)
    assert says(gpu.mig_current, "the answer has no 'MIG Mode/Current'")
    assert says(gpu.mig_device_count, "no list of MIG devices")


def test_cut_xml_still_yields_what_it_holds():
    gpu = only_gpu("telegraf-gtx-1070-ti.xml")
    assert gpu.framebuffer_total_bytes == 4096 * MIB
    assert says(gpu.link, "PCIe Generation/Max")
    gpu = only_gpu("netdata-rtx-pro-6000-driver-580.xml")
    assert gpu.address == "0000:01:00.0"
    assert says(gpu.framebuffer_total_bytes, "the answer has no 'FB Memory Usage/Total'")


def test_p40_under_proxmox_is_a_vgpu_host_without_sriov():
    log = nvidia_smi_q.parse(sample("vgpu-host-p40-ecc-disabled-q.txt"))
    assert (log.driver_version, log.attached_gpus) == ("535.129.03", 1)
    (gpu,) = log.gpus
    assert gpu.address == "0000:83:00.0"
    assert gpu.pci_id == PciId(0x10DE, 0x1B38, 0x10DE, 0x11D9)
    assert (gpu.ecc_current, gpu.ecc_pending) == (Mode.DISABLED, Mode.DISABLED)
    assert says(gpu.ecc_uncorrected_volatile, "nvidia-smi says 'N/A'")
    assert gpu.virtualization_mode == "Host VGPU"
    assert gpu.host_vgpu_mode == "Non SR-IOV"
    assert (gpu.heterogeneous_profiles, gpu.heterogeneous_sizes) == (True, False)
    assert gpu.pages_retire_pending is False
    assert gpu.framebuffer_total_bytes == 24576 * MIB
    assert gpu.framebuffer_used_bytes == 54 * MIB
    assert gpu.reset_required is False
    assert gpu.mig_device_count == 0
    assert gpu.inforom_ecc_object == "4.1"


def test_a16_under_ahv_is_a_vgpu_host_with_sriov():
    log = nvidia_smi_q.parse(sample("ahv-a16-sriov-vgpu-host-q-excerpt.txt"))
    assert (log.attached_gpus, len(log.gpus)) == (4, 1)
    (gpu,) = log.gpus
    assert gpu.pci_id == PciId(0x10DE, 0x25B6, 0x10DE, 0x14A9)
    assert gpu.host_vgpu_mode == "SR-IOV"
    assert gpu.link == PcieLink(1, 4, 4, 16)
    assert gpu.framebuffer_total_bytes == 15105 * MIB
    assert gpu.bar1_total_bytes == 16 * GIB
    assert (gpu.ecc_uncorrected_volatile, gpu.ecc_uncorrected_aggregate) == (0, 0)


def test_h100_nvl_excerpt_ends_before_its_mig_devices():
    gpu = only_gpu("h100nvl-vgpu-host-mig-q-head.txt")
    assert (gpu.mig_current, gpu.mig_pending) == (Mode.ENABLED, Mode.ENABLED)
    assert says(gpu.mig_device_count, "no list of MIG devices")
    assert says(gpu.ecc_current, "the answer has no 'ECC Mode/Current'")
    assert (gpu.heterogeneous_profiles, gpu.heterogeneous_sizes) == (True, False)


def test_blackwell_in_pci_domain_1_and_with_128_gib_of_bar1():
    log = nvidia_smi_q.parse(sample("rtxpro6000-blackwell-vgpu-host-q-trimmed.txt"))
    (gpu,) = log.gpus
    assert log.attached_gpus == 4
    assert gpu.address == "0001:c8:00.0"
    assert gpu.bar1_total_bytes == 128 * GIB
    assert gpu.framebuffer_used_bytes == 5952 * MIB
    assert says(gpu.display_mode, "deprecated")


def test_an_excerpt_without_its_gpu_line_keeps_its_facts():
    gpu = only_gpu("ecc-q-head-enabled.txt")
    assert (gpu.ecc_current, gpu.ecc_pending) == (Mode.ENABLED, Mode.ENABLED)
    assert isinstance(gpu.address, Unknown)


@pytest.mark.parametrize(
    ("name", "mig", "mig_devices", "load_used_mib", "rows_known"),
    [
        (H100, Mode.DISABLED, 0, 19818, True),
        (H200, Mode.DISABLED, 0, 32362, True),
        (H100_MIG, Mode.ENABLED, 4, 11125, False),
    ],
)
def test_hopper_of_driver_590_idle_and_busy(name, mig, mig_devices, load_used_mib, rows_known):
    for state in ("idle", "load"):
        log = nvidia_smi_q.parse(section(name, f"{state} :: query (-q)"))
        (gpu,) = log.gpus
        assert log.driver_version == "590.48.01"
        assert (gpu.mig_current, gpu.mig_pending) == (mig, mig)
        assert gpu.mig_device_count == mig_devices
        assert (gpu.fabric_state, gpu.fabric_status) == ("Completed", "Success")
        assert gpu.recovery_action == "None"
        assert (gpu.ecc_uncorrected_volatile, gpu.ecc_uncorrected_aggregate) == (0, 0)
        assert gpu.link == PcieLink(5, 5, 16, 16)
        if rows_known:
            assert (gpu.rows_remap_pending, gpu.rows_remap_failed) == (False, False)
        else:
            assert says(gpu.rows_remap_pending, "nvidia-smi says 'N/A'")
            assert says(gpu.rows_remap_failed, "nvidia-smi says 'N/A'")
    assert gpu.framebuffer_used_bytes == load_used_mib * MIB


@pytest.mark.parametrize("name", [H100, H200, H100_MIG])
@pytest.mark.parametrize("state", ["idle", "load"])
def test_log_table_and_csv_of_one_moment_agree(name, state):
    (log,) = nvidia_smi_q.parse(section(name, f"{state} :: query (-q)")).gpus
    csv = section(name, f"{state} :: query-gpu (csv, what the exporter parses)")
    (queried,) = nvidia_smi_query_gpu.parse(csv).gpus
    (row,) = nvidia_smi.parse(section(name, f"{state} :: nvidia-smi (default table)")).gpus
    assert log.address == queried.address == row.address
    assert log.name == queried.name == row.name
    assert log.uuid == queried.uuid
    assert log.pci_id == queried.pci_id
    assert log.mig_current == queried.mig_current == row.mig
    assert log.ecc_current == queried.ecc_current == row.ecc
    assert (
        log.framebuffer_total_bytes
        == queried.framebuffer_total_bytes
        == row.framebuffer_total_bytes
    )
    assert queried.framebuffer_used_bytes == row.framebuffer_used_bytes


def test_four_a100_on_esxi_are_queried_with_a_heading():
    for folder, name in (
        ("nvidia", "esxi-4x-a100-query-gpu-index-busid-name.csv"),
        ("vsphere", "nvidia-smi_query_4xa100-80.csv"),
    ):
        gpus = nvidia_smi_query_gpu.parse(sample(name, folder)).gpus
        assert [(gpu.index, gpu.address) for gpu in gpus] == [
            (0, "0000:4a:00.0"),
            (1, "0000:61:00.0"),
            (2, "0000:ca:00.0"),
            (3, "0000:e1:00.0"),
        ]
        assert {gpu.name for gpu in gpus} == {"NVIDIA A100 80GB PCIe"}
        assert says(gpus[0].mig_current, "not asked for")


def test_mig_mode_of_one_a100_with_a_heading():
    (gpu,) = nvidia_smi_query_gpu.parse(sample("query-gpu-mig-mode-csv.txt")).gpus
    assert (gpu.address, gpu.mig_current) == ("0000:36:00.0", Mode.ENABLED)


def test_two_answers_about_ecc_of_one_a30_are_pasted_together():
    (gpu,) = nvidia_smi_query_gpu.parse(sample("nvidia-smi_ecc_query_a30.csv", "vsphere")).gpus
    assert (gpu.ecc_current, gpu.ecc_pending) == (Mode.ENABLED, Mode.DISABLED)
    assert isinstance(gpu.address, Unknown)


def test_without_a_heading_enabled_may_be_ecc_or_mig():
    a100, a2 = nvidia_smi_query_gpu.parse(sample("harvester-query-gpu-name-busid-mig.csv")).gpus
    assert (a100.name, a100.address) == ("NVIDIA A100-PCIE-40GB", "0000:04:00.0")
    assert (a2.name, a2.address) == ("NVIDIA A2", "0000:08:00.0")
    assert says(a100.mig_current, "has no heading")
    assert says(a100.ecc_current, "has no heading")


def test_sixteen_gib_a16_board_lists_four_gpus():
    listed = nvidia_smi_l.parse(sample("ahv-a16-nvidia-smi-L.txt"))
    assert [gpu.index for gpu in listed.gpus] == [0, 1, 2, 3]
    assert listed.gpus[3].uuid == "GPU-b952c9a5-0ac8-26fb-a02d-60bcf9d0fe83"
    assert all(gpu.name == "NVIDIA A16" and not gpu.mig_devices for gpu in listed.gpus)


def test_h100_nvl_lists_seven_mig_devices():
    (gpu,) = nvidia_smi_l.parse(sample("h100nvl-mig-nvidia-smi-L.txt")).gpus
    assert [device.index for device in gpu.mig_devices] == list(range(7))
    assert {device.profile for device in gpu.mig_devices} == {"MIG 1g.12gb"}
    assert gpu.mig_devices[6].uuid == "MIG-7a52b067-66ca-54eb-b2da-4bf4d9673bb7"


def test_captures_list_their_gpu_and_its_mig_devices():
    (plain,) = nvidia_smi_l.parse(section(H200, "capabilities :: list (-L)")).gpus
    assert (plain.name, plain.mig_devices) == ("NVIDIA H200", ())
    (mig,) = nvidia_smi_l.parse(section(H100_MIG, "capabilities :: list (-L)")).gpus
    assert [device.profile for device in mig.mig_devices] == [
        "MIG 3g.40gb",
        "MIG 2g.20gb",
        "MIG 1g.10gb",
        "MIG 1g.10gb",
    ]


def test_a_list_of_module_ids_is_no_list_of_gpus():
    for folder, name in (
        ("nvidia", "hgx-h100-module-ids.txt"),
        ("vsphere", "nvidia-smi_module_ids_8gpu.txt"),
    ):
        with pytest.raises(ParseError, match="GPU 0: Module ID: 2"):
            nvidia_smi_l.parse(sample(name, folder))


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("nvidia", "esxi-4x-a100-nvlink-topo-m.txt"),
        ("vsphere", "nvidia-smi_topo_m_4xa100-80.txt"),
    ],
)
def test_four_a100_on_esxi_are_two_nvlink_pairs(folder, name):
    topology = nvidia_smi_topo_m.parse(sample(name, folder))
    assert topology.gpus == ("GPU0", "GPU1", "GPU2", "GPU3")
    assert topology.links == (
        ("X", "NV12", "SYS", "SYS"),
        ("NV12", "X", "SYS", "SYS"),
        ("SYS", "SYS", "X", "NV12"),
        ("SYS", "SYS", "NV12", "X"),
    )
    assert topology.nics == ()


@pytest.mark.parametrize("name", [H100, H200, H100_MIG])
def test_an_underlined_heading_of_one_gpu_is_a_topology(name):
    topology = nvidia_smi_topo_m.parse(section(name, "capabilities :: topo -m"))
    assert (topology.gpus, topology.links) == (("GPU0",), (("X",),))


def test_a10_on_esxi_has_ecc_on_and_half_its_memory_taken():
    table = nvidia_smi.parse(sample("esxi80-a10-vgpu-in-use-nvidia-smi.txt"))
    assert table.driver_version == "535.247.02"
    (gpu,) = table.gpus
    assert (gpu.index, gpu.name, gpu.address) == (0, "NVIDIA A10", "0000:03:00.0")
    assert gpu.framebuffer_used_bytes == 11200 * MIB
    assert gpu.framebuffer_total_bytes == 23028 * MIB
    assert (gpu.ecc, gpu.ecc_uncorrected_volatile) == (Mode.ENABLED, 0)
    assert gpu.mig is Mode.NOT_SUPPORTED
    assert says(table.processes, "no list of processes")


def test_four_m60_on_esxi_have_ecc_off_and_no_mig_column():
    table = nvidia_smi.parse(sample("esxi-nvidia-smi-4x-m60.txt"))
    assert [gpu.address for gpu in table.gpus] == [
        "0000:05:00.0",
        "0000:06:00.0",
        "0000:86:00.0",
        "0000:87:00.0",
    ]
    for gpu in table.gpus:
        assert gpu.ecc is Mode.DISABLED
        assert isinstance(gpu.ecc_uncorrected_volatile, Unknown)
        assert says(gpu.mig, "no MIG column")
        assert gpu.framebuffer_used_bytes == 13 * MIB
    assert table.processes == ()


def test_m60_and_m10_run_three_vms():
    table = nvidia_smi.parse(sample("hypervisor-nvidia-smi-mixed-m60-m10-vgpus-running.txt"))
    assert [gpu.ecc for gpu in table.gpus] == [Mode.DISABLED] * 2 + [Mode.NOT_SUPPORTED] * 4
    assert [(one.gpu_index, one.pid, one.memory_bytes) for one in table.processes] == [
        (0, 11924, 1856 * MIB),
        (1, 11903, 896 * MIB),
        (2, 11908, 1856 * MIB),
    ]
    assert says(table.processes[0].gpu_instance_id, "no GI column")


def test_a16_runs_two_vgpus_on_its_second_gpu():
    table = nvidia_smi.parse(sample("ahv-a16-nvidia-smi-two-vgpus.txt"))
    assert [gpu.framebuffer_used_bytes for gpu in table.gpus] == [0, 1792 * MIB, 0, 0]
    assert [(one.gpu_index, one.pid, one.kind, one.name) for one in table.processes] == [
        (1, 3500, "C+G", "vgpu"),
        (1, 83254, "C+G", "vgpu"),
    ]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("nvidia-smi_esxi702_a100-40_510.txt", "0000:86:00.0"),
        ("nvidia-smi_esxi8_a100-40_525.txt", "0000:af:00.0"),
    ],
)
def test_a100_on_esxi_has_a_shortened_name_and_mig_off(name, address):
    (gpu,) = nvidia_smi.parse(sample(name, "vsphere")).gpus
    assert (gpu.name, gpu.address) == ("NVIDIA A100-PCI...", address)
    assert (gpu.ecc, gpu.mig) == (Mode.ENABLED, Mode.DISABLED)
    assert gpu.framebuffer_total_bytes == 40 * GIB


def test_xorg_of_esxi_counts_as_a_process():
    table = nvidia_smi.parse(sample("nvidia-smi_esxi702_a100-40_510.txt", "vsphere"))
    assert [(one.name, one.memory_bytes) for one in table.processes] == [("Xorg", 5 * MIB)]


@pytest.mark.parametrize(
    ("name", "ecc_count"),
    [
        ("a100-40g-nvidia-smi-i0-mig-enabled-table.txt", 0),
        ("h100nvl-mig-nvidia-smi-table.txt", None),
    ],
)
def test_mig_on_may_print_on_instead_of_an_ecc_count(name, ecc_count):
    (gpu,) = nvidia_smi.parse(sample(name)).gpus
    assert (gpu.mig, gpu.ecc) == (Mode.ENABLED, Mode.ENABLED)
    if ecc_count is None:
        assert says(gpu.ecc_uncorrected_volatile, "'On', not a count")
    else:
        assert gpu.ecc_uncorrected_volatile == ecc_count


def test_processes_in_mig_devices_name_their_gpu_instance():
    table = nvidia_smi.parse(section(H100_MIG, "load :: nvidia-smi (default table)"))
    assert [(one.gpu_instance_id, one.name) for one in table.processes] == [
        (2, "/opt/tools/memhog"),
        (2, "/opt/tools/memhog"),
        (2, "./gpu_burn"),
    ]


def test_p100_with_corrupted_inforom_still_shows_its_table():
    table = nvidia_smi.parse(sample("error-inforom-corrupted-p100-rc14.txt"))
    assert table.inforom_corrupted == ("0000:0b:00.0",)
    (gpu,) = table.gpus
    assert (gpu.name, gpu.address) == ("Tesla P100-PCIE...", "0000:0b:00.0")
    assert table.processes == ()


def test_three_vms_in_the_vgpu_summary():
    summary = nvidia_smi_vgpu.parse(sample("hypervisor-nvidia-smi-vgpu-summary.txt"))
    assert summary.driver_version == "550.54.16"
    assert [len(gpu.vgpus) for gpu in summary.gpus] == [1, 1, 1, 0, 0, 0]
    first = summary.gpus[0]
    assert (first.index, first.name, first.address) == (0, "Tesla M60", "0000:83:00.0")
    assert (first.vgpus[0].vgpu_id, first.vgpus[0].type_name) == (11924, "GRID M60-2Q")
    assert (first.vgpus[0].vm_id, first.vgpus[0].vm_name) == ("3", "Win7-64 GRID test 2")


def test_m60_supports_eleven_types_and_can_start_one():
    (gpu,) = nvidia_smi_vgpu_s.parse(sample("vgpu-host-m60-vgpu-s.txt")).gpus
    assert gpu.address == "0000:83:00.0"
    assert len(gpu.types) == 11
    assert (gpu.types[0], gpu.types[-1]) == ("GRID M60-0B", "GRID M60-8Q")
    (gpu,) = nvidia_smi_vgpu_c.parse(sample("vgpu-host-m60-vgpu-c.txt")).gpus
    assert (gpu.address, gpu.types) == ("0000:83:00.0", ("GRID M60-2Q",))


def test_m60_types_have_sizes_and_limits():
    (gpu,) = nvidia_smi_vgpu_s_v.parse(sample("vgpu-host-m60-vgpu-s-v.txt")).gpus
    assert gpu.address == "0000:40:00.0"
    assert [(one.type_id, one.name, one.maximum) for one in gpu.types] == [
        (12, "GRID M60-0Q", 16),
        (15, "GRID M60-1Q", 8),
    ]
    assert [one.framebuffer_bytes for one in gpu.types] == [512 * MIB, 1024 * MIB]
    assert {one.maximum_per_vm for one in gpu.types} == {1}
    assert says(gpu.types[0].gpu_instance_profile_id, "nvidia-smi says 'N/A'")


def test_t4_on_esxi_runs_one_licensed_desktop():
    (gpu,) = nvidia_smi_vgpu_q.parse(sample("vgpu-host-t4-vgpu-q.txt")).gpus
    assert (gpu.address, gpu.active_vgpus) == ("0000:c1:00.0", 1)
    (one,) = gpu.vgpus
    assert one.address == "0000:c1:00.0"
    assert (one.vgpu_id, one.vm_id) == (3251634327, "2103066")
    assert (one.vm_name, one.type_name) == ("Win11SV2_View87", "GRID T4-4Q")
    assert one.guest_driver == "527.15"
    assert one.licence == "Licensed (Expiry: 2022-11-23 5:2:12 GMT)"
    assert one.ecc is Mode.ENABLED
    assert (one.framebuffer_total_bytes, one.framebuffer_used_bytes) == (4 * GIB, 641 * MIB)
    assert says(one.gpu_instance_id, "nvidia-smi says 'N/A'")
    assert says(one.placement_id, "the answer has no 'Placement ID'")


def test_three_of_six_gpus_are_busy():
    usage = nvidia_smi_vgpu_u.parse(sample("vgpu-host-vgpu-u.txt"))
    assert usage.gpu_indexes == (0, 1, 2, 3, 4, 5)
    assert [(one.gpu_index, one.vgpu_id, one.sm_percent) for one in usage.vgpus] == [
        (0, 11924, 6),
        (1, 11903, 8),
        (2, 11908, 10),
    ]


def test_a100_offers_every_mig_profile():
    profiles = nvidia_smi_mig_lgip.parse(sample("a100-40g-mig-lgip.txt")).profiles
    assert [(one.name, one.profile_id, one.free, one.total) for one in profiles] == [
        ("MIG 1g.5gb", 19, 7, 7),
        ("MIG 2g.10gb", 14, 3, 3),
        ("MIG 3g.20gb", 9, 2, 2),
        ("MIG 4g.20gb", 5, 1, 1),
        ("MIG 7g.40gb", 0, 1, 1),
    ]
    assert [one.multiprocessors for one in profiles] == [14, 28, 42, 56, 98]
    assert profiles[1].memory_bytes == int(9.9 * GIB)


@pytest.mark.parametrize(
    ("name", "media", "largest"),
    [
        ("harvester-a100-40g-mig-lgip-all-free.txt", "MIG 1g.5gb+me", "MIG 7g.40gb"),
        ("h100nvl-mig-lgip.txt", "MIG 1g.12gb+me", "MIG 7g.94gb"),
    ],
)
def test_profiles_with_media_engines_are_listed(name, media, largest):
    profiles = nvidia_smi_mig_lgip.parse(sample(name)).profiles
    assert len(profiles) == 7
    assert (profiles[1].name, profiles[1].total) == (media, 1)
    assert (profiles[-1].name, profiles[-1].free) == (largest, 1)


@pytest.mark.parametrize(
    ("folder", "name", "gpu", "profile", "placed"),
    [
        ("nvidia", "a100-mig-lgi.txt", 2, "MIG 2g.10gb", [(3, 0, 2), (5, 4, 2)]),
        ("nvidia", "harvester-h100nvl-mig-lgi.txt", 0, "MIG 3g.47gb", [(1, 0, 4), (2, 4, 4)]),
        ("vsphere", "nvidia-smi_mig_lgi_h100.txt", 1, "MIG 3g.40gb", [(1, 0, 4), (2, 4, 4)]),
    ],
)
def test_two_gpu_instances_share_one_gpu(folder, name, gpu, profile, placed):
    instances = nvidia_smi_mig_lgi.parse(sample(name, folder)).instances
    assert {(one.gpu_index, one.name) for one in instances} == {(gpu, profile)}
    assert [
        (one.instance_id, one.placement_start, one.placement_size) for one in instances
    ] == placed


def test_one_compute_instance_fills_gpu_instance_13():
    (one,) = nvidia_smi_mig_lci.parse(sample("harvester-mig-lci.txt")).instances
    assert (one.gpu_index, one.gpu_instance_id, one.name) == (0, 13, "MIG 1g.5gb")
    assert (one.profile_id, one.instance_id) == (0, 0)
    assert (one.placement_start, one.placement_size) == (0, 1)


def test_help_of_two_driver_generations_names_fields_and_aliases():
    old = nvidia_smi_help_query_gpu.parse(sample("exporter-help-query-gpu-fields.txt")).names
    assert len(old) == 135
    assert {"mig.mode.pending", "retired_pages.dbe", "gpu_bus_id"} <= set(old)
    assert "remapped_rows.pending" not in old
    assert "Default" not in old
    for name in (H100, H200, H100_MIG):
        text = section(name, "capabilities :: help-query-gpu")
        new = nvidia_smi_help_query_gpu.parse(text).names
        assert len(new) == 253
        assert {"remapped_rows.pending", "gpu_recovery_action", "hostname"} <= set(new)
        assert "Exclusive_Process" not in new


PARSERS: dict[str, Callable[[str], object]] = {
    module.__name__.rpartition(".")[2]: module.parse
    for module in (
        nvidia_smi,
        nvidia_smi_help_query_gpu,
        nvidia_smi_l,
        nvidia_smi_mig_lci,
        nvidia_smi_mig_lgi,
        nvidia_smi_mig_lgip,
        nvidia_smi_q,
        nvidia_smi_q_x,
        nvidia_smi_query_gpu,
        nvidia_smi_topo_m,
        nvidia_smi_vgpu,
        nvidia_smi_vgpu_c,
        nvidia_smi_vgpu_q,
        nvidia_smi_vgpu_s,
        nvidia_smi_vgpu_s_v,
        nvidia_smi_vgpu_u,
    )
}
OWN = {
    "nvidia_smi": ("ahv-a16-nvidia-smi-two-vgpus.txt", "h100nvl-mig-nvidia-smi-table.txt"),
    "nvidia_smi_help_query_gpu": ("exporter-help-query-gpu-fields.txt",),
    "nvidia_smi_l": ("h100nvl-mig-nvidia-smi-L.txt",),
    "nvidia_smi_mig_lci": ("harvester-mig-lci.txt",),
    "nvidia_smi_mig_lgi": ("a100-mig-lgi.txt",),
    "nvidia_smi_mig_lgip": ("a100-40g-mig-lgip.txt",),
    "nvidia_smi_q": ("vgpu-host-p40-ecc-disabled-q.txt",),
    "nvidia_smi_q_x": ("telegraf-gtx-1070-ti.xml", "telegraf-tesla-t4.xml"),
    "nvidia_smi_query_gpu": ("esxi-4x-a100-query-gpu-index-busid-name.csv",),
    "nvidia_smi_topo_m": ("esxi-4x-a100-nvlink-topo-m.txt",),
    "nvidia_smi_vgpu": ("hypervisor-nvidia-smi-vgpu-summary.txt",),
    "nvidia_smi_vgpu_c": ("vgpu-host-m60-vgpu-c.txt",),
    "nvidia_smi_vgpu_q": ("vgpu-host-t4-vgpu-q.txt",),
    "nvidia_smi_vgpu_s": ("vgpu-host-m60-vgpu-s.txt",),
    "nvidia_smi_vgpu_s_v": ("vgpu-host-m60-vgpu-s-v.txt",),
    "nvidia_smi_vgpu_u": ("vgpu-host-vgpu-u.txt",),
}
ALIKE = {frozenset(("nvidia_smi_vgpu_c", "nvidia_smi_vgpu_s"))}


@pytest.mark.parametrize("parser", sorted(PARSERS))
@pytest.mark.parametrize("owner", sorted(OWN))
def test_no_parser_takes_the_answer_of_another_command(parser, owner):
    if parser == owner or frozenset((parser, owner)) in ALIKE:
        return
    for name in OWN[owner]:
        with pytest.raises(ParseError):
            PARSERS[parser](sample(name))


@pytest.mark.parametrize("owner", sorted(OWN))
def test_windows_line_ends_and_surrounding_noise_change_nothing(owner):
    for name in OWN[owner]:
        plain = PARSERS[owner](sample(name))
        noisy = "\n\n" + sample(name).replace("\n", "\r\n") + "\r\n\r\n"
        assert PARSERS[owner](noisy) == plain


@given(data=st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_answer_is_refused_or_read_but_never_a_crash(data):
    owner = data.draw(st.sampled_from(sorted(OWN)))
    lines = sample(data.draw(st.sampled_from(OWN[owner]))).splitlines(keepends=True)
    for _ in range(data.draw(st.integers(0, 4))):
        if lines:
            del lines[data.draw(st.integers(0, len(lines) - 1))]
    text = "".join(lines)
    text = text[: data.draw(st.integers(0, len(text)))]
    with suppress(ParseError):
        PARSERS[owner](text)


@given(cut=st.integers(1, 8759))
@settings(max_examples=200, deadline=None)
def test_a_log_cut_anywhere_never_reads_a_wrong_number(cut):
    whole = only_gpu("vgpu-host-p40-ecc-disabled-q.txt")
    try:
        log = nvidia_smi_q.parse(sample("vgpu-host-p40-ecc-disabled-q.txt")[:cut])
    except ParseError:
        return
    for gpu in log.gpus:
        for field in (
            "ecc_current",
            "ecc_pending",
            "framebuffer_total_bytes",
            "framebuffer_used_bytes",
            "bar1_total_bytes",
            "heterogeneous_sizes",
            "pages_retire_pending",
            "link",
        ):
            reading = getattr(gpu, field)
            assert isinstance(reading, Unknown) or reading == getattr(whole, field)
        assert isinstance(gpu.pci_id, Unknown) or gpu.pci_id in (
            whole.pci_id,
            PciId(whole.pci_id.vendor, whole.pci_id.device),
        )
