"""Boot options of ESXi that undo what the BIOS allows, or say what the hardware is not."""

from hostcheck.checks.engine import Facts, check, judge, not_applicable, run
from hostcheck.checks.subjects import every_host, every_host_with_gpu, given_away
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import BootOption, Host
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Phase, Severity, Verdict
from hostcheck.words import count

OPTIONS = (
    "https://developer.broadcom.com/xapis/esxcli-command-reference/latest/namespace/"
    "esxcli_system.html"
)
HPE_HOT_PLUG = "https://support.hpe.com/hpesc/public/docDisplay?docId=a00121002en_us"
ASKED = "esxcli system settings kernel list"
TRUTH = {"TRUE": True, "FALSE": False}
IN_THE_WAY = {"noIOMMU": "no IOMMU", "disablePciPassthrough": "no PCI passthrough"}
"""Options that switch off what vGPU and passthrough need, and what there is not with them on."""
NUMA = {
    "useNUMAInfo": "TRUE", "fakeNUMAnodes": "0", "createNoMemFakeNUMAnode": "FALSE",
    "createNoPCPUFakeNUMAnode": "FALSE",
}  # fmt: skip
"""Options that make up the NUMA nodes, and the value that leaves them as they are."""
TOLD = {
    "iovDisableIR": "interrupt remapping", "iommuMapReservedMem": "reserved memory in the IOMMU",
    "disableACSCheck": "whether devices must be kept apart (ACS) to be passed through",
    "enableACSCheckForRP": "whether that holds for root ports too",
    "atsSupport": "address translation services of PCIe", "disableMSI": "message interrupts",
    "enableAllPCIESegments": "devices of PCI segments above 0",
    "enableValidPCIDevices": "devices that the BIOS left off",
    "pciBarAllocPolicy": "how memory windows of devices are placed",
    "pciHonorAcpiRootBridgeRes": "whether they keep to what the BIOS gives a root bridge",
    "ignoreHwSMBIOSInfo": "maker, model and serial number of the host",
    "vgpuMockDeviceCount": "vGPU devices that ESXi makes up, where such are in use",
}  # fmt: skip
"""Options that are told where somebody changed them, and what each is about."""


def _is_on(host: Host, name: str, known: Facts) -> bool:
    """Say whether an option is on in this boot, or leave: not asked, not listed, no such word."""
    found = next((one for one in known(host.boot_options) if one.name == name), None)
    if found is None:
        known.leave(Unknown(Why.ABSENT, f"the boot option {name} is not listed", ASKED))
    value = known(found.runtime).upper()
    if value not in TRUTH:
        detail = f"{name} is neither TRUE nor FALSE: {value!r}"
        known.leave(Unknown(Why.UNPARSED, detail, ASKED))
    return TRUTH[value]


def switched_off_by(host: Host) -> str:
    """Name the boot option that surely keeps GPUs from being passed through; empty where none."""
    return _surely(host, dict.fromkeys(IN_THE_WAY, "TRUE"), alike=True)


def renumbered_by(host: Host) -> str:
    """Name the boot option that surely makes up the NUMA nodes; empty where none."""
    return _surely(host, NUMA, alike=False)


def _surely(host: Host, values: dict[str, str], *, alike: bool) -> str:
    """Name the first option whose value in force is known, and is the given one or is not it."""
    listed = () if isinstance(host.boot_options, Unknown) else host.boot_options.value
    known = (
        (one.name, one.runtime.value) for one in listed if not isinstance(one.runtime, Unknown)
    )
    return next((n for n, v in known if n in values and (v.upper() == values[n]) is alike), "")


