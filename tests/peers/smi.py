"""What nvidia-smi of the vGPU manager prints: XML, text, CSV, vGPUs, MIG instances, links.

The layout follows real outputs of drivers 470 to 550; names that changed with 535 change here too.
"""

from xml.sax.saxutils import escape

from hostcheck import catalog
from hostcheck.model.requirements import type_name
from tests.peers.fleet import (
    Gpu,
    HostShape,
    gib_of,
    startable_types,
    total_mib,
    type_of,
    usable_types,
    used_mib,
)

STAMP = "Fri Nov 20 10:26:53 2026"
NO_DRIVER = (
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
    " Make sure that the latest NVIDIA driver is installed and running.\n"
)
QUERY_FIELDS = (
    "index", "uuid", "name", "pci.bus_id", "pci.device_id", "pci.sub_device_id", "driver_version",
    "ecc.mode.current", "ecc.mode.pending", "mig.mode.current", "mig.mode.pending",
    "memory.total", "memory.used",
)  # fmt: skip
QUERY = f"nvidia-smi --query-gpu={','.join(QUERY_FIELDS)} --format=csv,noheader,nounits"

NO_VGPU_DEVICES = "No supported devices in vGPU mode\n"

Answer = tuple[str, str, int]
"""Standard output, standard error, exit status."""


def bus_id(gpu: Gpu) -> str:
    """`00000000:AF:00.0`"""
    return f"0000{gpu.address.upper()}"


def branch(host: HostShape) -> int:
    """The driver branch: 550 of 550.54.16."""
    return int(host.driver.version.split(".")[0]) if host.driver else 0


def answers(host: HostShape) -> dict[str, Answer]:
    """Every nvidia-smi command line that is recorded, with its answer."""
    commands = ("nvidia-smi -q -x", "nvidia-smi -q", QUERY, "nvidia-smi vgpu -q",
                "nvidia-smi vgpu -s", "nvidia-smi vgpu -s -v", "nvidia-smi vgpu -c",
                "nvidia-smi mig -lgi", "nvidia-smi topo -m")  # fmt: skip
    if host.driver is None:
        return dict.fromkeys(commands, ("", "sh: nvidia-smi: not found\n", 127))
    if not host.driver.talks:
        return dict.fromkeys(commands, (NO_DRIVER, "", 9))
    if not host.seen_gpus() and not any(gpu.lost or gpu.lost_now for gpu in host.gpus):
        return dict.fromkeys(commands, ("No devices were found\n", "", 6))
    writers = (
        xml_log,
        text_log,
        query,
        vgpu_query,
        supported,
        verbose,
        creatable,
        mig_list,
        topology,
    )
    lost = _lost(host) + _corrupted(host)
    found = {}
    for command, writer in zip(commands, writers, strict=True):
        text = writer(host)
        if command.startswith("nvidia-smi vgpu") and not _in_vgpu_mode(host):
            text = NO_VGPU_DEVICES
        empty = writer is mig_list and not any(gpu.mig_instances for gpu in host.seen_gpus())
        found[command] = (lost + text, "", 6 if empty else 0)
    return found


def _lost(host: HostShape) -> str:
    ordered = sorted(host.gpus, key=lambda gpu: gpu.address)
    return "".join(
        f"Unable to determine the device handle for GPU{index}: {gpu.address}: Unknown Error\n"
        for index, gpu in enumerate(ordered)
        if gpu.lost or gpu.lost_now
    )


def _in_vgpu_mode(host: HostShape) -> tuple[Gpu, ...]:
    """GPUs that the vgpu commands list."""
    return tuple(gpu for gpu in host.seen_gpus() if gpu.mode == "Host VGPU")


def _corrupted(host: HostShape) -> str:
    return "".join(
        f"WARNING: infoROM is corrupted at gpu {gpu.address}\n"
        for gpu in host.seen_gpus()
        if gpu.inforom_corrupted
    )


def _mode(pair: tuple[bool, bool] | None, which: int, none: str = "N/A") -> str:
    return none if pair is None else ("Enabled" if pair[which] else "Disabled")


def _sriov_mode(gpu: Gpu) -> str:
    return "SR-IOV" if gpu.model.virtual_functions else "Non SR-IOV"


