"""DRV: whether a vGPU driver (the vGPU manager) is there and talks."""

from hostcheck.checks.engine import Facts, check, judge, look, not_applicable, run, unsure
from hostcheck.checks.packages import DRIVER, INSTALL, NO_PACKAGE, REBOOT
from hostcheck.checks.subjects import (
    PASSED_THROUGH,
    GpuOnHost,
    Placement,
    every_gpu,
    every_host_with_gpu,
    every_placement,
    given_away,
    profiles_of,
)
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements, bare, type_name
from hostcheck.model.result import Phase, Severity, Verdict
from hostcheck.model.window import branch_of
from hostcheck.words import gib

GUIDE = "https://docs.nvidia.com/ai-enterprise/5.0/user-guide/"
FIRST_SPLIT = 470
"""vGPU 13, the first release with two packages."""
COMPUTE_ONLY_AIE = 535
"""vGPU 16, from which C types are made by the AI Enterprise package alone."""
ISO_DATE = len("2026-11-21")


@check(
    "DRV-001",
    title="A vGPU driver owns the GPU",
    severity=Severity.REQUIRED,
    source=GUIDE,
    each=every_gpu,
    of_vgpus=True,
    phase=Phase.DRIVER,
    why=(
        "vSphere shows the framebuffer of a GPU only while a host driver owns it; without one "
        "there is no vGPU."
    ),
    symptom="No graphics device is available for vGPU",
    fix=(
        "Install NVIDIA's host driver (the AI Enterprise package for A30, A100, H100 and C types, "
        "the graphics package for A, B and Q types) with the GPU not in passthrough, then reboot "
        "even if the installer says that no reboot is required."
    ),
    how=INSTALL,
    explains=("GFX-001",),
    needs=("maintenance mode", "host reboot"),
)
def driver_owns_gpu(one: GpuOnHost, _needs: Requirements, known: Facts) -> Verdict:
    memory = known(one.gpu.graphics_memory_bytes)
    if not memory and given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    lost = (
        not memory
        and known.certainly(one.host.smi_answers, True)
        and known.certainly(one.gpu.smi_seen, False)
    )
    return judge(
        ok=memory > 0,
        observed=f"{gib(memory)} of framebuffer" if memory else "no framebuffer: no driver owns it",
        expected="framebuffer of a GPU that a driver owns",
        note="a driver runs on this host and does not see this GPU: see GPU-001" if lost else "",
    )


