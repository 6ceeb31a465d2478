"""GFX: whether vSphere hands GPUs to vGPU VMs. Active and configured type are two facts."""

from hostcheck.checks.engine import Known, check, judge, not_applicable
from hostcheck.checks.subjects import (
    PASSED_THROUGH,
    GpuOnHost,
    every_gpu,
    every_host_with_gpu,
    given_away,
)
from hostcheck.model.host import GraphicsType, Host, PhysicalGpu
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Severity, Verdict

GUIDE = "https://docs.nvidia.com/grid/17.0/grid-vgpu-user-guide/"
SHOWN = {
    GraphicsType.BASIC: "Basic",
    GraphicsType.SHARED: "Shared",
    GraphicsType.DIRECT: "Direct (passthrough)",
    GraphicsType.SHARED_DIRECT: "Shared Direct",
}


def _is_shared_direct(kind: GraphicsType) -> Verdict:
    return judge(
        ok=kind is GraphicsType.SHARED_DIRECT,
        observed=SHOWN[kind],
        expected=SHOWN[GraphicsType.SHARED_DIRECT],
    )


def _of_gpu(gpu: PhysicalGpu, kind: GraphicsType, known: Known) -> Verdict:
    if kind is not GraphicsType.SHARED_DIRECT and given_away(gpu, known):
        return not_applicable(PASSED_THROUGH)
    return _is_shared_direct(kind)


@check("GFX-001", severity=Severity.REQUIRED, source=GUIDE, each=every_gpu)
def active_shared_direct(one: GpuOnHost, _needs: Requirements, known: Known) -> Verdict:
    """The active graphics type of the GPU is Shared Direct.

    Why: Only a GPU whose active type is Shared Direct can serve a vGPU.
    Symptom: The amount of graphics resource available in the parent resource pool is insufficient
     for the operation.
    Fix: Configure the type, where GFX-002 says so, and restart the host: a configured type becomes
     active only then.
    Run esxcli (where it is configured): esxcli system shutdown reboot --reason 'graphics type'
    Needs: maintenance mode, host reboot
    """
    return _of_gpu(one.gpu, known(one.gpu.graphics_active), known)


@check("GFX-002", severity=Severity.REQUIRED, source=GUIDE, each=every_gpu)
def configured_shared_direct(one: GpuOnHost, _needs: Requirements, known: Known) -> Verdict:
    """The configured graphics type of the GPU is Shared Direct.

    Why: The configured type becomes the active one at the next restart; a GPU that works now and
     is configured otherwise stops serving vGPUs then.
    Symptom: The amount of graphics resource available in the parent resource pool is insufficient
     for the operation.
    Fix: Set the configured type to Shared Direct, and restart the host.
    Run vSphere Client: {host} > Configure > Hardware > Graphics > Graphics Devices > {gpu} > Edit > Shared Direct
    Run esxcli (before ESXi 8.0.3): esxcli graphics host set --default-type SharedPassthru
    Run esxcli (ESXi 8.0.3 and later): esxcli graphics device set --device-id {gpu} --type SharedPassthru
    Run esxcli (then): esxcli system shutdown reboot --reason 'graphics type'
    Explains: GFX-001
    Needs: maintenance mode, host reboot
    """  # noqa: E501  commands are one line to copy
    return _of_gpu(one.gpu, known(one.gpu.graphics_configured), known)


@check("GFX-003", severity=Severity.RECOMMENDED, source=GUIDE, each=every_host_with_gpu)
def default_shared_direct(host: Host, _needs: Requirements, known: Known) -> Verdict:
    """The host's default graphics type is Shared Direct.

    Why: A GPU that is added, replaced or found anew takes the host's default, which is Shared
     after the driver is installed.
    Fix: Set the host's default to Shared Direct.
    Run vSphere Client: {host} > Configure > Hardware > Graphics > Host Graphics > Edit > Shared Direct
    Run esxcli: esxcli graphics host set --default-type SharedPassthru
    """  # noqa: E501  a menu path is one line to copy
    return _is_shared_direct(known(host.graphics_default))
