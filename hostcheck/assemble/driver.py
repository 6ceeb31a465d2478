"""The host's driver, its packages and the vGPUs that it runs."""

import re

from hostcheck.assemble.book import Book, Parsed, not_asked
from hostcheck.model.fact import Fact, Known, Reading, Unknown
from hostcheck.model.host import (
    Software,
    VgpuInstance,
)
from hostcheck.parsers import (
    esxcli_software_vib_list,
    nvidia_smi_vgpu_q,
    vim_software_packages,
)
from hostcheck.parsers.vim_host_system import HostSystem

DRIVER_PACKAGE = re.compile(r"^(NVIDIA|NVD)[-_ ]|^nvd", re.IGNORECASE)


def running_vgpus(
    running: nvidia_smi_vgpu_q.RunningVgpus, answer: Parsed[nvidia_smi_vgpu_q.RunningVgpus]
) -> Reading[tuple[VgpuInstance, ...]]:
    """Return the running vGPUs that the answer lists."""
    found = []
    for gpu in running.gpus:
        if isinstance(gpu.vgpus, Unknown):
            return gpu.vgpus
        found += [
            VgpuInstance(
                vgpu.address,
                "" if isinstance(vgpu.vm_name, Unknown) else vgpu.vm_name,
                "" if isinstance(vgpu.type_name, Unknown) else vgpu.type_name,
                answer.lift(vgpu.guest_driver),
                answer.lift(vgpu.licence),
            )
            for vgpu in gpu.vgpus
        ]
    return tuple(found)


def driver_packages(
    book: Book, system: Parsed[HostSystem], host_id: str
) -> Fact[tuple[Software, ...]]:
    """List NVIDIA's packages: from esxcli where that tells them, else from the API.

    Both read one database. The Read-only role is refused the API's list, so it is not the first.
    """
    vibs = book.read_esxcli(
        esxcli_software_vib_list.REQUEST, host_id, esxcli_software_vib_list.parse
    )
    listed = vibs.fact(lambda one: _nvidia_vibs(one, vibs))
    if isinstance(listed, Known):
        return listed
    manager = system.fact(lambda one: one.image_manager_id)
    if isinstance(manager, Unknown):
        return manager if not_asked(listed) else listed
    api = book.read(vim_software_packages.REQUEST.of(manager.value), vim_software_packages.parse)
    told = api.fact(
        lambda packages: tuple(one for one in packages if DRIVER_PACKAGE.match(one.name))
    )
    return told if isinstance(told, Known) or not_asked(listed) else listed


def _nvidia_vibs(
    vibs: tuple[esxcli_software_vib_list.Vib, ...],
    answer: Parsed[tuple[esxcli_software_vib_list.Vib, ...]],
) -> Reading[tuple[Software, ...]]:
    found = []
    for vib in vibs:
        if isinstance(vib.name, Unknown):
            return vib.name
        if DRIVER_PACKAGE.match(vib.name):
            version = "" if isinstance(vib.version, Unknown) else vib.version
            vendor = "" if isinstance(vib.vendor, Unknown) else vib.vendor
            found.append(Software(vib.name, version, vendor, answer.lift(vib.install_date)))
    return tuple(sorted(found, key=lambda software: software.name))
