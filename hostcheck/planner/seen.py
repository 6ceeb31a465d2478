"""What a plan needs of one host, so that the rest of it can go."""

from collections import Counter

from msgspec import Struct

from hostcheck.capacity.look import look_at
from hostcheck.capacity.seen import Seen
from hostcheck.checks.engine import attempt
from hostcheck.checks.kinds import model_of
from hostcheck.checks.packages import host_driver
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.image import HostImage
from hostcheck.model.requirements import GpuModel, Requirements, VgpuRelease, bare, type_name
from hostcheck.model.run import HostReport
from hostcheck.model.vm import Vm
from hostcheck.model.window import vgpu_release_of

NO_DRIVER = Unknown(Why.ABSENT, "no NVIDIA driver package is installed", "host driver packages")


class Guests(Struct, frozen=True):
    """The VMs with GPUs of one host that run, and how they leave it."""

    drivers: tuple[tuple[str, int], ...]
    """Guest drivers and how many VMs have each; without those that are not known."""
    untold: int
    """Running vGPU VMs whose guest driver is not known."""
    off: int
    """VMs that are off: nobody tells their drivers."""
    moves: int
    """They can leave while they run."""
    fixed: int
    """They cannot: a whole device, or a profile that does not migrate."""
    unsure: int
    """Whether they can is not known."""
    series: frozenset[str]
    """Series of the profiles in use: `C`, `Q`."""
    profiles: tuple[str, ...]
    """Profiles of the running VMs, one entry a vGPU, as vSphere spells them."""
    known: bool = True


class PlannedHost(Struct, frozen=True):
    """One host with GPUs."""

    name: str
    target: str
    cluster: str
    """Empty: not known, or in none."""
    version: str
    """Empty: not known."""
    build: int
    """0: not known."""
    driver: str
    """Empty: not known; `why` says why."""
    why: str
    release: VgpuRelease | None
    models: tuple[GpuModel, ...]
    untold_gpus: tuple[str, ...]
    """GPUs that nobody knows the kind of."""
    graphics_package_only: bool
    """Whether only the graphics package is installed: it makes no C types from branch 535 on."""
    guests: Guests
    automatic: bool | None
    """Whether DRS empties it by itself; None: not known."""
    counted: Seen
    """As capacity counts it."""
    image: HostImage | None = None
    """What vCenter says of it and the image of its cluster; None: not known."""


def seen_of(report: HostReport, needs: Requirements) -> PlannedHost | None:
    """Look at a host of a run; None where it surely has no GPU."""
    host = report.host
    if isinstance(host.gpus, Known) and not host.gpus.value:
        return None
    driver = attempt(lambda known: host_driver(host, known))
    driver = driver or NO_DRIVER
    models: dict[str, GpuModel] = {}
    untold = []
    for gpu in () if isinstance(host.gpus, Unknown) else host.gpus.value:
        model = attempt(lambda known, gpu=gpu: model_of(gpu, needs, known))  # type: ignore[misc]
        if isinstance(model, Unknown):
            untold.append(gpu.name)
        else:
            models.setdefault(model.key, model)
    build = _text(host.build)
    known_driver = "" if isinstance(driver, Unknown) else driver
    return PlannedHost(
        name=host.name,
        target=host.target,
        cluster=_text(host.cluster),
        version=_text(host.version),
        build=int(build) if build.isdecimal() else 0,
        driver=known_driver,
        why=driver.detail if isinstance(driver, Unknown) else "",
        release=vgpu_release_of(known_driver, needs.releases) if known_driver else None,
        models=tuple(models.values()),
        untold_gpus=tuple(dict.fromkeys(untold)),
        graphics_package_only=_graphics_only(host),
        guests=_guests(host),
        automatic=_automatic(host),
        counted=look_at(host, needs, report.results),
        image=host.image.value if isinstance(host.image, Known) else None,
    )


def _text(fact: Known[str] | Unknown) -> str:
    return fact.value if isinstance(fact, Known) else ""


def _graphics_only(host: Host) -> bool:
    if isinstance(host.driver_packages, Unknown):
        return False
    names = [one.name.upper() for one in host.driver_packages.value]
    drivers = [one for one in names if "VMWARE" in one or "VGPU" in one or "AIE" in one]
    return bool(drivers) and not any("AIE" in one for one in drivers)


def _automatic(host: Host) -> bool | None:
    if isinstance(host.drs_automation, Unknown) or isinstance(host.drs_evacuation, Unknown):
        return None
    return host.drs_automation.value not in ("none", "off") and host.drs_evacuation.value == "-1"


def _guests(host: Host) -> Guests:
    if isinstance(host.vms, Unknown):
        return Guests((), 0, 0, 0, 0, 0, frozenset(), (), known=False)
    told = {}
    if isinstance(host.vgpu_instances, Known):
        for one in host.vgpu_instances.value:
            if isinstance(one.guest_driver, Known) and one.guest_driver.value[:1].isdecimal():
                told[one.vm_name] = one.guest_driver.value
    drivers: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    profiles: list[str] = []
    used: list[str] = []
    for vm in host.vms.value:
        names = [one.profile.value for one in vm.vgpus if isinstance(one.profile, Known)]
        used += names
        if not (isinstance(vm.power_state, Known) and vm.power_state.value == "poweredOn"):
            counts["off"] += 1
            continue
        profiles += names
        counts[_leaves(vm, host)] += 1
        if vm.vgpus and vm.name in told:
            drivers[told[vm.name]] += 1
        elif vm.vgpus:
            counts["untold"] += 1
    series = {said.series for name in used if (said := type_name(name)) is not None}
    return Guests(
        tuple(sorted(drivers.items())), counts["untold"], counts["off"], counts["moves"],
        counts["fixed"], counts["unsure"], frozenset(series), tuple(sorted(profiles)),
    )  # fmt: skip


def _leaves(vm: Vm, host: Host) -> str:
    """Say how a running VM leaves its host: `moves`, `fixed`, or `unsure`."""
    if vm.passthroughs:
        return "fixed"
    if isinstance(host.hot_migration, Known) and not host.hot_migration.value:
        return "fixed"
    if isinstance(host.vgpu_abilities, Unknown) or isinstance(host.hot_migration, Unknown):
        return "unsure"
    able = {bare(one.profile): one.migrate for one in host.vgpu_abilities.value}
    names = [bare(one.profile.value) for one in vm.vgpus if isinstance(one.profile, Known)]
    if len(names) < len(vm.vgpus) or any(name not in able for name in names):
        return "unsure"
    return "moves" if all(able[name] for name in names) else "fixed"
