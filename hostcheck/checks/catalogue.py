"""CAT: whether this tool's own numbers fit what the host says of itself."""

from hostcheck.checks.engine import Known, check, judge, not_applicable
from hostcheck.checks.subjects import (
    PASSED_THROUGH,
    GpuOnHost,
    every_gpu,
    given_away,
    numbered,
)
from hostcheck.model.fact import Known as KnownFact
from hostcheck.model.host import VgpuLimit
from hostcheck.model.requirements import GpuModel, Requirements
from hostcheck.model.result import Severity, Verdict

SPLIT_RULES = "https://docs.nvidia.com/ai-enterprise/release-6/latest/appendix/vgpu.html"
MIB = 1024 * 1024
SHOWN = 4


@check("CAT-001", severity=Severity.INFORMATIONAL, source=SPLIT_RULES, each=every_gpu)
def driver_and_catalogue_agree(one: GpuOnHost, needs: Requirements, known: Known) -> Verdict:
    """The driver and the catalogue say the same of the GPU's vGPU types.

    Why: Counts and sizes that no host told come from the catalogue of this tool. Where the driver
     tells them, it is right and is used; a difference means that the catalogue is older than the
     driver, or wrong.
    Fix: Update hostcheck; if the difference stays, report it together with a recording.
    Run nvidia-smi: nvidia-smi vgpu -s -v
    """
    if given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    model = needs.models[known(one.gpu.catalogue_key)]
    limits = known(one.gpu.profile_limits)
    differences = [words for limit in limits if (words := _difference(limit, model))]
    more = f"; and {len(differences) - SHOWN} more" if len(differences) > SHOWN else ""
    return judge(
        ok=not differences,
        observed=f"{numbered(len(limits), 'type')} told, {len(differences)} differ",
        expected=f"what the catalogue of {needs.edition} says of {model.name}",
        note="; ".join(differences[:SHOWN]) + more,
    )


def _difference(limit: VgpuLimit, model: GpuModel) -> str:
    """Say in what the driver's word on a type differs from the catalogue's; empty if in nothing."""
    listed = model.profile(limit.name)
    if listed is None:
        return f"{limit.name} is not in the catalogue"
    most, size = limit.max_per_gpu, limit.framebuffer_bytes
    if isinstance(most, KnownFact) and most.value != listed.max_per_gpu:
        return f"{limit.name}: {most.value} per GPU, the catalogue says {listed.max_per_gpu}"
    if isinstance(size, KnownFact) and size.value != listed.framebuffer_mib * MIB:
        told = size.value // MIB
        return f"{limit.name}: {told} MiB, the catalogue says {listed.framebuffer_mib}"
    return ""