def query(host: HostShape) -> str:
    """The CSV of `QUERY`."""
    lines = []
    for index, gpu in enumerate(host.seen_gpus()):
        values: tuple[object, ...] = (
            index, gpu.uuid, gpu.model.name, bus_id(gpu), f"0x{gpu.model.device:04X}10DE",
            f"0x{gpu.model.subsystem:04X}10DE", host.driver.version if host.driver else "",
            _mode(gpu.ecc, 0, "[N/A]"), _mode(gpu.ecc, 1, "[N/A]"), _mode(gpu.mig_mode, 0, "[N/A]"),
            _mode(gpu.mig_mode, 1, "[N/A]"), total_mib(gpu), used_mib(host, gpu),
        )  # fmt: skip
        if gpu.given_up:
            values = (*values[:7], *[f"[{gpu.given_up}]"] * 6)
        lines.append(", ".join(str(value) for value in values) + "\n")
    return "".join(lines)


def _fields(host: HostShape, gpu: Gpu, index: int) -> dict[str, str]:
    """The facts that both the XML and the text show, by the name that the templates use."""
    total, used = total_mib(gpu), used_mib(host, gpu)
    reserved = min(total // 100, total - used)
    counter = "0" if gpu.ecc and gpu.ecc[0] else "N/A"
    words = {True: "Yes", False: "No"}
    generation = gpu.model.generation
    return {
        "index": str(index), "bus_id": bus_id(gpu), "name": gpu.model.name,
        "brand": "Tesla" if gpu.model.name.startswith("Tesla") else "NVIDIA",
        "architecture": gpu.model.architecture,
        "mig_now": _mode(gpu.mig_mode, 0), "mig_next": _mode(gpu.mig_mode, 1),
        "ecc_now": _mode(gpu.ecc, 0), "ecc_next": _mode(gpu.ecc, 1), "counter": counter,
        "uuid": gpu.uuid, "bus": gpu.address[5:7].upper(), "slot": gpu.address[8:10].upper(),
        "device": f"{gpu.model.device:04X}10DE", "subsystem": f"{gpu.model.subsystem:04X}10DE",
        "sriov": _sriov_mode(gpu), "gen_max": str(generation), "gen_now": "1",
        "width": f"{gpu.model.width}x", "width_now": f"{gpu.width_now or gpu.model.width}x",
        **_fabric(gpu), "mode": gpu.mode,
        "uncorrected": str(gpu.uncorrected) if gpu.uncorrected else counter,
        "total": gpu.given_up or f"{total} MiB", "used": gpu.given_up or f"{used} MiB",
        "reserved": str(reserved), "free": str(total - used - reserved),
        "bar": str(gpu.bar1_mib or gpu.model.bar1_mib),
        "bar_free": str((gpu.bar1_mib or gpu.model.bar1_mib) - 1),
        "remap_pending": words[gpu.remap_pending], "remap_failed": words[gpu.remap_failed],
        "retire": words[gpu.retire_pending], "watts": f"{gpu.model.watts}.00 W",
        "board": "Yes" if gpu.model_key in {"a16", "m60"} else "No",
        "mixed": "Supported" if gpu.model.virtual_functions else "Not Supported",
    }  # fmt: skip


def _fabric(gpu: Gpu) -> dict[str, str]:
    if not gpu.in_fabric:
        return {"fabric": "N/A", "fabric_status": "N/A"}
    if gpu.fabric_waits:
        return {"fabric": "In Progress", "fabric_status": "N/A"}
    return {"fabric": "Completed", "fabric_status": "Success" if gpu.fabric else "Unknown Error"}


_RESET_XML = """\
\t<gpu_reset_status>
\t\t<reset_required>{}</reset_required>
\t\t<drain_and_reset_recommended>N/A</drain_and_reset_recommended>
\t</gpu_reset_status>
"""
_HEALTH_XML = """\
\t\t<health>
\t\t\t<summary>{}</summary>
\t\t\t<bandwidth>N/A</bandwidth>
\t\t\t<route_unhealthy>{}</route_unhealthy>
\t\t</health>
"""


def _later_xml(gpu: Gpu, block: str) -> str:
    """Add the sections of later drivers that a GPU has."""
    asks = ""
    if gpu.reset_required is not None:
        asks = _RESET_XML.format("Yes" if gpu.reset_required else "No")
    if gpu.recovery:
        asks += f"\t<gpu_recovery_action>{gpu.recovery}</gpu_recovery_action>\n"
    block = block.replace("\t<gsp_firmware_version>", f"{asks}\t<gsp_firmware_version>")
    if gpu.repair:
        told = f"\t\t<{gpu.repair}>Yes</{gpu.repair}>\n\t</ecc_errors>"
        block = block.replace("\t</ecc_errors>", told)
    if gpu.fabric_health:
        health = _HEALTH_XML.format(gpu.fabric_health, str(gpu.fabric_health == "Unhealthy"))
        block = block.replace("\t</fabric>", f"{health}\t</fabric>")
    return block


def xml_log(host: HostShape) -> str:
    """`nvidia-smi -q -x`"""
    assert host.driver is not None
    seen = host.seen_gpus()
    blocks = "".join(_gpu_xml(host, gpu, index) for index, gpu in enumerate(seen))
    layout = "v12" if branch(host) >= 530 else "v11"
    return (
        '<?xml version="1.0" ?>\n'
        f'<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_{layout}.dtd">\n'
        "<nvidia_smi_log>\n"
        f"\t<timestamp>{STAMP}</timestamp>\n"
        f"\t<driver_version>{host.driver.version}</driver_version>\n"
        "\t<cuda_version>Not Found</cuda_version>\n"
        f"\t<attached_gpus>{len(host.gpus)}</attached_gpus>\n"
        f"{blocks}\n</nvidia_smi_log>\n"
    )


_XML = """\
<gpu id="{bus_id}">
\t<product_name>{name}</product_name>
\t<product_brand>{brand}</product_brand>
\t<product_architecture>{architecture}</product_architecture>
\t<display_mode>Enabled</display_mode>
\t<display_active>Disabled</display_active>
\t<persistence_mode>Enabled</persistence_mode>
\t<addressing_mode>N/A</addressing_mode>
\t<mig_mode>
\t\t<current_mig>{mig_now}</current_mig>
\t\t<pending_mig>{mig_next}</pending_mig>
\t</mig_mode>
\t<mig_devices>
\t\tNone
\t</mig_devices>
\t<accounting_mode>Enabled</accounting_mode>
\t<accounting_mode_buffer_size>4000</accounting_mode_buffer_size>
\t<driver_model>
\t\t<current_dm>N/A</current_dm>
\t\t<pending_dm>N/A</pending_dm>
\t</driver_model>
\t<serial>132032201484{index}</serial>
\t<uuid>{uuid}</uuid>
\t<minor_number>{index}</minor_number>
\t<vbios_version>92.00.9E.00.10</vbios_version>
\t<multigpu_board>{board}</multigpu_board>
\t<board_id>0x{bus}00</board_id>
\t<gpu_part_number>900-21001-0020-100</gpu_part_number>
\t<gpu_module_id>{index}</gpu_module_id>
\t<inforom_version>
\t\t<img_version>1001.0230.00.03</img_version>
\t\t<oem_object>2.0</oem_object>
\t\t<ecc_object>6.16</ecc_object>
\t\t<pwr_object>N/A</pwr_object>
\t</inforom_version>
\t<gpu_operation_mode>
\t\t<current_gom>N/A</current_gom>
\t\t<pending_gom>N/A</pending_gom>
\t</gpu_operation_mode>
\t<gsp_firmware_version>N/A</gsp_firmware_version>
\t<gpu_virtualization_mode>
\t\t<virtualization_mode>{mode}</virtualization_mode>
\t\t<host_vgpu_mode>{sriov}</host_vgpu_mode>
\t</gpu_virtualization_mode>
\t<ibmnpu>
\t\t<relaxed_ordering_mode>N/A</relaxed_ordering_mode>
\t</ibmnpu>
\t<pci>
\t\t<pci_bus>{bus}</pci_bus>
\t\t<pci_device>{slot}</pci_device>
\t\t<pci_domain>0000</pci_domain>
\t\t<pci_device_id>{device}</pci_device_id>
\t\t<pci_bus_id>{bus_id}</pci_bus_id>
\t\t<pci_sub_system_id>{subsystem}</pci_sub_system_id>
\t\t<pci_gpu_link_info>
\t\t\t<pcie_gen>
\t\t\t\t<max_link_gen>{gen_max}</max_link_gen>
\t\t\t\t<current_link_gen>{gen_now}</current_link_gen>
\t\t\t</pcie_gen>
\t\t\t<link_widths>
\t\t\t\t<max_link_width>{width}</max_link_width>
\t\t\t\t<current_link_width>{width_now}</current_link_width>
\t\t\t</link_widths>
\t\t</pci_gpu_link_info>
\t\t<pci_bridge_chip>
\t\t\t<bridge_chip_type>N/A</bridge_chip_type>
\t\t\t<bridge_chip_fw>N/A</bridge_chip_fw>
\t\t</pci_bridge_chip>
\t\t<replay_counter>0</replay_counter>
\t\t<replay_rollover_counter>0</replay_rollover_counter>
\t\t<tx_util>0 KB/s</tx_util>
\t\t<rx_util>0 KB/s</rx_util>
\t</pci>
\t<fan_speed>N/A</fan_speed>
\t<performance_state>P8</performance_state>
\t<{reasons}>
\t\t<{reason}_gpu_idle>Active</{reason}_gpu_idle>
\t\t<{reason}_sw_power_cap>Not Active</{reason}_sw_power_cap>
\t\t<{reason}_hw_slowdown>Not Active</{reason}_hw_slowdown>
\t\t<{reason}_hw_thermal_slowdown>Not Active</{reason}_hw_thermal_slowdown>
\t\t<{reason}_hw_power_brake_slowdown>Not Active</{reason}_hw_power_brake_slowdown>
\t</{reasons}>
\t<fb_memory_usage>
\t\t<total>{total}</total>
\t\t<reserved>{reserved} MiB</reserved>
\t\t<used>{used}</used>
\t\t<free>{free} MiB</free>
\t</fb_memory_usage>
\t<bar1_memory_usage>
\t\t<total>{bar} MiB</total>
\t\t<used>1 MiB</used>
\t\t<free>{bar_free} MiB</free>
\t</bar1_memory_usage>
\t<compute_mode>Default</compute_mode>
\t<utilization>
\t\t<gpu_util>0 %</gpu_util>
\t\t<memory_util>0 %</memory_util>
\t\t<encoder_util>0 %</encoder_util>
\t\t<decoder_util>0 %</decoder_util>
\t</utilization>
\t<encoder_stats>
\t\t<session_count>0</session_count>
\t\t<average_fps>0</average_fps>
\t\t<average_latency>0</average_latency>
\t</encoder_stats>
\t<fbc_stats>
\t\t<session_count>0</session_count>
\t\t<average_fps>0</average_fps>
\t\t<average_latency>0</average_latency>
\t</fbc_stats>
\t<ecc_mode>
\t\t<current_ecc>{ecc_now}</current_ecc>
\t\t<pending_ecc>{ecc_next}</pending_ecc>
\t</ecc_mode>
\t<ecc_errors>
\t\t<volatile>
\t\t\t<sram_correctable>{counter}</sram_correctable>
\t\t\t<sram_uncorrectable>{counter}</sram_uncorrectable>
\t\t\t<dram_correctable>{counter}</dram_correctable>
\t\t\t<dram_uncorrectable>{uncorrected}</dram_uncorrectable>
\t\t</volatile>
\t\t<aggregate>
\t\t\t<sram_correctable>{counter}</sram_correctable>
\t\t\t<sram_uncorrectable>{counter}</sram_uncorrectable>
\t\t\t<dram_correctable>{counter}</dram_correctable>
\t\t\t<dram_uncorrectable>{uncorrected}</dram_uncorrectable>
\t\t</aggregate>
\t</ecc_errors>
{health}
\t<fabric>
\t\t<state>{fabric}</state>
\t\t<status>{fabric_status}</status>
\t</fabric>
\t<temperature>
\t\t<gpu_temp>34 C</gpu_temp>
\t\t<gpu_temp_max_threshold>92 C</gpu_temp_max_threshold>
\t\t<gpu_temp_slow_threshold>89 C</gpu_temp_slow_threshold>
\t\t<gpu_temp_max_gpu_threshold>85 C</gpu_temp_max_gpu_threshold>
\t\t<memory_temp>N/A</memory_temp>
\t</temperature>
\t<{power}>
\t\t<power_state>P8</power_state>
\t\t<power_draw>41.20 W</power_draw>
\t\t<default_power_limit>{watts}</default_power_limit>
\t\t<max_power_limit>{watts}</max_power_limit>
\t</{power}>
\t<clocks>
\t\t<graphics_clock>210 MHz</graphics_clock>
\t\t<sm_clock>210 MHz</sm_clock>
\t\t<mem_clock>1512 MHz</mem_clock>
\t\t<video_clock>585 MHz</video_clock>
\t</clocks>
\t<supported_clocks>
\t\t<supported_mem_clock>
\t\t\t<value>1512 MHz</value>
\t\t\t<supported_graphics_clock>1410 MHz</supported_graphics_clock>
\t\t</supported_mem_clock>
\t</supported_clocks>
\t<processes>
{processes}\t</processes>
\t<accounted_processes>
\t</accounted_processes>
</gpu>
"""

_RETIRED_XML = """\
\t<retired_pages>
\t\t<multiple_single_bit_retirement>
\t\t\t<retired_count>0</retired_count>
\t\t\t<retired_pagelist>
\t\t\t</retired_pagelist>
\t\t</multiple_single_bit_retirement>
\t\t<double_bit_retirement>
\t\t\t<retired_count>0</retired_count>
\t\t\t<retired_pagelist>
\t\t\t</retired_pagelist>
\t\t</double_bit_retirement>
\t\t<pending_blacklist>{retire}</pending_blacklist>
\t\t<pending_retirement>{retire}</pending_retirement>
\t</retired_pages>
\t<remapped_rows>N/A</remapped_rows>"""

_REMAPPED_XML = """\
\t<retired_pages>
\t\t<multiple_single_bit_retirement>
\t\t\t<retired_count>N/A</retired_count>
\t\t\t<retired_pagelist>N/A</retired_pagelist>
\t\t</multiple_single_bit_retirement>
\t\t<double_bit_retirement>
\t\t\t<retired_count>N/A</retired_count>
\t\t\t<retired_pagelist>N/A</retired_pagelist>
\t\t</double_bit_retirement>
\t\t<pending_blacklist>N/A</pending_blacklist>
\t\t<pending_retirement>N/A</pending_retirement>
\t</retired_pages>
\t<remapped_rows>
\t\t<remapped_row_corr>0</remapped_row_corr>
\t\t<remapped_row_unc>0</remapped_row_unc>
\t\t<remapped_row_pending>{remap_pending}</remapped_row_pending>
\t\t<remapped_row_failure>{remap_failed}</remapped_row_failure>
\t\t<row_remapper_histogram>
\t\t\t<row_remapper_histogram_max>640 bank(s)</row_remapper_histogram_max>
\t\t\t<row_remapper_histogram_high>0 bank(s)</row_remapper_histogram_high>
\t\t\t<row_remapper_histogram_partial>0 bank(s)</row_remapper_histogram_partial>
\t\t\t<row_remapper_histogram_low>0 bank(s)</row_remapper_histogram_low>
\t\t\t<row_remapper_histogram_none>0 bank(s)</row_remapper_histogram_none>
\t\t</row_remapper_histogram>
\t</remapped_rows>"""


def _remaps(gpu: Gpu) -> bool:
    """Ampere and later remap rows; older GPUs retire pages."""
    return gpu.model.architecture not in {"Maxwell", "Turing"}


def _gpu_xml(host: HostShape, gpu: Gpu, index: int) -> str:
    fields = _fields(host, gpu, index)
    newer = branch(host) >= 535
    fields["reasons"] = "clocks_event_reasons" if newer else "clocks_throttle_reasons"
    fields["reason"] = "clocks_event_reason" if newer else "clocks_throttle_reason"
    fields["power"] = "gpu_power_readings" if newer else "power_readings"
    health = _REMAPPED_XML if _remaps(gpu) else _RETIRED_XML
    fields["health"] = health.format(**fields)
    fields["processes"] = "".join(
        "\t\t<process_info>\n\t\t\t<gpu_instance_id>N/A</gpu_instance_id>\n"
        "\t\t\t<compute_instance_id>N/A</compute_instance_id>\n"
        f"\t\t\t<pid>{world_id(host, vm.name)}</pid>\n\t\t\t<type>C+G</type>\n"
        f"\t\t\t<process_name>{escape(vm.name)}</process_name>\n"
        f"\t\t\t<used_memory>{gib_of(type_of(gpu, profile)) * 1024} MiB</used_memory>\n"
        "\t\t</process_info>\n"
        for vm, profile in host.on_gpu(gpu)
    )
    block = _later_xml(gpu, _XML.format(**fields))
    return "".join(f"\t{line}\n" for line in block.splitlines())


def world_id(host: HostShape, name: str) -> int:
    """World id of a running VM: the same in every output."""
    return 2_103_066 + 11 * [vm.name for vm in host.vms].index(name)


_TEXT = """\
GPU {bus_id}
    Product Name                          : {name}
    Product Brand                         : {brand}
    Product Architecture                  : {architecture}
    Display Mode                          : Enabled
    Display Active                        : Disabled
    Persistence Mode                      : Enabled
    Addressing Mode                       : N/A
    vGPU Device Capability
        Fractional Multi-vGPU             : Supported
        Heterogeneous Time-Slice Profiles : Supported
        Heterogeneous Time-Slice Sizes    : {mixed}
    MIG Mode
        Current                           : {mig_now}
        Pending                           : {mig_next}
    Accounting Mode                       : Enabled
    Accounting Mode Buffer Size           : 4000
    Driver Model
        Current                           : N/A
        Pending                           : N/A
    Serial Number                         : 132032201484{index}
    GPU UUID                              : {uuid}
    Minor Number                          : {index}
    VBIOS Version                         : 92.00.9E.00.10
    MultiGPU Board                        : {board}
    Board ID                              : 0x{bus}00
    GPU Part Number                       : 900-21001-0020-100
    Module ID                             : {index}
    GSP Firmware Version                  : N/A
    GPU Virtualization Mode
        Virtualization Mode               : {mode}
        Host VGPU Mode                    : {sriov}
    PCI
        Bus                               : 0x{bus}
        Device                            : 0x{slot}
        Domain                            : 0x0000
        Device Id                         : 0x{device}
        Bus Id                            : {bus_id}
        Sub System Id                     : 0x{subsystem}
        GPU Link Info
            PCIe Generation
                Max                       : {gen_max}
                Current                   : {gen_now}
            Link Width
                Max                       : {width}
                Current                   : {width_now}
        Replays Since Reset               : 0
        Tx Throughput                     : 0 KB/s
        Rx Throughput                     : 0 KB/s
    Fan Speed                             : N/A
    Performance State                     : P8
    FB Memory Usage
        Total                             : {total}
        Reserved                          : {reserved} MiB
        Used                              : {used}
        Free                              : {free} MiB
    BAR1 Memory Usage
        Total                             : {bar} MiB
        Used                              : 1 MiB
        Free                              : {bar_free} MiB
    Compute Mode                          : Default
    Utilization
        Gpu                               : 0 %
        Memory                            : 0 %
        Encoder                           : 0 %
        Decoder                           : 0 %
    {ecc_title}
        Current                           : {ecc_now}
        Pending                           : {ecc_next}
    ECC Errors
        Volatile
            SRAM Correctable              : {counter}
            SRAM Uncorrectable            : {counter}
            DRAM Correctable              : {counter}
            DRAM Uncorrectable            : {uncorrected}
        Aggregate
            SRAM Correctable              : {counter}
            SRAM Uncorrectable            : {counter}
            DRAM Correctable              : {counter}
            DRAM Uncorrectable            : {uncorrected}
{health}
    Fabric
        State                             : {fabric}
        Status                            : {fabric_status}
    Temperature
        GPU Current Temp                  : 34 C
        GPU Shutdown Temp                 : 92 C
        GPU Slowdown Temp                 : 89 C
    GPU Power Readings
        Power Draw                        : 41.20 W
        Default Power Limit               : {watts}
        Max Power Limit                   : {watts}
    Clocks
        Graphics                          : 210 MHz
        SM                                : 210 MHz
        Memory                            : 1512 MHz
        Video                             : 585 MHz
    Processes                             : None
"""

_RETIRED_TEXT = """\
    Retired Pages
        Single Bit ECC                    : 0
        Double Bit ECC                    : 0
        Pending Page Blacklist            : {retire}
    Remapped Rows                         : N/A"""

_REMAPPED_TEXT = """\
    Retired Pages
        Single Bit ECC                    : N/A
        Double Bit ECC                    : N/A
        Pending Page Blacklist            : N/A
    Remapped Rows
        Correctable Error                 : 0
        Uncorrectable Error               : 0
        Pending                           : {remap_pending}
        Remapping Failure Occurred        : {remap_failed}
        Bank Remap Availability Histogram
            Max                           : 640 bank(s)
            High                          : 0 bank(s)
            Partial                       : 0 bank(s)
            Low                           : 0 bank(s)
            None                          : 0 bank(s)"""


def text_log(host: HostShape) -> str:
    """`nvidia-smi -q`"""
    assert host.driver is not None
    blocks = []
    for index, gpu in enumerate(host.seen_gpus()):
        fields = _fields(host, gpu, index)
        fields["ecc_title"] = "ECC Mode" if branch(host) >= 535 else "Ecc Mode"
        health = _REMAPPED_TEXT if _remaps(gpu) else _RETIRED_TEXT
        fields["health"] = health.format(**fields)
        blocks.append(_TEXT.format(**fields))
    capability = (
        "vGPU Driver Capability\n        Heterogenous Multi-vGPU           : Supported\n"
        if branch(host) >= 535
        else ""
    )
    return (
        "\n==============NVSMI LOG==============\n\n"
        f"Timestamp                                 : {STAMP}\n"
        f"Driver Version                            : {host.driver.version}\n"
        f"CUDA Version                              : Not Found\n{capability}\n"
        f"Attached GPUs                             : {len(host.gpus)}\n" + "\n".join(blocks)
    )


_VGPU = """\
    vGPU ID                               : {id}
        VM ID                             : {world}
        VM Name                           : {vm}
        vGPU Name                         : {product}
        vGPU Type                         : {type}
        vGPU UUID                         : {uuid}
        Guest Driver Version              : {guest_driver}
        License Status                    : {licence}
        GPU Instance ID                   : N/A
        Accounting Mode                   : Disabled
        ECC Mode                          : {ecc}
        Accounting Buffer Size            : 4000
        Frame Rate Limit                  : N/A
        PCI
            Bus Id                        : 00000000:02:0{slot}.0
        FB Memory Usage
            Total                         : {total} MiB
            Used                          : 641 MiB
            Free                          : {free} MiB
        Utilization
            Gpu                           : 0 %
            Memory                        : 0 %
            Encoder                       : 0 %
            Decoder                       : 0 %
        Encoder Stats
            Active Sessions               : 0
            Average FPS                   : 0
            Average Latency               : 0
        FBC Stats
            Active Sessions               : 0
            Average FPS                   : 0
            Average Latency               : 0
"""


def vgpu_query(host: HostShape) -> str:
    """`nvidia-smi vgpu -q`"""
    blocks = []
    for number, gpu in enumerate(_in_vgpu_mode(host)):
        running = host.on_gpu(gpu)
        block = f"GPU {bus_id(gpu)}\n    Active vGPUs                          : {len(running)}\n"
        for index, (vm, profile) in enumerate(running):
            name = type_of(gpu, profile)
            total = gib_of(name) * 1024
            block += _VGPU.format(
                guest_driver=vm.guest_driver or host.driver.version if host.driver else "",
                id=3_251_634_327 + 100 * number + index, world=world_id(host, vm.name), vm=vm.name,
                product=gpu.model.product(name), type=470 + index, ecc=_mode(gpu.ecc, 0),
                uuid=f"afdcf724-1dd2-11b2-8534-{number:06d}{index:06d}", slot=4 + index,
                licence=vm.licence, total=total, free=total - 641,
            )  # fmt: skip
        blocks.append(block)
    return "\n".join(blocks)


def _type_list(gpu: Gpu, names: tuple[str, ...]) -> str:
    listed = "".join(f"    {gpu.model.product(name)}\n" for name in names)
    return f"GPU {bus_id(gpu)}\n{listed}"


def supported(host: HostShape) -> str:
    """`nvidia-smi vgpu -s`"""
    return "".join(_type_list(gpu, usable_types(host, gpu)) for gpu in _in_vgpu_mode(host))


_TYPE = """\
    vGPU Type ID                          : 0x{type:x}
        Name                              : {name}
        Class                             : {kind}
        GPU Instance Profile ID           : {instance}
        Max Instances                     : {most}
        Max Instances Per VM              : {per_vm}
        Multi vGPU Exclusive              : False
        FB Memory                         : {mib} MiB
        Display Heads                     : 1
        Frame Rate Limit                  : N/A
        GRID License                      : NVIDIA Virtual Compute Server,9.0
"""


def verbose(host: HostShape) -> str:
    """`nvidia-smi vgpu -s -v`: counts are the catalogue's, unless the GPU has its own."""
    blocks = []
    for gpu in _in_vgpu_mode(host):
        listed = catalog.requirements().models.get(gpu.model.key)
        own = dict(gpu.counts)
        block = f"GPU {bus_id(gpu)}\n"
        for number, name in enumerate(usable_types(host, gpu), start=0x1C0):
            said, gib = type_name(name), gib_of(name)
            assert said is not None, name
            found = listed.profile(name) if listed else None
            most = found.max_per_gpu if found else gpu.model.mib_gib // gib
            block += _TYPE.format(
                type=number, name=gpu.model.product(name), mib=gib * 1024,
                kind="Compute" if said.series == "C" else "Quadro",
                instance=number - 0x1C0 if said.slices else "N/A",
                most=own.get(name, most), per_vm=16 if said.series == "C" else 1,
            )  # fmt: skip
        blocks.append(block)
    return "".join(blocks)


def creatable(host: HostShape) -> str:
    """`nvidia-smi vgpu -c`"""
    return "".join(_type_list(gpu, startable_types(host, gpu)) for gpu in _in_vgpu_mode(host))


def mig_list(host: HostShape) -> str:
    """`nvidia-smi mig -lgi`"""
    width = 55
    rule = "+" + "-" * width + "+\n"
    rows = []
    for index, gpu in enumerate(host.seen_gpus()):
        for item in gpu.mig_instances:
            place = f"{item.start}:{item.size}"
            name = f"{index:>4}  MIG {item.name:<14}"
            row = f"{name}{item.profile_id:>4}{item.instance_id:>9}{place:>13}"
            rows.append(f"|{row:<{width}}|\n{rule}")
    if not rows:
        return "No MIG-enabled devices found.\n" if not _in_mig(host) else (
            "No GPU instances found: Not Found\n"
        )  # fmt: skip
    return (
        f"{rule}|{' GPU instances:':<{width}}|\n"
        f"|{' GPU   Name             Profile  Instance   Placement':<{width}}|\n"
        f"|{'                          ID       ID       Start:Size':<{width}}|\n"
        f"|{'=' * width}|\n" + "".join(rows)
    )


def _in_mig(host: HostShape) -> bool:
    return any(gpu.in_mig for gpu in host.seen_gpus())


def _link(one: Gpu, other: Gpu) -> str:
    if one is other:
        return " X "
    if one.nvlink_group is not None and one.nvlink_group == other.nvlink_group:
        return "NV18" if one.model.architecture == "Hopper" else "NV12"
    if set(one.chain[:-1]) & set(other.chain[:-1]):
        return "PXB"
    return "NODE" if one.node == other.node else "SYS"


def topology(host: HostShape) -> str:
    """`nvidia-smi topo -m`: on ESXi without the affinity columns."""
    seen = host.seen_gpus()
    names = [f"GPU{index}" for index in range(len(seen))]
    head = "        " + "".join(f"{name:<8}" for name in names)
    lines = [head.rstrip()]
    for name, one in zip(names, seen, strict=True):
        cells = "".join(f"{_link(one, other):<8}" for other in seen)
        lines.append(f"{name:<8}{cells}".rstrip())
    legend = (
        "\n\nLegend:\n\n  X    = Self\n"
        "  SYS  = Connection traversing PCIe as well as the SMP interconnect between NUMA nodes"
        " (e.g., QPI/UPI)\n"
        "  NODE = Connection traversing PCIe as well as the interconnect between PCIe Host Bridges"
        " within a NUMA node\n"
        "  PXB  = Connection traversing multiple PCIe bridges (without traversing the PCIe Host"
        " Bridge)\n"
        "  NV#  = Connection traversing a bonded set of # NVLinks\n"
    )
    return "\n".join(lines) + legend
