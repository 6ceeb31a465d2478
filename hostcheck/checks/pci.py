"""PCI: what the BIOS lets the GPU do."""

from hostcheck.checks.engine import Known, check, judge, not_applicable
from hostcheck.checks.subjects import (
    PASSED_THROUGH,
    GpuOnHost,
    every_gpu,
    gib,
    given_away,
    model_of,
)
from hostcheck.model.fact import Unknown
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Severity, Verdict

TWO_DISPLAY_MODES = (
    "a40", "l40", "l40s", "l20", "rtx-5000-ada", "rtx-6000-ada", "rtx-a5000", "rtx-a6000",
)  # fmt: skip
DISPLAY_BAR1_BYTES = 256 * 1024 * 1024
GUIDE = "https://docs.nvidia.com/grid/17.0/grid-vgpu-user-guide/"


@check("PCI-001", severity=Severity.REQUIRED, source=GUIDE, each=every_gpu)
def sriov_on(one: GpuOnHost, needs: Requirements, known: Known) -> Verdict:
    """SR-IOV is on for a GPU that serves vGPUs through virtual functions.

    Why: From Ampere on every vGPU, time-sliced ones too, lives in a virtual function of the GPU;
     without SR-IOV in the BIOS there are none. vSphere does not show the BIOS switch itself: this
     is inferred from the capability that the device announces.
    Symptom: Could not initialize plugin 'libnvidia-vgx.so' for vGPU
    Fix: Turn on SR-IOV in the BIOS, together with VT-d or AMD IOMMU, ARI and Above 4G Decoding.
    Run BIOS (Dell): System BIOS > Integrated Devices > SR-IOV Global Enable: Enabled; Memory Mapped I/O above 4GB: Enabled
    Run BIOS (HPE): System Configuration > BIOS > Virtualization Options > SR-IOV: Enabled
    Run BIOS (Lenovo): System Settings > Devices and I/O Ports > SR-IOV: Enabled; MM Config Base above 4G
    Run BIOS (Supermicro): Advanced > PCIe/PCI/PnP Configuration > SR-IOV Support: Enabled; Above 4G Decoding: Enabled
    Needs: maintenance mode, host reboot
    """  # noqa: E501  a BIOS path is one line to copy
    model = model_of(one.gpu, needs, known)
    if model.sriov == "t4":
        return not_applicable(
            f"{model.name}: vGPU on it uses no virtual functions",
            "some servers map its memory only with SR-IOV on in the BIOS; leave it off in vCenter",
        )
    if model.sriov == "none":
        return not_applicable(f"{model.architecture.value}: vGPU on it uses no virtual functions")
    sriov = known(one.gpu.sriov)
    if not sriov.capable and given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    observed = "no SR-IOV capability"
    if sriov.capable:
        state = "active" if sriov.active else "not active"
        observed = f"SR-IOV capable, {state}, {sriov.vf_count} virtual functions"
    return judge(
        ok=sriov.capable,
        observed=observed,
        expected=f"SR-IOV capable ({model.architecture.value} needs it)",
        note="inferred from the device's capability, not read from the BIOS",
    )


@check("PCI-002", severity=Severity.RECOMMENDED, source=GUIDE, each=every_gpu)
def display_off(one: GpuOnHost, needs: Requirements, known: Known) -> Verdict:
    """The GPU's display mode is off.

    Why: Workstation-class boards have a display mode with a small memory window, in which they
     run no vGPU. A40, L40, L40S and L20 are delivered with it off, the RTX boards with it on. It
     shows as a BAR1 of 256 MB.
    Symptom: Could not initialize plugin 'libnvidia-vgx.so' for vGPU
    Fix: Turn the display mode off with NVIDIA's displaymodeselector, in a booted Linux.
    Run displaymodeselector: displaymodeselector --gpumode physical_display_disabled
    Needs: maintenance mode, host reboot
    """
    model = model_of(one.gpu, needs, known)
    if model.key not in TWO_DISPLAY_MODES:
        return not_applicable(f"{model.name} has one display mode")
    if isinstance(one.gpu.bar1_bytes, Unknown) and given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    window = known(one.gpu.bar1_bytes)
    return judge(
        ok=window > DISPLAY_BAR1_BYTES,
        observed=f"BAR1 of {gib(window)}",
        expected="a BAR1 of more than 256 MiB",
    )
