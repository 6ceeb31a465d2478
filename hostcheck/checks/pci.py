"""PCI: what the BIOS lets the GPU do."""

from hostcheck.checks.engine import Known, check, judge, not_applicable
from hostcheck.checks.subjects import (
    PASSED_THROUGH,
    GpuOnHost,
    every_gpu,
    given_away,
    model_of,
)
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Severity, Verdict

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
