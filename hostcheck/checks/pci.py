"""PCI: what the BIOS lets the GPU do."""

from hostcheck.checks.bios import ELSEWHERE, said_of, word_of, word_shown
from hostcheck.checks.boot import switched_off_by
from hostcheck.checks.engine import Facts, check, judge, not_applicable, run, unsure
from hostcheck.checks.kinds import model_of
from hostcheck.checks.subjects import (
    PASSED_THROUGH,
    GpuOnHost,
    every_gpu,
    every_host_with_gpu,
    given_away,
)
from hostcheck.model.bmc import OFF, ON, Setting
from hostcheck.model.fact import Fact, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Phase, Severity, Verdict
from hostcheck.words import count, gib

TWO_DISPLAY_MODES = (
    "a40", "l40", "l40s", "l20", "rtx-5000-ada", "rtx-6000-ada", "rtx-a5000", "rtx-a6000",
    "rtx-a5500", "rtx-5880-ada",
)  # fmt: skip
MAYBE_TWO = ("rtx-pro-6000-bse", "rtx-pro-4500-bse", "rtx-6000d")
"""Boards of which no source says whether they have a display mode."""
DELIVERED_WITH_DISPLAY = (
    *(key for key in TWO_DISPLAY_MODES if key.startswith("rtx-")), *MAYBE_TWO,
)  # fmt: skip
"""Boards whose display mode is on, or may be, until somebody turns it off."""
DISPLAY_BAR1_BYTES = 256 * 1024 * 1024
FUNCTIONS_WITHOUT_ARI = 8
GUIDE = "https://docs.nvidia.com/grid/17.0/grid-vgpu-user-guide/"