@check(
    "PCI-006",
    title="No boot option of ESXi switches the IOMMU or passthrough off",
    severity=Severity.REQUIRED,
    source=OPTIONS,
    each=every_host_with_gpu,
    of_vgpus=True,
    phase=Phase.BIOS,
    why=(
        "noIOMMU and disablePciPassthrough take from vGPU and passthrough what they need, "
        "whatever the BIOS has. It looks like a BIOS without VT-d or AMD IOMMU, and is none. A "
        "GPU that can be passed through proves that neither is in force."
    ),
    experience=(
        "that a vGPU fails with this very message is told by users and in F. Denneman's articles; "
        "NVIDIA's guide only says what must be on."
    ),
    symptom="Could not initialize plugin 'libnvidia-vgx.so' for vGPU",
    fix="Set the option back to FALSE and reboot; the BIOS needs no change for it.",
    how=(run("esxcli", "esxcli system settings kernel set -s {option} -v FALSE"),),
    explains=("PCI-001", "PCI-003"),
    needs=("maintenance mode", "host reboot"),
)
def nothing_switched_off_at_boot(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    gpus = known(host.gpus)
    capable = [gpu for gpu in gpus if known(gpu.passthrough).capable]
    if capable:
        return judge(
            ok=True,
            observed=f"{len(capable)} of {count(len(gpus), 'GPU')} can be passed through",
            expected="a GPU that can be passed through, or no such option",
        )
    on = [name for name in IN_THE_WAY if _is_on(host, name, known)]
    return judge(
        ok=not on,
        observed=f"{' and '.join(on) or 'neither'} TRUE; no GPU can be passed through",
        expected="both FALSE",
        note=", ".join(IN_THE_WAY[name] for name in on),
        option=tuple(on),
    )


@check(
    "PCI-007",
    title="PCIe hot-plug is off on an HPE server with a GPU in passthrough",
    severity=Severity.RECOMMENDED,
    source=HPE_HOT_PLUG,
    each=every_host_with_gpu,
    of_vgpus=True,
    phase=Phase.BIOS,
    why=(
        "On HPE servers ESXi may take the reset of a GPU, as a VM with it starts, for its removal "
        "from a hot-plug slot; the log has PCIEHP lines then, and the VM does not start. HPE and "
        "Broadcom advise to switch native PCIe hot-plug off."
    ),
    symptom="Device 6:0.0 is not a passthrough device.",
    fix=(
        "Switch native PCIe hot-plug off in ESXi, unless drives of this host are changed while it "
        "runs."
    ),
    how=(run("esxcli", "esxcli system settings kernel set -s enablePCIEHotplug -v FALSE"),),
    needs=("maintenance mode", "host reboot"),
)
def no_hot_plug_under_passthrough(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    vendor = known(host.vendor)
    if not vendor.upper().startswith(("HP", "HEWLETT")):
        return not_applicable(f"a server of {vendor}: this is told of HPE servers only")
    passed = [gpu for gpu in known(host.gpus) if given_away(gpu, known)]
    if not passed:
        return not_applicable("no GPU in passthrough")
    on = _is_on(host, "enablePCIEHotplug", known)
    value = "TRUE" if on else "FALSE"
    return judge(
        ok=not on,
        observed=f"enablePCIEHotplug {value}; {count(len(passed), 'GPU')} in passthrough",
        expected="enablePCIEHotplug FALSE",
    )


@check(
    "PCI-008",
    title="Boot options about PCI devices have the values that ESXi ships with",
    severity=Severity.INFORMATIONAL,
    source=OPTIONS,
    each=every_host_with_gpu,
    of_vgpus=True,
    phase=Phase.BIOS,
    why=(
        "Somebody who looks for the cause of an odd GPU should know that interrupt remapping, "
        "ACS, the placement of memory windows or PCI segments were changed at boot, or that ESXi "
        "was told how many vGPU devices to make up (vgpuMockDeviceCount). ESXi itself tells each "
        "option's default."
    ),
    experience="vgpuMockDeviceCount is in no document; that is ESXi's own description of it.",
    fix="Set back what nobody needs any more, and reboot.",
    how=(run("esxcli", "esxcli system settings kernel set -s {option} -v {value}"),),
    needs=("maintenance mode", "host reboot"),
)
def boot_options_untouched(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    listed = [one for one in known(host.boot_options) if one.name in TOLD]
    if not listed:
        known.leave(Unknown(Why.ABSENT, "none of these boot options is listed", ASKED))
    changed = [one for one in listed if known(one.runtime) != known(one.default)]
    return judge(
        ok=not changed,
        observed="; ".join(_changed(one, known) for one in changed) or "all as shipped",
        expected="the defaults that ESXi names",
        option=tuple(one.name for one in changed),
        value=tuple(known(one.default) for one in changed),
    )


def _changed(one: BootOption, known: Facts) -> str:
    return f"{one.name} {known(one.runtime)} for {known(one.default)}: {TOLD[one.name]}"


@check(
    "HOST-007",
    title="No boot option that concerns GPUs waits for a reboot",
    severity=Severity.RECOMMENDED,
    source=OPTIONS,
    each=every_host_with_gpu,
    why=(
        "A boot option that was set is in force after the next reboot only. Until then the host "
        "is not what its settings say, and with the reboot, maybe months later, what is judged "
        "here changes."
    ),
    fix="Reboot the host in a quiet hour, or set the option back to what is in force.",
    how=(
        run("esxcli (to take it)", "esxcli system shutdown reboot --reason 'boot options'"),
        run("esxcli (set it back)", "esxcli system settings kernel set -s {option} -v {value}"),
    ),
    needs=("maintenance mode", "host reboot"),
)
def no_boot_option_waits(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    waiting = [
        one
        for one in known(host.boot_options)
        if known(one.configured).upper() != known(one.runtime).upper()
    ]
    if not known(host.boot_options):
        known.leave(Unknown(Why.ABSENT, "none of these boot options is listed", ASKED))
    harm = [f"{one.name}: {words}" for one in waiting if (words := _harm(one, known))]
    told = [f"{one.name} {known(one.runtime)}, then {known(one.configured)}" for one in waiting]
    return judge(
        ok=not waiting,
        observed="; ".join(told) or "what is set is in force",
        expected="what is set is in force",
        note=f"after the next reboot {'; '.join(harm)}" if harm else "",
        option=tuple(one.name for one in waiting),
        value=tuple(known(one.runtime) for one in waiting),
    )


def _harm(one: BootOption, known: Facts) -> str:
    """Say what an option that waits will take away."""
    value = known(one.configured).upper()
    if one.name in IN_THE_WAY and value != "FALSE":
        return f"{IN_THE_WAY[one.name]}, so that no VM with a GPU starts"
    if one.name in NUMA and value != NUMA[one.name]:
        return "made-up NUMA nodes"
    return ""


@check(
    "NUMA-002",
    title="No boot option of ESXi makes up the NUMA nodes",
    severity=Severity.RECOMMENDED,
    source=OPTIONS,
    each=every_host,
    phase=Phase.BIOS,
    why=(
        "With useNUMAInfo off ESXi takes the host for one node, and with fake nodes for more than "
        "there are; every placement of VMs and GPUs then rests on nodes that the hardware does "
        "not have. It looks like a BIOS setting, and is none."
    ),
    fix="Set the option back and reboot; the BIOS needs no change for it.",
    how=(run("esxcli", "esxcli system settings kernel set -s {option} -v {value}"),),
    explains=("NUMA-001",),
    needs=("maintenance mode", "host reboot"),
)
def numa_nodes_are_real(host: Host, _needs: Requirements, known: Facts) -> Verdict:
    listed = {one.name: one for one in known(host.boot_options)}
    if "useNUMAInfo" not in listed:
        known.leave(Unknown(Why.ABSENT, "the boot option useNUMAInfo is not listed", ASKED))
    values = {name: known(listed[name].runtime).upper() for name in NUMA if name in listed}
    odd = [name for name, value in values.items() if value != NUMA[name]]
    return judge(
        ok=not odd,
        observed=", ".join(f"{name} {value}" for name, value in values.items()),
        expected=", ".join(f"{name} {NUMA[name]}" for name in values),
        option=tuple(odd),
        value=tuple(NUMA[name] for name in odd),
    )
