"""Captures in, one joined `Host` out."""

from operator import attrgetter
from typing import Any, NamedTuple

from msgspec.structs import replace

from hostcheck.assemble.bmc import with_bmc
from hostcheck.assemble.book import Book, Parsed
from hostcheck.assemble.boot import boot_options
from hostcheck.assemble.cross_checks import testimonies_of
from hostcheck.assemble.devices import Locator
from hostcheck.assemble.driver import driver_packages, running_vgpus
from hostcheck.assemble.gpus import gpus_of, nvswitches, smi_answers, smi_count, smi_log, smi_order
from hostcheck.assemble.homes import with_homes
from hostcheck.assemble.identity import told_tag
from hostcheck.assemble.memory import (
    cpu_used_by_hypervisor,
    dram,
    others_of,
    overhead,
    reserved,
    reserved_cpu,
    used_by_hypervisor,
)
from hostcheck.assemble.network import nics_of
from hostcheck.assemble.offers import cpu_features_of, opinions_of, option_of, target_of
from hostcheck.assemble.placement import Answers
from hostcheck.assemble.processors import numa_nodes_of, packages_of
from hostcheck.assemble.shell_only import offline, system_of
from hostcheck.assemble.smoke import with_smoke
from hostcheck.assemble.ssh_service import ssh_service_of
from hostcheck.assemble.vms import vm_answers, vms_of
from hostcheck.model.fact import Fact, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.host_ref import HostRef
from hostcheck.model.image import HostImage
from hostcheck.model.recording import Recording
from hostcheck.model.release import release_of
from hostcheck.parsers import (
    esxcli_hardware_pci_list,
    nvidia_smi_topo_m,
    nvidia_smi_vgpu_q,
    rest_image_compliance,
    vim_compute_resource,
    vim_host_system,
    vim_query_options,
)
from hostcheck.parsers.vim_compute_resource import ComputeResource
from hostcheck.parsers.vim_host_system import HostSystem
from hostcheck.syntax.opened import keep_early

AS_TOLD = (
    "connection_state",
    "power_state",
    "in_maintenance_mode",
    "reboot_required",
    "boot_time",
    "vendor",
    "model",
    "bios_version",
    "bios_date",
    "firmware_type",
    "version",
    "build",
    "lockdown_mode",
    "services",
    "memory_bytes",
    "package_count",
    "core_count",
    "pu_count",
    "numa_node_count",
    "graphics_default",
    "assignment_policy",
    "profiles_offered",
    "api_version",
    "core_hz",
    "roles",
)
"""Facts of a host that vSphere tells under the same name."""


class Release(NamedTuple):
    """Which release of ESXi a host runs."""

    version: Fact[str]
    api_version: Fact[str]


def runs_release(recorded: Recording) -> Release:
    """Read the release of a host, and no more, as it is when the host is joined.

    It is joined next, by this thread, so that what was read is kept for it.
    """
    told = recorded.captures.get(vim_host_system.REQUEST.of(recorded.ref.id).key)
    api, system = _system(Book(recorded.captures), recorded.ref)
    if told is not None and not isinstance(api.value, Unknown):
        keep_early(told, vim_host_system.parse, api.value)
    return Release(system.fact(lambda one: one.version), system.fact(lambda one: one.api_version))


def _system(book: Book, ref: HostRef) -> tuple[Parsed[HostSystem], Parsed[HostSystem]]:
    """Return what vSphere tells of a host as a whole, and what is believed of that."""
    api = book.read(vim_host_system.REQUEST.of(ref.id), vim_host_system.parse)
    return api, system_of(book) if offline(ref, book.wires) else api