@check(
    "PCI-001",
    title="SR-IOV is on for a GPU that serves vGPUs through virtual functions",
    severity=Severity.REQUIRED,
    source=GUIDE,
    each=every_gpu,
    of_vgpus=True,
    phase=Phase.BIOS,
    why=(
        "From Ampere on every vGPU, time-sliced ones too, lives in a virtual function of the GPU; "
        "without SR-IOV in the BIOS there are none. vSphere does not show the BIOS switch itself: "
        "this is inferred from the capability that the device announces, and read where a BMC was "
        "asked. Servers of Dell, and "
        "Supermicro up to X11, are delivered with SR-IOV off; those of HPE, Lenovo (V2 and later) "
        "and Supermicro X13 with it on."
    ),
    experience=(
        "that a vGPU fails with this very message is told by users and in F. Denneman's articles; "
        "NVIDIA's guide only says what must be on."
    ),
    symptom="Could not initialize plugin 'libnvidia-vgx.so' for vGPU",
    fix=(
        "Turn on SR-IOV in the BIOS, together with VT-d or AMD IOMMU, ARI and Above 4G Decoding. "
        "On HPE the workload profile may hold them off: choose another one first."
    ),
    needs=("maintenance mode", "host reboot"),
    menus=("sriov", "iommu", "above_4g", "ari"),
)
def sriov_on(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
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
    expected = f"SR-IOV capable ({model.architecture.value} needs it)"
    if not sriov.capable:
        nothing = "no SR-IOV capability"
        return _off(one.host, Setting.SRIOV, "device's", known, nothing, expected)
    state = "active" if sriov.active else "not active"
    observed = f"SR-IOV capable, {state}, {sriov.vf_count} virtual functions"
    word = word_of(one.host, Setting.SRIOV)
    if word is None or sriov.vf_count or given_away(one.gpu, known):
        note = _inferred(one.host, "device's")
        return judge(ok=True, observed=observed, expected=expected, note=note)
    on = known(word) == ON
    said = f"the BIOS says so: {said_of(one.host, Setting.SRIOV)}"
    return judge(
        ok=on, observed=f"{observed}; BIOS: {word_shown(on)}", expected=expected, note=said
    )


@check(
    "PCI-002",
    title="The GPU's display mode is off",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_gpu,
    of_vgpus=True,
    decides_now=True,
    forgives=(Why.ABSENT, Why.NOT_ASKED),
    phase=Phase.BIOS,
    why=(
        "Workstation-class boards have a display mode with a small memory window, in which they "
        "run no vGPU. A40, L40, L40S and L20 are delivered with it off, the RTX boards with it "
        "on. It shows as a BAR1 of 256 MB."
    ),
    experience=(
        "that a vGPU fails with this very message is told by users and in F. Denneman's articles; "
        "NVIDIA's guide only says what must be on."
    ),
    symptom="Could not initialize plugin 'libnvidia-vgx.so' for vGPU",
    fix="Turn the display mode off with NVIDIA's displaymodeselector, in a booted Linux.",
    how=(run("displaymodeselector", "displaymodeselector --gpumode physical_display_disabled"),),
    needs=("maintenance mode", "host reboot"),
)
def display_off(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    model = model_of(one.gpu, needs, known)
    if known(one.gpu.catalogue_key) not in (*TWO_DISPLAY_MODES, *MAYBE_TWO):
        return not_applicable(f"{model.name} has one display mode")
    if isinstance(one.gpu.bar1_bytes, Unknown) and given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    window = known(one.gpu.bar1_bytes)
    if model.key in MAYBE_TWO and window <= DISPLAY_BAR1_BYTES:
        doubt = f"no source says whether {model.name} has a display mode"
        return unsure(f"BAR1 of {gib(window)}", "a BAR1 of more than 256 MiB", doubt)
    return judge(
        ok=window > DISPLAY_BAR1_BYTES,
        observed=f"BAR1 of {gib(window)}",
        expected="a BAR1 of more than 256 MiB",
    )


@check(
    "PCI-003",
    title="The IOMMU (Intel VT-d, AMD IOMMU) is on",
    severity=Severity.REQUIRED,
    source=GUIDE,
    each=every_host_with_gpu,
    of_vgpus=True,
    phase=Phase.BIOS,
    why=(
        "vGPU and passthrough both need it. vSphere does not show the BIOS switch: this is "
        "inferred from what it says may be passed through."
    ),
    experience=(
        "that a vGPU fails with this very message is told by users and in F. Denneman's articles; "
        "NVIDIA's guide only says what must be on."
    ),
    symptom="Could not initialize plugin 'libnvidia-vgx.so' for vGPU",
    fix="Turn on VT-d (Intel) or the IOMMU (AMD) in the BIOS.",
    needs=("maintenance mode", "host reboot"),
    menus=("iommu",),
)
def iommu_on(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    gpus = known(host.gpus)
    capable = [gpu.address for gpu in gpus if known(gpu.passthrough).capable]
    observed = f"{len(capable)} of {count(len(gpus), 'GPU')} can be passed through"
    expected = "GPUs that can be passed through, which takes an IOMMU"
    if not capable:
        return _off(host, Setting.IOMMU, "devices'", known, observed, expected)
    return judge(ok=True, observed=observed, expected=expected, note=_inferred(host, "devices'"))


def _inferred(host: Host, whose: str) -> str:
    """Say what a verdict on the BIOS rests on; a boot option is told as the cause."""
    if culprit := switched_off_by(host):
        return f"the boot option {culprit} is on: see PCI-006, the BIOS may be as it should"
    return f"inferred from the {whose} capability, not read from the BIOS"


def _off(
    host: Host, setting: Setting, whose: str, known: Facts, observed: str, expected: str
) -> Verdict:
    """Return a fail that the host shows, and its cause: a boot option, or the BMC's word."""
    note, mended_by = _inferred(host, whose), ""
    word, said = word_of(host, setting), said_of(host, setting)
    if switched_off_by(host):
        mended_by = "PCI-006"
    elif word is not None and known.certainly(word, ON):
        note = f"the BIOS says that it is on ({said}), the host shows none: {ELSEWHERE}"
        mended_by = "SRC-001"
    elif word is not None and known.certainly(word, OFF):
        note = f"the BIOS says so: {said}"
    return judge(ok=False, observed=observed, expected=expected, note=note, mended_by=mended_by)


@check(
    "PCI-004",
    title="The GPU's memory window is mapped above 4 GB",
    severity=Severity.RECOMMENDED,
    source=GUIDE,
    each=every_gpu,
    of_vgpus=True,
    decides_now=True,
    forgives=(Why.ABSENT, Why.NOT_ASKED),
    phase=Phase.BIOS,
    why=(
        "From Ampere on a GPU shows all of its memory through a window (BAR1) that only fits "
        "above 4 GB; with that switched off in the BIOS the window is cut or missing. vSphere "
        "does not show the switch: this is inferred from the window's size."
    ),
    experience=(
        "that a vGPU fails with this very message is told by users and in F. Denneman's articles; "
        "NVIDIA's guide only says what must be on."
    ),
    symptom="Could not initialize plugin 'libnvidia-vgx.so' for vGPU",
    fix="Turn on memory-mapped I/O above 4 GB in the BIOS.",
    needs=("maintenance mode", "host reboot"),
    menus=("above_4g",),
)
def mapped_above_4g(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    model = model_of(one.gpu, needs, known)
    if isinstance(one.gpu.bar1_bytes, Unknown) and given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    word, said = word_of(one.host, Setting.ABOVE_4G), said_of(one.host, Setting.ABOVE_4G)
    if word is not None and model.sriov == "required" and _not_asked(one.gpu.bar1_bytes):
        return judge(
            ok=known(word) == ON,
            observed=f"the BIOS says: {said}",
            expected="memory-mapped I/O above 4 GB: on",
            note="the window itself was not asked for: nvidia-smi tells it",
        )
    window = known(one.gpu.bar1_bytes)
    observed, expected = f"BAR1 of {gib(window)}", "a BAR1 of more than 256 MiB"
    if window > DISPLAY_BAR1_BYTES:
        return judge(ok=True, observed=observed, expected=expected)
    if model.sriov != "required":
        return not_applicable(f"{observed}: {model.name} may have no larger one")
    off = word is not None and known.certainly(word, OFF)
    if known(one.gpu.catalogue_key) in TWO_DISPLAY_MODES and not off:
        return unsure(observed, expected, "its display mode may be on: PCI-002")
    note = f"the BIOS says: {said}" if off else ""
    return judge(ok=False, observed=observed, expected=expected, note=note)


def _not_asked(fact: Fact[int]) -> bool:
    return isinstance(fact, Unknown) and fact.why is Why.NOT_ASKED


@check(
    "PCI-005",
    title="ARI is on for a GPU that serves vGPUs through virtual functions",
    severity=Severity.INFORMATIONAL,
    source=GUIDE,
    each=every_gpu,
    of_vgpus=True,
    phase=Phase.BIOS,
    why=(
        "Alternative Routing-ID Interpretation lets a device have more than eight functions, "
        "which the virtual functions of a GPU take. No source that vSphere offers shows the "
        "switch: virtual functions that are there prove it, their absence proves nothing."
    ),
    experience=(
        "that a vGPU fails with this very message is told by users and in F. Denneman's articles; "
        "NVIDIA's guide only says what must be on."
    ),
    symptom="Could not initialize plugin 'libnvidia-vgx.so' for vGPU",
    fix="Turn on ARI in the BIOS where it has such a switch.",
    needs=("maintenance mode", "host reboot"),
    menus=("ari", "sriov"),
)
def ari_on(one: GpuOnHost, needs: Requirements, known: Facts) -> Verdict:
    model = model_of(one.gpu, needs, known)
    if model.sriov != "required":
        return not_applicable(f"{model.name}: vGPU on it uses no virtual functions")
    if given_away(one.gpu, known):
        return not_applicable(PASSED_THROUGH)
    sriov = known(one.gpu.sriov)
    if not sriov.capable:
        return not_applicable("no SR-IOV capability: see PCI-001")
    observed = count(sriov.vf_count, "virtual function")
    expected = f"more than {FUNCTIONS_WITHOUT_ARI - 1} virtual functions, which take ARI"
    if sriov.vf_count < FUNCTIONS_WITHOUT_ARI:
        word = word_of(one.host, Setting.ARI)
        if word is not None:
            on = known(word) == ON
            said = f"the BIOS says: {said_of(one.host, Setting.ARI)}"
            return judge(ok=on, observed=f"{observed}; BIOS: {word_shown(on)}", expected=expected,
                         note=said)  # fmt: skip
        return unsure(observed, expected, "the BIOS switch itself cannot be read through vSphere")
    return judge(ok=True, observed=observed, expected=expected)
