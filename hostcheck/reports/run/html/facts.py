"""Tables of what is known of one host, its GPUs and its VMs."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from hostcheck.model.fact import Fact, Known, Unknown
from hostcheck.model.host import Host, PcieLink, PhysicalGpu, Service, Software, Sriov
from hostcheck.model.traits import nodes_per_package
from hostcheck.model.vm import Vm
from hostcheck.reports import view, words
from hostcheck.reports.run.html.shapes import Cells, ShownFact, Smoked, Table
from hostcheck.reports.smoke import text as smoke_text
from hostcheck.reports.summary import seals

T = TypeVar("T")


def _show(fact: Fact[T], told: Callable[[T], str] = str, before: str = "") -> ShownFact:
    if isinstance(fact, Unknown):
        return ShownFact(f"{before}{words.missing(fact)}", known=False)
    return ShownFact(f"{before}{told(fact.value) or 'none'}")


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _tiers(host: Host) -> str:
    """Say how much of the memory is DRAM, where not all of it is."""
    total, fast = host.memory_bytes, host.memory_dram_bytes
    if isinstance(total, Unknown) or isinstance(fast, Unknown) or fast.value == total.value:
        return ""
    return f", {words.size(fast.value)} of it DRAM"


def facts_of(host: Host) -> tuple[tuple[str, tuple[tuple[str, ShownFact], ...]], ...]:
    """Return what is known of a host, in the order people ask for it."""
    return (
        ("Machine", (
            ("Vendor", _show(host.vendor)),
            ("Model", _show(host.model)),
            ("Service tag", _show(host.service_tag)),
            ("BIOS", _show(host.bios_version)),
            ("BIOS date", _show(host.bios_date, lambda date: date[:10])),
            ("Boot firmware", _show(host.firmware_type)),
            ("Memory", _show(host.memory_bytes, lambda size: words.size(size) + _tiers(host))),
            ("Packages", _show(host.package_count)),
            ("Cores", _show(host.core_count)),
            ("Logical processors", _show(host.pu_count)),
            ("NUMA nodes", _numa(host)),
        )),
        ("ESXi", (
            ("Version", _show(host.version)),
            ("Build", _show(host.build)),
            ("Cluster", _show(host.cluster)),
            ("Connection", _show(host.connection_state)),
            ("Power", _show(host.power_state)),
            ("Maintenance mode", _show(host.in_maintenance_mode, _yes)),
            ("Reboot required", _show(host.reboot_required, _yes)),
            ("Booted", _show(host.boot_time, words.moment)),
            ("Lockdown", _show(host.lockdown_mode)),
            ("Services", _show(host.services, _services)),
            ("DRS", _show(host.drs_automation)),
            *_seal(host),
        )),
        ("Graphics", (
            ("Default type", _show(host.graphics_default, lambda kind: words.GRAPHICS[kind])),
            ("Assignment policy", _show(host.assignment_policy)),
            ("vGPU manager", _show(host.driver_version)),
            ("NVIDIA packages", _show(host.driver_packages, _software)),
            ("nvidia-smi answers", _show(host.smi_answers, _yes)),
            ("GPUs it lists", _show(host.smi_gpu_count)),
            ("GPUs on PCI", _show(host.gpus, lambda gpus: str(len(gpus)))),
            ("Running vGPUs", _show(host.vgpu_instances, lambda found: str(len(found)))),
            ("Profiles offered", _show(host.profiles_offered, ", ".join)),
        )),
    )  # fmt: skip


def _seal(host: Host) -> Iterator[tuple[str, ShownFact]]:
    """Yield with what it was asked, where that was kept."""
    for login in host.logins:
        yield f"Asked over {seals.way_of(login)}", ShownFact(seals.login_words(login))
    if begun := seals.ssh_words(host):
        yield "SSH service", ShownFact(begun)
    if isinstance(host.roles, Known):
        yield "Role of the account", _show(host.roles, ", ".join)


def _numa(host: Host) -> ShownFact:
    shown, each = _show(host.numa_node_count), nodes_per_package(host)
    if not each:
        return shown
    return ShownFact(f"{shown.text} ({each if 'over' in each else f'{each} per package'})")


def _services(services: tuple[Service, ...]) -> str:
    return ", ".join(f"{s.key} {'runs' if s.running else 'off'}" for s in services)


def _software(packages: tuple[Software, ...]) -> str:
    return ", ".join(f"{package.name} {package.version}" for package in packages)


def gpu_table(host: Host, shown: view.Layout) -> Table | None:
    """Return the table of GPUs, None where there is none; `shown` is the host's layout."""
    if not shown.gpus:
        return None
    return Table(
        ("GPU", "Place", "Graphics type", "ECC, MIG", "Framebuffer", "SR-IOV", "PCIe", "VMs"),
        tuple(_gpu_row(host, shown, gpu) for gpu in shown.gpus),
    )


