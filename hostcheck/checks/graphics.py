"""GFX: whether vSphere hands GPUs to vGPU VMs. Active and configured type are two facts."""

from hostcheck.checks.engine import Facts, check, judge, not_applicable, run
from hostcheck.checks.subjects import (
    PASSED_THROUGH,
    GpuOnHost,
    every_gpu,
    every_host_with_gpu,
    given_away,
)
from hostcheck.model.host import GraphicsType, Host, PhysicalGpu
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Phase, Severity, Verdict

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


def _of_gpu(gpu: PhysicalGpu, kind: GraphicsType, known: Facts) -> Verdict:
    if kind is not GraphicsType.SHARED_DIRECT and given_away(gpu, known):
        return not_applicable(PASSED_THROUGH)
    return _is_shared_direct(kind)


@check(
    "GFX-001",
    title="The active graphics type of the GPU is Shared Direct",
    severity=Severity.REQUIRED,
    source=GUIDE,
    each=every_gpu,
    of_vgpus=True,
    phase=Phase.GRAPHICS,
    why="Only a GPU whose active type is Shared Direct can serve a vGPU.",
    symptom=(
        "The amount of graphics resource available in the parent resource pool is insufficient "
        "for the operation."
    ),
    fix=(
        "Configure the type, where GFX-002 says so, and restart the host: a configured type "
        "becomes active only then."
    ),
    how=(
        run(
            "esxcli (where it is configured)",
            "esxcli system shutdown reboot --reason 'graphics type'",
        ),
    ),
    needs=("maintenance mode", "host reboot"),
)
def active_shared_direct(one: GpuOnHost, _needs: Requirements, known: Facts) -> Verdict:
    return _of_gpu(one.gpu, known(one.gpu.graphics_active), known)


@check(
    "GFX-002",
    title="The configured graphics type of the GPU is Shared Direct",
    severity=Severity.REQUIRED,
    source=GUIDE,
    each=every_gpu,
    of_vgpus=True,
    phase=Phase.GRAPHICS,
    why=(
        "The configured type becomes the active one at the next restart; a GPU that works now and "
        "is configured otherwise stops serving vGPUs then."
    ),
    symptom=(
        "The amount of graphics resource available in the parent resource pool is insufficient "
        "for the operation."
    ),
    fix="Set the configured type to Shared Direct, and restart the host.",
    how=(
        run(
            "vSphere Client",
            "{host} > Configure > Hardware > Graphics > Graphics Devices > {gpu} > Edit > "
            "Shared Direct",
        ),
        run("esxcli (before ESXi 8.0.3)", "esxcli graphics host set --default-type SharedPassthru"),
        run(
            "esxcli (ESXi 8.0.3 and later)",
            "esxcli graphics device set --device-id {gpu} --type SharedPassthru",
        ),
        run("esxcli (then)", "esxcli system shutdown reboot --reason 'graphics type'"),
    ),
    explains=("GFX-001",),
    needs=("maintenance mode", "host reboot"),
)
def configured_shared_direct(one: GpuOnHost, _needs: Requirements, known: Facts) -> Verdict:
    return _of_gpu(one.gpu, known(one.gpu.graphics_configured), known)


@check(
    "GFX-003",
    title="The host's default graphics type is Shared Direct",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_host_with_gpu,
    of_vgpus=True,
    phase=Phase.GRAPHICS,
    why=(
        "A GPU that is added, replaced or found anew takes the host's default, which is Shared "
        "after the driver is installed."
    ),
    fix="Set the host's default to Shared Direct.",
    how=(
        run(
            "vSphere Client",
            "{host} > Configure > Hardware > Graphics > Host Graphics > Edit > Shared Direct",
        ),
        run("esxcli", "esxcli graphics host set --default-type SharedPassthru"),
    ),
)
def default_shared_direct(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    return _is_shared_direct(known(host.graphics_default))
