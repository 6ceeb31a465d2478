"""How a GPU is shared."""

from hostcheck.model.capacity import GpuMode
from hostcheck.model.fact import Fact, Known, Unknown, Why, holds
from hostcheck.model.host import Host, Mode, PhysicalGpu
from hostcheck.model.release import release_of
from hostcheck.model.requirements import WITHOUT_SRIOV, GpuModel

MIXES_SIZES = (8, 0, 3)
"""First release that has a mixed-size mode, and that tells the mode of a GPU."""
SERVED_BY = "HostSystem config.graphicsInfo"
_SHARED = (GpuMode.SAME_SIZE, GpuMode.MIXED_SIZE, GpuMode.MIG)


def mode_of(host: Host, gpu: PhysicalGpu, model: GpuModel | Unknown) -> GpuMode | Unknown:
    """Tell how a GPU is shared: in vSphere's words, before 8.0 U3 by board, nvidia-smi, release."""
    said, mig = gpu.vgpu_mode, gpu.mig_current
    if isinstance(said, Known):
        mode = next((one for one in _SHARED if one.value == said.value), None)
        if mode is None:
            return Unknown(Why.ABSENT, f"vSphere says vGPU mode {said.value!r}", SERVED_BY)
        told = isinstance(mig, Known) and mig.value is not Mode.NOT_SUPPORTED
        if told and holds(mig, Mode.ENABLED) != (mode is GpuMode.MIG):
            detail = f"vSphere says {said.value}, nvidia-smi says MIG {_words(mig)}"
            return Unknown(Why.ABSENT, detail, SERVED_BY)
        return mode
    if isinstance(model, Unknown):
        return model
    if model.mig and isinstance(mig, Unknown):
        return mig
    if model.mig and holds(mig, Mode.NOT_SUPPORTED):
        detail = f"nvidia-smi says N/A for MIG, and {model.name} has it"
        return Unknown(Why.ABSENT, detail, "nvidia-smi -q -x")
    if model.mig and holds(mig, Mode.ENABLED):
        return GpuMode.MIG
    return _in_time(host, said, model)


def in_time(host: Host, gpu: PhysicalGpu, model: GpuModel) -> GpuMode | Unknown:
    """Tell how a GPU is shared in time, whatever nvidia-smi says of MIG."""
    said = gpu.vgpu_mode
    if isinstance(said, Unknown):
        return _in_time(host, said, model)
    sizes = (one for one in _SHARED if one.value == said.value and one is not GpuMode.MIG)
    other = Unknown(Why.ABSENT, f"vSphere says vGPU mode {said.value!r}", SERVED_BY)
    return next(sizes, None) or _in_time(host, other, model)


def _in_time(host: Host, said: Unknown, model: GpuModel) -> GpuMode | Unknown:
    if model.architecture in WITHOUT_SRIOV:
        return GpuMode.SAME_SIZE
    release = esxi_of(host)
    if isinstance(release, Unknown):
        return release
    return GpuMode.SAME_SIZE if release < MIXES_SIZES else said


def _words(mode: Fact[Mode]) -> str:
    return mode.value.value if isinstance(mode, Known) else "unknown"


def esxi_of(host: Host) -> tuple[int, ...] | Unknown:
    """Return the release of ESXi as numbers, to be compared."""
    if isinstance(host.version, Unknown):
        return host.version
    odd = Unknown(Why.UNPARSED, f"{host.version.value!r} is no release", "HostSystem config")
    return release_of(host.version.value) or odd