def _gpu_row(host: Host, shown: view.Layout, gpu: PhysicalGpu) -> Cells:
    node = view.node_of(host, gpu)
    assumed = isinstance(gpu.numa_node, Unknown)
    if node is None:
        place = _show(gpu.numa_node, str, "node ")
    else:
        place = ShownFact(f"node {node}{' (the only one)' if assumed else ''}")
    names = ", ".join(guest.vm.name for guest in shown.guests_of(gpu.address))
    return (
        (
            ShownFact(f"GPU {shown.number(gpu.address)}"), ShownFact(gpu.name),
            ShownFact(gpu.address), ShownFact(str(gpu.pci_id)), _show(gpu.serial, str, "serial "),
            _show(gpu.vbios, str, "VBIOS "),
        ),
        (place, ShownFact(f"port {gpu.bridges[-1]}" if gpu.bridges else "port not known",
                      known=bool(gpu.bridges))),
        (
            _show(gpu.graphics_active, lambda kind: words.GRAPHICS[kind], "active "),
            _show(gpu.graphics_configured, lambda kind: words.GRAPHICS[kind], "configured "),
            _show(gpu.vgpu_mode, str, "mode "),
        ),
        (
            _pair("ECC", gpu.ecc_current, gpu.ecc_pending),
            _pair("MIG", gpu.mig_current, gpu.mig_pending),
        ),
        (
            _show(gpu.framebuffer_bytes, words.size, ""),
            _show(gpu.framebuffer_used_bytes, words.size, "used "),
            _show(gpu.bar1_bytes, words.size, "BAR1 "),
        ),
        (
            _show(gpu.sriov, _sriov), _show(gpu.virtualization_mode),
            *(ShownFact(said) for said in view.troubles(gpu)),
        ),
        (_show(gpu.link, _link),),
        (ShownFact(names) if names else _show(gpu.vm_ids, lambda ids: ", ".join(ids) or "none"),),
    )  # fmt: skip


def smoked_of(host: Host) -> tuple[Smoked, ...]:
    """Return what the smoke test said of each GPU; nothing where the run was not told to ask."""
    return tuple(
        Smoked(
            f"{gpu.address} {gpu.name}",
            None if isinstance(told, Unknown) else told,
            show_speed(told) if isinstance(told, Unknown) else ShownFact(""),
        )
        for gpu, told in smoke_text.smoked(host)
    )


def show_speed(speed: Unknown) -> ShownFact:
    """Return why a speed is not known."""
    return ShownFact(words.missing(speed), known=False)


def _pair(name: str, now: Fact[Any], later: Fact[Any]) -> ShownFact:
    if isinstance(now, Unknown):
        return _show(now, str, f"{name} ")
    told = f"{name} {words.MODE[now.value]}"
    if isinstance(later, Known) and later.value != now.value:
        told += f", {words.MODE[later.value]} after reset"
    return ShownFact(told)


def _sriov(found: Sriov) -> str:
    if not found.capable:
        return "not capable"
    state = "active" if found.active else "enabled" if found.enabled else "off"
    return f"{state}, {found.vf_count} of {found.vf_maximum} VFs"


def _link(link: PcieLink) -> str:
    now = f"Gen{link.generation}"
    if link.generation < link.generation_max:
        now = f"Gen{link.generation_max}, Gen{link.generation} now: an idle GPU slows its link"
    return f"x{link.width} of x{link.width_max}, {now}"


def vm_table(host: Host, shown: view.Layout) -> Table | None:
    """Return the table of VMs, None where there is none; `shown` is the host's layout."""
    if not shown.guests:
        return None
    return Table(
        ("VM", "Power", "GPU it asks for", "Runs on", "vCPUs", "Memory", "Hardware", "Network"),
        tuple(_vm_row(host, shown, guest) for guest in shown.guests),
    )


def _vm_row(host: Host, shown: view.Layout, guest: view.VmOnGpus) -> Cells:
    vm = guest.vm
    wants = [_show(vgpu.profile, str) for vgpu in vm.vgpus]
    wants += [
        _show(device.address, str, f"{device.kind} passthrough ") for device in vm.passthroughs
    ]
    groups = vm.device_groups
    if isinstance(groups, Known):
        wants += [ShownFact(f"device group {name}") for name in groups.value]
    return (
        (ShownFact(vm.name), ShownFact(vm.id)),
        (_show(vm.power_state, _power),),
        tuple(wants) or (ShownFact("none"),),
        _runs_on(host, shown, guest),
        (
            _show(vm.vcpu_count),
            _show(vm.cores_per_socket, lambda cores: f"{cores} per socket"),
        ),
        (_show(vm.memory_bytes, words.size), _reserved(vm)),
        (_show(vm.hardware_version, lambda version: f"vmx-{version}"), _show(vm.firmware)),
        tuple(
            _show(nic.uplinks, ", ".join, f"{nic.network}: ") for nic in vm.nics
        ) or (ShownFact("none"),),
    )  # fmt: skip


def _power(state: str) -> str:
    return {"poweredOn": "on", "poweredOff": "off", "suspended": "suspended"}.get(state, state)


def _reserved(vm: Vm) -> ShownFact:
    if isinstance(vm.memory_locked_to_max, Known) and vm.memory_locked_to_max.value:
        return ShownFact("all reserved")
    return _show(vm.memory_reserved_bytes, lambda reserved: f"{words.size(reserved)} reserved")


def _runs_on(host: Host, shown: view.Layout, guest: view.VmOnGpus) -> tuple[ShownFact, ...]:
    if guest.running is False:
        return (ShownFact("off"),)
    if isinstance(guest.addresses, Unknown):
        return (_show(guest.addresses),)
    lines = []
    for address in guest.addresses.value:
        number = shown.number(address)
        if number is None:
            lines.append(ShownFact(f"{address}, not among the GPUs of this host", known=False))
            continue
        node = view.node_of(host, shown.gpus[number])
        place = f"on node {node}" if node is not None else "its node not known"
        lines.append(ShownFact(f"GPU {number} ({place})", known=node is not None))
    return tuple(lines) or (ShownFact("no GPU"),)
