"""The packages of NVIDIA's host driver: how they are named, and how they are installed."""

import re

from hostcheck.checks.engine import Facts, run
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host
from hostcheck.model.release import release_of

DRIVER = re.compile("VMware|AIE|VGPU", re.IGNORECASE)
"""Names of driver packages; the GPU management daemon is another one."""
NO_PACKAGE = "no NVIDIA driver package: see DRV-002"
INSTALL = (
    run(
        "esxcli (ESXi 7.0 and later, with the depot that you were given)",
        "esxcli software component apply --depot /vmfs/volumes/DATASTORE/NVIDIA.zip",
    ),
    run(
        "esxcli (before ESXi 7.0, with the depot that you were given)",
        "esxcli software vib install --depot /vmfs/volumes/DATASTORE/NVIDIA.zip",
    ),
)
"""How a driver is installed or replaced; it runs after the next boot."""
REBOOT = run("esxcli", "esxcli system shutdown reboot --reason 'NVIDIA driver'")


def host_driver(host: Host, known: Facts) -> str:
    """Return the version that runs or, where nvidia-smi was not asked, that is installed."""
    if not isinstance(host.driver_version, Unknown):
        return known(host.driver_version)
    versions = [one.version for one in known(host.driver_packages) if DRIVER.search(one.name)]
    return max(versions, key=numbers, default="").partition("-")[0]


def numbers(version: str) -> tuple[int, ...]:
    """Return (535, 247, 2) of `535.247.02-1OEM.800`."""
    return release_of(version.partition("-")[0])