@check(
    "DRV-002",
    title="NVIDIA's host driver is installed",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_host_with_gpu,
    of_vgpus=True,
    phase=Phase.DRIVER,
    why="Without the driver's VIB no GPU of the host serves vGPUs.",
    symptom="NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
    fix="Install NVIDIA's host driver for this ESXi release, then reboot.",
    how=INSTALL,
    explains=("DRV-001", "DRV-003", "GFX-001"),
    needs=("maintenance mode", "host reboot"),
)
def driver_installed(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    packages = known(host.driver_packages)
    return judge(
        ok=bool(packages),
        observed=", ".join(f"{one.name} {one.version}" for one in packages) or "no NVIDIA package",
        expected="NVD-VMware or NVD-AIE (NVIDIA-VMware, NVIDIA-AIE on ESXi 7)",
    )


@check(
    "DRV-003",
    title="nvidia-smi reaches the driver",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_host_with_gpu,
    of_vgpus=True,
    phase=Phase.DRIVER,
    why=(
        "A driver that is loaded and does not talk leaves every GPU without vGPUs: the wrong "
        "package, a missing reboot, or all GPUs in passthrough."
    ),
    symptom=(
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure "
        "that the latest NVIDIA driver is installed and running."
    ),
    fix="Check that the package fits the GPU, that no GPU is in passthrough, and reboot.",
    how=(
        look("shell (the module is loaded)", "vmkload_mod -l | grep nvidia"),
        REBOOT,
    ),
    explains=("DRV-001", "GFX-001"),
    needs=("maintenance mode", "host reboot"),
)
def driver_talks(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    talks = known(host.smi_answers)
    observed = "nvidia-smi answers" if talks else "nvidia-smi does not reach a driver"
    if talks and not isinstance(host.driver_version, Unknown):
        observed = f"nvidia-smi answers, driver {known(host.driver_version)}"
    return judge(ok=talks, observed=observed, expected="nvidia-smi answers")


@check(
    "DRV-004",
    title="The host driver package makes the series of the VM's vGPU profile",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_placement,
    of_vgpus=True,
    decides_now=True,
    forgives=(Why.ABSENT, Why.DENIED, Why.NOT_ASKED, Why.NOT_RECORDED),
    phase=Phase.DRIVER,
    why=(
        "NVIDIA ships two packages: the graphics one makes A, B and Q types, the AI Enterprise "
        "one makes C types. With the wrong one vSphere does not offer the profile: this check "
        "tells why. What it does offer is made, whatever the package is called."
    ),
    symptom="No graphics device is available for vGPU",
    fix=(
        "Remove the package that is there and install the one that fits: NVD-AIE for C types, "
        "NVD-VMware for A, B and Q types; then reboot."
    ),
    how=(
        run("esxcli (first)", "esxcli software vib remove --vibname {package}"),
        *INSTALL,
    ),
    explains=("VGPU-003",),
    needs=("maintenance mode", "host reboot"),
)
def package_fits_profile(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    vm = placed.vm
    known(vm.devices)
    wanted = profiles_of(vm, known)
    if not wanted:
        return not_applicable("no vGPU: whole devices only")
    series = {_series(name, known) for name in wanted}
    packages = [one for one in known(placed.host.driver_packages) if DRIVER.search(one.name)]
    if not packages:
        return not_applicable(NO_PACKAGE)
    compute = [one for one in packages if "AIE" in one.name.upper()]
    graphics = [one for one in packages if one not in compute]
    observed = ", ".join(f"{one.name} {one.version}" for one in packages)
    expected = "a package that makes " + ", ".join(sorted(f"{one} types" for one in series))
    branch = max(branch_of(one.version) for one in packages)
    lacks_c = "C" in series and not compute and branch >= FIRST_SPLIT
    if not lacks_c and (graphics or series == {"C"}):
        return judge(ok=True, observed=observed, expected=expected)
    offered = {bare(name) for name in known(placed.host.profiles_offered)}
    if offered.issuperset(map(bare, wanted)):
        note = f"vSphere offers {', '.join(wanted)}"
        return judge(ok=True, observed=observed, expected=expected, note=note)
    if lacks_c and branch < COMPUTE_ONLY_AIE:
        return unsure(observed, expected, "between branches 470 and 535 both packages made C")
    names = tuple(one.name for one in packages)
    return judge(ok=False, observed=observed, expected=expected, package=names)


def _series(profile: str, known: Facts) -> str:
    """Return the series of a type: its name says it, before `ME`, `GFX` or `4`."""
    named = type_name(profile)
    if named is None:
        detail = f"{profile} is not named like a vGPU type: its series is not known"
        known.leave(Unknown(Why.ABSENT, detail, "VM config.hardware.device"))
    return named.series


@check(
    "DRV-005",
    title="The driver that runs is the driver that is installed",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_host_with_gpu,
    of_vgpus=True,
    phase=Phase.DRIVER,
    why=(
        "A driver package that was installed or replaced after the last boot looks right in every "
        "list and does not work until the next boot; the installer may say that no reboot is "
        "required."
    ),
    symptom="NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
    fix="Reboot the host.",
    how=(REBOOT,),
    explains=("DRV-001", "DRV-003", "GFX-001"),
    needs=("maintenance mode", "host reboot"),
)
def installed_driver_runs(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    packages = [one for one in known(host.driver_packages) if DRIVER.search(one.name)]
    if not packages:
        return not_applicable(NO_PACKAGE)
    observed = ", ".join(f"{one.name} {one.version}" for one in packages)
    if isinstance(host.driver_version, Unknown):
        booted = known(host.boot_time)[:ISO_DATE]
        later = [one for one in packages if known(one.installed_on)[:ISO_DATE] > booted]
        if not later:
            known(host.driver_version)
        observed = f"{later[0].name} installed on {known(later[0].installed_on)}, boot on {booted}"
        return judge(ok=False, observed=observed, expected="a boot after the installation")
    running = known(host.driver_version)
    return judge(
        ok=any(_driver_version(one.version) == running for one in packages),
        observed=f"{observed}; {running} runs",
        expected="the running version among the installed ones",
    )


def _driver_version(package_version: str) -> str:
    """Return NVIDIA's version: `550.54.16` of `550.54.16-1OEM.800.1.0.20613240`."""
    return package_version.partition("-")[0]