def assemble(recorded: Recording) -> Host:
    """Join everything that was answered about one host."""
    ref = recorded.ref
    host_id = ref.id
    book = Book(recorded.captures)
    api, system = _system(book, ref)
    cluster = book.read(
        vim_compute_resource.request_for(ref.cluster_kind).of(ref.cluster_id),
        vim_compute_resource.parse,
    )
    pci = book.read_esxcli(
        esxcli_hardware_pci_list.REQUEST, host_id, esxcli_hardware_pci_list.parse
    )
    log = smi_log(book)
    nodes = numa_nodes_of(system)
    located = Locator(book, system, pci, nodes)
    gpus = gpus_of(book, system, log, located)
    nics = nics_of(system, located)
    topo = book.read(nvidia_smi_topo_m.REQUEST, nvidia_smi_topo_m.parse)
    vgpus = book.read(nvidia_smi_vgpu_q.REQUEST, nvidia_smi_vgpu_q.parse)
    setting = book.read(vim_query_options.REQUEST, vim_query_options.parse)
    answers = vm_answers(book, ref.vm_ids)
    vms = with_homes(vms_of(book, api, cluster, answers, gpus), book)
    testimonies = testimonies_of(book, host_id, system, located, gpus)
    alike: dict[str, Any] = {name: system.fact(attrgetter(name)) for name in AS_TOLD}
    host = Host(
        **alike,
        **_memory(api, system, cluster, answers),
        **_offers(book, host_id),
        name=ref.name,
        id=host_id,
        cluster=cluster.fact(lambda one: one.name),
        packages=packages_of(system),
        numa_nodes=nodes,
        vgpu_abilities=system.fact(lambda one: one.abilities),
        hot_migration=setting.fact(lambda one: one),
        image=_image(book, ref),
        drs_automation=cluster.fact(lambda one: one.drs_automation),
        gpus=gpus,
        nics=nics,
        smi_answers=smi_answers(log),
        smi_gpu_count=log.fact(lambda one: smi_count(one, system)),
        driver_version=_version(log.fact(lambda one: one.driver_version)),
        driver_packages=driver_packages(book, system, host_id),
        nvlink=topo.fact(lambda one: one.links),
        nvlink_order=smi_order(log),
        vgpu_instances=vgpus.fact(lambda one: running_vgpus(one, vgpus)),
        vms=vms,
        testimonies=testimonies,
        drs_evacuation=cluster.fact(lambda one: one.evacuation),
        boot_options=boot_options(book, host_id),
        nvswitches=system.fact(nvswitches),
        ssh_service=ssh_service_of(book),
        sources=tuple(book.sources),
        target=ref.vcenter,
        datastores=system.fact(lambda one: one.datastore_ids),
        networks=system.fact(lambda one: one.network_ids),
        other_vms=others_of(api, answers, vms),
        service_tag=api.fact(lambda one: told_tag(one.identity)),
    )
    return replace(with_smoke(with_bmc(host, book), book), **_asked(book, recorded))


def _asked(book: Book, recorded: Recording) -> dict[str, Any]:
    """Return what was asked beside what facts rest on, and with what."""
    told = recorded.seal
    return {"not_read": book.not_read(), "asked_with": told.options, "logins": told.logins}


def _memory(
    api: Parsed[HostSystem],
    system: Parsed[HostSystem],
    cluster: Parsed[ComputeResource],
    answers: Answers,
) -> dict[str, Any]:
    """Return what is reserved and used of memory and processors."""
    return {
        "memory_dram_bytes": dram(system),
        "memory_reserved_bytes": reserved(api, answers),
        "memory_overhead_bytes": overhead(api, answers),
        "memory_hypervisor_bytes": used_by_hypervisor(system, cluster),
        "cpu_reserved_mhz": reserved_cpu(api, answers),
        "cpu_hypervisor_mhz": cpu_used_by_hypervisor(system, cluster),
    }


def _offers(book: Book, host_id: str) -> dict[str, Any]:
    """Return what a preflight asks besides: what the host offers, and vCenter's opinion."""
    offered = target_of(book)
    return {
        "offered_profiles": offered.fact(lambda one: one.profiles),
        "offered_devices": offered.fact(lambda one: one.dynamic),
        "offered_groups": offered.fact(lambda one: one.groups),
        "per_vm_limits": option_of(book).fact(lambda one: one.limits),
        "opinions": opinions_of(book, host_id),
        "cpu_features": cpu_features_of(book, host_id),
    }


def _image(book: Book, ref: HostRef) -> Fact[HostImage]:
    """Return what vCenter says of a host and the image of its cluster."""
    asked = rest_image_compliance.REQUEST.of(ref.cluster_id)
    absent = Unknown(Why.ABSENT, "the compliance of the cluster does not name it", asked.text)
    found = book.read(asked, rest_image_compliance.parse)
    return found.fact(lambda one: one.hosts.get(ref.id, absent))


def _version(told: Fact[str]) -> Fact[str]:
    """Return the version of a driver that is numbers, as `550.54.16`: checks compare its branch."""
    if isinstance(told, Unknown) or release_of(told.value):
        return told
    return Unknown(Why.UNPARSED, f"not the version of a driver: {told.value!r}", "nvidia-smi")
