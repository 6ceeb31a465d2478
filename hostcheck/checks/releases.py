"""DRV: whether the vGPU release of the host's driver fits its guests, its GPUs and its ESXi."""

from hostcheck.checks.engine import Facts, check, judge, look, not_applicable, run, unsure
from hostcheck.checks.kinds import model_of
from hostcheck.checks.packages import INSTALL, NO_PACKAGE, host_driver, numbers
from hostcheck.checks.subjects import (
    PASSED_THROUGH,
    GpuOnHost,
    VgpuOnHost,
    every_gpu,
    every_host_with_gpu,
    every_running_vgpu,
    given_away,
)
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host
from hostcheck.model.lifecycle import Mark
from hostcheck.model.requirements import EsxiNeed, Requirements
from hostcheck.model.result import Phase, Severity, Verdict
from hostcheck.model.window import LONGEST_BRANCH, branch_of, vgpu_release_of, window
from hostcheck.words import gib

RELEASE_NOTES = "https://docs.nvidia.com/vgpu/19.0/grid-vgpu-release-notes-vmware-vsphere/"
SUPPORTED_GPUS = "https://docs.nvidia.com/vgpu/gpus-supported-by-vgpu.html"
PATCHES = "https://docs.nvidia.com/vgpu/20.0/grid-vgpu-release-notes-vmware-vsphere/"
FAULTS = "https://knowledge.broadcom.com/external/article/394974/"


