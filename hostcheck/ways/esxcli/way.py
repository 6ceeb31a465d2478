"""esxcli through the vSphere API, for hosts whose SSH is off."""

from hostcheck.model.capture import Request, Wire
from hostcheck.parsers import (
    esxcli_graphics_device_list,
    esxcli_graphics_host_get,
    esxcli_hardware_cpu_global_get,
    esxcli_hardware_memory_get,
    esxcli_hardware_pci_list,
    esxcli_software_vib_list,
    esxcli_system_settings_kernel_list,
    esxcli_system_version_get,
)
from hostcheck.ways.base import SoFar, Transport, Way, Wiring

REQUESTS = tuple(
    Request(Wire.ESXCLI, parser.REQUEST.template, parser.REQUEST.purpose, "Host.Config.Settings")
    for parser in (
        esxcli_system_version_get,
        esxcli_hardware_cpu_global_get,
        esxcli_hardware_memory_get,
        esxcli_hardware_pci_list,
        esxcli_graphics_host_get,
        esxcli_graphics_device_list,
        esxcli_software_vib_list,
        esxcli_system_settings_kernel_list,
    )
)
"""The esxcli commands of the shell, in the same order."""


def collect(vsphere: Transport, so_far: SoFar) -> None:
    """Ask the commands of one host."""
    for request in REQUESTS:
        vsphere.fetch(request.of(so_far.ref.id))


def knock(vsphere: Transport, so_far: SoFar) -> None:
    """Ask the smallest command of one host."""
    vsphere.fetch(REQUESTS[0].of(so_far.ref.id))


WAY = Way(
    name="esxcli",
    wirings=(
        Wiring(
            Wire.ESXCLI,
            "esxcli through the vSphere API (only with --esxcli)",
            folder="esxcli",
            suffix="xml",
        ),
    ),
    requests=REQUESTS,
    collect=collect,
    knock=knock,
    turn=20,
    carried_by="vsphere",
)
