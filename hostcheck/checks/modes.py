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
_CLOSED = (Why.NOT_ASKED, Why.UNREACHABLE, Why.DENIED)
"""Why a shell told nothing at all."""


def in_mig(host: Host, gpu: PhysicalGpu, model: GpuModel | Unknown) -> Fact[bool]:
    """Say whether a GPU is in MIG mode, in the words of vSphere and of nvidia-smi.

    Where both tell, they must agree. One is enough where the other does not tell: vSphere before
    8.0 U3, nvidia-smi where the shell was not asked or not open. An answer that was lost otherwise
    might have contradicted.
    """
    said, mig = gpu.vgpu_mode, gpu.mig_current
    if not isinstance(model, Unknown) and not model.mig:
        if not holds(said, GpuMode.MIG.value):
            return Known(False)
        return Unknown(Why.ABSENT, f"vSphere says {GpuMode.MIG.value} of {model.name}", SERVED_BY)
    if isinstance(said, Unknown):
        return _by_driver(host, said, mig, model)
    mode = _named(said.value)
    if isinstance(mode, Unknown):
        return mode
    on = mode is GpuMode.MIG
    if isinstance(mig, Unknown):
        return Known(on, said.sources) if mig.why in _CLOSED else mig
    if mig.value is not Mode.NOT_SUPPORTED and (mig.value is Mode.ENABLED) != on:
        detail = f"vSphere says {said.value}, nvidia-smi says MIG {mig.value.value}"
        return Unknown(Why.ABSENT, detail, SERVED_BY)
    return Known(on, (*said.sources, *mig.sources))


def _by_driver(host: Host, said: Unknown, mig: Fact[Mode], model: GpuModel | Unknown) -> Fact[bool]:
    if isinstance(model, Unknown):
        return model
    if isinstance(mig, Unknown):
        return mig
    rests_on: tuple[int, ...] = ()
    if said.why is not Why.NOT_ASKED:
        release = esxi_of(host)
        if isinstance(release, Unknown):
            return release
        if said.why is not Why.ABSENT or release >= MIXES_SIZES:
            return said
        rests_on = host.version.sources if isinstance(host.version, Known) else ()
    if mig.value is Mode.NOT_SUPPORTED:
        detail = f"nvidia-smi says N/A for MIG, and {model.name} has it"
        return Unknown(Why.ABSENT, detail, "nvidia-smi -q -x")
    return Known(mig.value is Mode.ENABLED, (*rests_on, *mig.sources))


def mode_of(host: Host, gpu: PhysicalGpu, model: GpuModel | Unknown) -> GpuMode | Unknown:
    """Tell how a GPU is shared: in vSphere's words, before 8.0 U3 by board, nvidia-smi, release."""
    mig = in_mig(host, gpu, model)
    if isinstance(mig, Unknown):
        return mig
    if mig.value:
        return GpuMode.MIG
    if isinstance(gpu.vgpu_mode, Known):
        return _named(gpu.vgpu_mode.value)
    return model if isinstance(model, Unknown) else _in_time(host, gpu.vgpu_mode, model)


def in_time(host: Host, gpu: PhysicalGpu, model: GpuModel) -> GpuMode | Unknown:
    """Tell how a GPU is shared in time, whatever nvidia-smi says of MIG."""
    said = gpu.vgpu_mode
    if isinstance(said, Unknown):
        return _in_time(host, said, model)
    mode = _named(said.value)
    if isinstance(mode, Unknown):
        return _in_time(host, mode, model)
    return _in_time(host, _other(said.value), model) if mode is GpuMode.MIG else mode


def _named(said: str) -> GpuMode | Unknown:
    return next((one for one in _SHARED if one.value == said), _other(said))


def _other(said: str) -> Unknown:
    return Unknown(Why.ABSENT, f"vSphere says vGPU mode {said!r}", SERVED_BY)


def _in_time(host: Host, said: Unknown, model: GpuModel) -> GpuMode | Unknown:
    if model.architecture in WITHOUT_SRIOV:
        return GpuMode.SAME_SIZE
    release = esxi_of(host)
    if isinstance(release, Unknown):
        return release
    return GpuMode.SAME_SIZE if release < MIXES_SIZES else said


def esxi_of(host: Host) -> tuple[int, ...] | Unknown:
    """Return the release of ESXi as numbers, to be compared."""
    if isinstance(host.version, Unknown):
        return host.version
    odd = Unknown(Why.UNPARSED, f"{host.version.value!r} is no release", "HostSystem config")
    return release_of(host.version.value) or odd
