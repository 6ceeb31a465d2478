"""What is asked of the ESXi shell, in order: announced, then asked; all of it read-only."""

from collections.abc import Sequence

from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown
from hostcheck.model.pci import PciAddress, parts
from hostcheck.parsers import (
    esxcli_graphics_device_list,
    esxcli_graphics_host_get,
    esxcli_hardware_cpu_global_get,
    esxcli_hardware_memory_get,
    esxcli_hardware_pci_list,
    esxcli_software_vib_list,
    esxcli_system_settings_kernel_list,
    esxcli_system_version_get,
    esxcli_vm_process_list,
    nvidia_smi_mig_lgi,
    nvidia_smi_q,
    nvidia_smi_q_x,
    nvidia_smi_query_gpu,
    nvidia_smi_topo_m,
    nvidia_smi_vgpu_c,
    nvidia_smi_vgpu_q,
    nvidia_smi_vgpu_s,
    nvidia_smi_vgpu_s_v,
    sched_stats_numa_clients,
    vsish_numa_nodes,
    vsish_package_list,
    vsish_pci_config_header,
)
from hostcheck.syntax.opened import opened_early
from hostcheck.ways.base import SoFar, Transport

HOST_REQUESTS = (
    esxcli_system_version_get.REQUEST,
    esxcli_hardware_cpu_global_get.REQUEST,
    esxcli_hardware_memory_get.REQUEST,
    vsish_package_list.REQUEST,
    vsish_numa_nodes.REQUEST,
    esxcli_hardware_pci_list.REQUEST,
    esxcli_graphics_host_get.REQUEST,
    esxcli_graphics_device_list.REQUEST,
    esxcli_software_vib_list.REQUEST,
    esxcli_system_settings_kernel_list.REQUEST,
)
NVIDIA_REQUESTS = (  # the last two tell where the VMs are that have the GPUs
    nvidia_smi_query_gpu.REQUEST,
    nvidia_smi_vgpu_q.REQUEST,
    nvidia_smi_vgpu_s.REQUEST,
    nvidia_smi_vgpu_s_v.REQUEST,
    nvidia_smi_vgpu_c.REQUEST,
    nvidia_smi_mig_lgi.REQUEST,
    nvidia_smi_topo_m.REQUEST,
    esxcli_vm_process_list.REQUEST,
    sched_stats_numa_clients.REQUEST,
)
REQUESTS = (
    *HOST_REQUESTS,
    vsish_pci_config_header.REQUEST,
    nvidia_smi_q_x.REQUEST,
    nvidia_smi_q.REQUEST,
    *NVIDIA_REQUESTS,
)


def collect(shell: Transport, so_far: SoFar) -> None:
    """Ask everything of one shell."""
    ask(shell, so_far.gpus())


def knock(shell: Transport, _so_far: SoFar) -> None:
    """Ask the smallest command of one shell."""
    shell.fetch(HOST_REQUESTS[0])


def ask(shell: Transport, gpus: Sequence[PciAddress]) -> None:
    """Ask about a host with these GPUs. One without NVIDIA GPUs is not asked about them."""
    first = [*HOST_REQUESTS, *map(config_header, gpus)]
    shell.expect([*first, *((nvidia_smi_q_x.REQUEST, *NVIDIA_REQUESTS) if gpus else ())])
    for request in first:
        shell.fetch(request)
    if not gpus:
        return
    capture = shell.fetch(nvidia_smi_q_x.REQUEST)
    if capture.failure is None and not _understood(capture):
        shell.fetch(nvidia_smi_q.REQUEST)
    for request in NVIDIA_REQUESTS:
        shell.fetch(request)


def config_header(gpu: PciAddress) -> Request:
    """Return the question for a device's NUMA node; vsish takes decimal numbers."""
    segment, bus, slot, function = parts(gpu)
    return vsish_pci_config_header.REQUEST.fill(
        segment=segment, bus=bus, slot=slot, function=function
    )


def _understood(capture: Capture) -> bool:
    return not isinstance(opened_early(capture, nvidia_smi_q_x.parse), Unknown)
