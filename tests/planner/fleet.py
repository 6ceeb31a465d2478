"""Clusters to plan for: synthetic hosts of any generation and release, and steps played on them."""

from collections.abc import Iterable
from functools import partial

from msgspec.json import encode
from msgspec.structs import replace

from hostcheck import catalog, planner
from hostcheck.checks.engine import run_all
from hostcheck.model.host import Software, VgpuAbility, VgpuInstance
from hostcheck.model.plan import Plan, Step, Work
from hostcheck.model.result import Answer, Result, Severity, Status
from hostcheck.model.run import HostReport
from hostcheck.planner.table import ReleaseTable
from hostcheck.planner.targets import esxi, targets
from hostcheck.runs import run_of
from tests.checks.synthetic import NEEDS, a_gpu, a_host, a_vm, asks, known

DAY = "2026-11-28"
SOURCES = catalog.sources()
BUILDS = {
    "7.0.3": "21930508", "8.0.3": "24674464", "8.0.2": "22380479", "9.0.1": "24957456",
    "9.1.0": "25557999", "6.7.0": "20497097",
}  # fmt: skip


# fmt: off
def machine(number=1, *, model="a40", driver="535.230.02", guest="535.230.02", busy=1, gpus=2,
            version="8.0.3", build="", aie=False, cluster="gpu", profile="", **changes):
    # fmt: on
    """A host whose first GPUs have a VM each; the others are free."""
    entry = NEEDS.models[model]
    mine = [one for one in entry.profiles if one.series in "QC" and not one.mig]
    best = max(mine, key=lambda one: (one.framebuffer_mib, one.series))
    size = best.framebuffer_mib // 1024
    name = profile or f"{entry.profile_prefixes[0]}{size}{best.series.lower()}"
    cards = [a_gpu(at, model=model) for at in range(gpus)]
    vms = [
        a_vm(number * 100 + at, cards[at], vgpus=asks(name), host_id=f"host-{number}")
        for at in range(busy)
    ]
    package = "NVD-AIE_ESXi_Driver" if aie else "NVD-VGPU_ESXi_Driver"
    instances = tuple(
        VgpuInstance(vm.gpu_addresses.value[0], vm.name, name, known(guest), known("Licensed"))
        for vm in vms
    )
    ability = VgpuAbility(name, migrate=True, suspend=True, memory_snapshot=True,
                          disk_snapshot=True)  # fmt: skip
    told = {
        "driver_version": driver,
        "driver_packages": (Software(package, f"{driver}-1OEM", "NVIDIA"),),
        "vgpu_instances": instances,
        "profiles_offered": (name,),
        "vgpu_abilities": (ability,),
        **changes,
    }
    return a_host(
        gpus=cards, vms=vms, name=f"esx-{number}.example.com", id=f"host-{number}", cluster=cluster,
        version=version, build=build or BUILDS[version], drs_automation="fullyAutomated", **told,
    )  # fmt: skip


def reported(hosts: Iterable) -> list[HostReport]:
    return [HostReport(Answer.GO, host, run_all(host, NEEDS)) for host in hosts]


def run_with(hosts):
    return run_of("vc.example.com", reported(hosts))


def planned(*hosts, to=(), esx="", day=DAY, listed=None) -> Plan:
    judge = partial(listed.judge, NEEDS) if listed else None
    table = ReleaseTable(NEEDS, SOURCES, day, judge)
    run = run_with(hosts)
    return planner.plan(run, table, targets(tuple(to), table), esxi(esx, table), listed=listed)


def option(plan: Plan, target: str, cluster: int = 0):
    (found,) = (one for one in plan.clusters[cluster].options if one.target == target)
    return found


def fails(hosts, severity=Severity.REQUIRED) -> set[tuple[str, str]]:
    """Which checks fail, of whom: those that a release could turn."""
    return {
        (one.check, one.subject.id)
        for host in hosts
        for one in _results(host, encode(host))
        if one.status is Status.FAIL
        and (one.severity is severity or one.check in ("DRV-005", "DRV-006", "DRV-007", "DRV-008"))
    }


_RESULTS: dict[bytes, tuple[Result, ...]] = {}
"""Of hosts that were judged: options have steps in common, and steps leave hosts as they are."""


def _results(host, key):
    if key not in _RESULTS:
        _RESULTS[key] = run_all(host, NEEDS)
    return _RESULTS[key]


def play(hosts, step: Step):
    """Do what a step says; a host that is not named stays as it is."""
    return [_played(host, step) for host in hosts]


def _played(host, step):
    if step.phase is Work.HOSTS and host.name in step.hosts:
        (package,) = host.driver_packages.value
        changes = {}
        if step.driver:
            changes["driver_version"] = known(step.driver)
            changes["driver_packages"] = known((replace(package, version=f"{step.driver}-1OEM"),))
        if step.esxi:
            changes |= {"version": known(step.esxi), "build": known(str(step.build))}
        return replace(host, **changes)
    if step.phase is Work.GUESTS and step.guest_restarts:
        return replace(host, vgpu_instances=known(tuple(
            replace(one, guest_driver=known(_guest(one.guest_driver.value, step)))
            for one in host.vgpu_instances.value
        )))  # fmt: skip
    return host


def _guest(driver, step):
    """Return the Linux driver of the step's release where the guest's is older."""
    table = ReleaseTable(NEEDS, SOURCES, DAY)
    minors = [one for one in table.release(step.release).minors if one.linux]
    if not minors:  # nobody could read them: the option is not known
        return driver
    named = next((one for one in minors if one.name == step.minor), minors[-1])
    numbers = [tuple(map(int, one.split("."))) for one in (driver, named.linux)]
    return driver if numbers[0] >= numbers[1] else named.linux