@check(
    "DRV-006",
    title="The guest's driver fits the host's",
    severity=Severity.RECOMMENDED,
    source=RELEASE_NOTES,
    each=every_running_vgpu,
    of_vgpus=True,
    phase=Phase.DRIVER,
    why=(
        "A guest driver of a later release than the host's does not load. One of the same release "
        "or of the branch before is supported; an older one only from one long-term branch to the "
        "next (vGPU 13, 16, 19). Known of running vGPUs alone: a VM that is off does not tell its "
        "driver."
    ),
    symptom="NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
    fix="Install a guest driver of the host's release, or update the host's driver first.",
    how=(look("nvidia-smi (which guest has which driver)", "nvidia-smi vgpu -q"),),
    needs=("guest reboot",),
)
def guest_driver_fits(one: VgpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    host_version, guest_version = known(one.host.driver_version), known(one.vgpu.guest_driver)
    observed = f"guest {guest_version} on host {host_version}"
    host = vgpu_release_of(host_version, needs.releases)
    guest = vgpu_release_of(guest_version, needs.releases)
    if host == guest and (host or branch_of(host_version) == branch_of(guest_version)):
        return judge(ok=True, observed=observed, expected="the host's release, or the one before")
    newer = branch_of(guest_version) >= branch_of(host_version) + LONGEST_BRANCH
    if newer or (host and guest and guest.branch > host.branch):
        expected = "the host's release, or the one before"
        return judge(ok=False, observed=observed, expected=expected, note="the guest is newer")
    if host is None or guest is None or not host.release or not guest.release:
        note = "a driver branch that the catalogue does not list, or lists without a vGPU release"
        return unsure(observed, "the host's release, or the one before", note)
    judged = window(host, guest, needs.releases)
    expected = "a driver of vGPU " + " or ".join(map(str, judged.taken))
    if judged.mark is not Mark.READ and not judged.before:
        note = "supported only where both are long-term branches"
        return unsure(observed, expected, note)
    note = "" if judged.fits else f"vGPU {host.release} does not take vGPU {guest.release}"
    return judge(ok=judged.fits, observed=observed, expected=expected, note=note)


@check(
    "DRV-007",
    title="The branch of the host's driver still drives this GPU",
    severity=Severity.REQUIRED,
    source=SUPPORTED_GPUS,
    each=every_gpu,
    of_vgpus=True,
    phase=Phase.DRIVER,
    why=(
        "Driver branches drop old generations: vGPU 17 dropped Maxwell and Pascal, vGPU 20 "
        "(branch 595) drives Turing and later alone. The driver then ignores the GPU, says so in "
        "the host's log, and everything else looks right."
    ),
    symptom="is supported through the NVIDIA 580.xx Legacy drivers",
    fix="Install the last vGPU release that drives this GPU, or replace the GPU.",
    how=INSTALL,
    explains=("DRV-001", "DRV-003", "VGPU-003", "GFX-001"),
    needs=("maintenance mode", "host reboot"),
)
def branch_drives_gpu(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    gpu = one.gpu
    if given_away(gpu, known):
        return not_applicable(PASSED_THROUGH)
    memory = gpu.graphics_memory_bytes
    if not isinstance(memory, Unknown) and memory.value:
        return judge(
            ok=True,
            observed=f"{gib(known(memory))} of framebuffer: a driver owns it",
            expected="a branch that drives it",
        )
    model = model_of(gpu, needs, known)
    ends = [end for end in needs.ends if end.concerns(model)]
    if not ends:
        observed = f"no branch is known that drops {model.name}"
        return judge(ok=True, observed=observed, expected="a branch that drives it")
    version = host_driver(one.host, known)
    if not version:
        return not_applicable(NO_PACKAGE)
    past = [end for end in ends if branch_of(version) > end.last_branch]
    end = max(past or ends, key=lambda end: (end.verified, -end.last_branch))
    if past:
        known(memory)
        known.rests_on(f"the last branch for {model.name}", verified=end.verified)
    return judge(
        ok=not past,
        observed=f"driver {version} and {model.name} ({model.architecture.value})",
        expected=f"branch {min(each.last_branch for each in ends)} or older"
        if past
        else "a branch that drives it",
    )


@check(
    "DRV-008",
    title="ESXi has the patch that the vGPU release wants",
    severity=Severity.RECOMMENDED,
    source=PATCHES,
    each=every_host_with_gpu,
    of_vgpus=True,
    phase=Phase.DRIVER,
    why=(
        "A vGPU release is made for an ESXi patch and later: vGPU 20 for 8.0 U3 P06. The number "
        "of a build orders patches of one version alone: 8.0 U2f is newer as a build than 8.0 U3 "
        "P06."
    ),
    fix="Patch ESXi, or install the vGPU release that fits it.",
    how=(run("vSphere Client (patch ESXi)", "{host} > Updates > Image > Remediate"),),
    needs=("maintenance mode", "host reboot"),
)
def esxi_fits_release(host: Host, needs: Requirements, known: Facts) -> Verdict:
    version = host_driver(host, known)
    if not version:
        return not_applicable(NO_PACKAGE)
    release = vgpu_release_of(version, needs.releases)
    if release is None or release.esxi is None:
        return not_applicable(f"driver {version}: no ESXi patch is known that it wants")
    need = release.esxi
    has = known(host.version)
    observed = f"driver {version} on ESXi {has}"
    expected = f"ESXi {need.name} (build {need.build}) or later for vGPU {release.release}"
    if numbers(has)[0] > numbers(need.version)[0]:
        return unsure(observed, expected, "what it wants of a later ESXi is not known")
    if numbers(has) != numbers(need.version):
        return judge(ok=numbers(has) > numbers(need.version), observed=observed, expected=expected)
    return _patched(observed, expected, known(host.build), need)


def _patched(observed: str, expected: str, build: str, need: EsxiNeed) -> Verdict:
    if not build.isdecimal():
        return unsure(observed, expected, f"the build is {build!r}")
    return judge(
        ok=int(build) >= need.build, observed=f"{observed}, build {build}", expected=expected
    )


@check(
    "DRV-009",
    title="The host's driver has no known fault on this GPU that a later one cured",
    severity=Severity.RECOMMENDED,
    source=FAULTS,
    each=every_gpu,
    of_vgpus=True,
    phase=Phase.DRIVER,
    why=(
        "Drivers of branch 535 before 535.247.02 (vGPU 16.10) can crash the whole host on Hopper "
        "and Ada GPUs."
    ),
    symptom="IOMMU Fault detected for (vmgpX/nvidia) Reason: 0x6",
    fix="Install the release that cured it, or a later branch.",
    how=INSTALL,
    needs=("maintenance mode", "host reboot"),
)
def driver_without_known_fault(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    model = model_of(one.gpu, needs, known)
    faults = [one for one in needs.faults if model.architecture in one.architectures]
    if not faults:
        return not_applicable(f"no driver fault is known of {model.architecture.value}")
    if given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    version = host_driver(one.host, known)
    if not version:
        return not_applicable(NO_PACKAGE)
    hit = [
        fault
        for fault in faults
        if fault.branch == branch_of(version) and numbers(version) < numbers(fault.cured)
    ]
    return judge(
        ok=not hit,
        observed=f"driver {version} on {model.name}",
        expected=f"{hit[0].cured} (vGPU {hit[0].release}) or later" if hit else "no known fault",
        note="; ".join(fault.what for fault in hit),
    )
