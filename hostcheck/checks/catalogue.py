"""CAT, VGPU: whether what this tool knows of a GPU fits what the host says of itself."""

from hostcheck.checks.engine import Facts, check, judge, look, not_applicable, unsure
from hostcheck.checks.kinds import model_of
from hostcheck.checks.subjects import PASSED_THROUGH, GpuOnHost, every_gpu, given_away
from hostcheck.model.fact import Known
from hostcheck.model.host import VgpuLimit
from hostcheck.model.requirements import GpuModel, Requirements
from hostcheck.model.result import Severity, Verdict
from hostcheck.words import count

BLACKWELL = "https://docs.nvidia.com/ai-enterprise/release-8/"
SPLIT_RULES = "https://docs.nvidia.com/ai-enterprise/release-6/latest/appendix/vgpu.html"
MIB = 1024 * 1024
SHOWN = 4


@check(
    "CAT-001",
    title="The driver and the catalogue say the same of the GPU's vGPU types",
    severity=Severity.INFORMATIONAL,
    source=SPLIT_RULES,
    each=every_gpu,
    why=(
        "Counts and sizes that no host told come from the catalogue of this tool. Where the "
        "driver tells them, it is right and is used; a difference means that the catalogue is "
        "older than the driver, or wrong."
    ),
    fix="Update hostcheck; if the difference stays, report it together with a recording.",
    how=(look("nvidia-smi", "nvidia-smi vgpu -s -v"),),
)
def driver_and_catalogue_agree(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    if given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    model = needs.models[known(one.gpu.catalogue_key)]
    limits = known(one.gpu.profile_limits)
    differences = [words for limit in limits if (words := _difference(limit, model))]
    more = f"; and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
    return judge(
        ok=not differences,
        observed=f"{count(len(limits), 'type')} told, {len(differences)} differ",
        expected=f"what the catalogue of {needs.edition} says of {model.name}",
        note="; ".join(differences[:SHOWN]) + more,
    )


@check(
    "VGPU-010",
    title="The GPU is one on which ESXi is known to run vGPUs",
    severity=Severity.RECOMMENDED,
    source=BLACKWELL,
    each=every_gpu,
    why=(
        "NVIDIA lists the vGPU types of HGX B200 and B300 for KVM hypervisors alone, and GH200, "
        "GB200 and GB300 sit beside an Arm processor. Where the host's own driver lists types, it "
        "is right."
    ),
    symptom="No graphics device is available for vGPU",
    fix=(
        "Ask NVIDIA for a release whose notes for VMware vSphere list the GPU, or give it to VMs "
        "as a whole."
    ),
    how=(look("nvidia-smi", "nvidia-smi vgpu -s"),),
)
def runs_under_esxi(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    if given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    model = model_of(one.gpu, needs, known)
    if not model.not_on_esxi:
        return not_applicable(f"nothing is known against {model.name}")
    types = known(one.gpu.profiles_supported)
    observed = f"{model.name}, {count(len(types), 'type')} listed by its driver"
    if types:
        return judge(ok=True, observed=observed, expected="types that its driver lists")
    return unsure(observed, "a GPU that NVIDIA lists for ESXi", model.not_on_esxi)


def _difference(limit: VgpuLimit, model: GpuModel) -> str:
    """Say in what the driver's word on a type differs from the catalogue's; empty if in nothing."""
    listed = model.profile(limit.name)
    if listed is None:
        return f"{limit.name} is not in the catalogue"
    most, size = limit.max_per_gpu, limit.framebuffer_bytes
    if isinstance(most, Known) and most.value != listed.max_per_gpu:
        return f"{limit.name}: {most.value} per GPU, the catalogue says {listed.max_per_gpu}"
    if isinstance(size, Known) and size.value != listed.framebuffer_mib * MIB:
        told = size.value // MIB
        return f"{limit.name}: {told} MiB, the catalogue says {listed.framebuffer_mib}"
    return ""
