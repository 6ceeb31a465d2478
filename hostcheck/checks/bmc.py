"""BMC: what the management controller tells of the BIOS and of the parts of a server."""

from msgspec import UNSET, Struct

from hostcheck.checks.bios import words_of
from hostcheck.checks.engine import (
    Facts,
    Subjects,
    check,
    judge,
    not_applicable,
    subject,
    subjects,
    unsure,
)
from hostcheck.model.bmc import OFF, ON, BiosSetting, Bmc, BmcGpu, Setting, Waiting
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import About, Phase, Severity, Verdict
from hostcheck.words import count

REDFISH_SETTINGS = "https://www.dmtf.org/sites/default/files/standards/documents/DSP0266_1.20.1.pdf"
REDFISH_MODEL = "https://www.dmtf.org/sites/default/files/standards/documents/DSP0268_2024.1.pdf"
HPE_PROFILES = "https://techlibrary.hpe.com/docs/iss/proliant-gen10-uefi/"
GUIDE = "https://docs.nvidia.com/grid/17.0/grid-vgpu-user-guide/"
WANTED = {
    Setting.SRIOV: ON,
    Setting.IOMMU: ON,
    Setting.ABOVE_4G: ON,
    Setting.ARI: ON,
    Setting.NUMA_SPLIT: OFF,
    Setting.L3_NUMA: OFF,
    Setting.NODE_INTERLEAVING: OFF,
}
"""How a GPU host's BIOS is to be set."""
DECIDING = (Setting.SRIOV, Setting.IOMMU, Setting.ABOVE_4G)
"""Those without which no vGPU starts, for who judges a server before ESXi is installed."""
SHOWN = 8
HEALTHY = "OK"


class OnBmc(Struct, frozen=True):
    """A BMC that is known to be that of a host."""

    bmc: Bmc
    host: Host


class SettingOnBmc(Struct, frozen=True):
    """A BIOS setting of a host, as its BMC tells it."""

    setting: BiosSetting
    bmc: Bmc


@subjects("BMC of a host", About.HOST)
def every_bmc(host: Host) -> Subjects[OnBmc]:
    if host.bmc is UNSET:
        return []
    if isinstance(host.bmc, Unknown):
        return host.bmc
    about = subject("host", host.id, host.name, host=host.name)
    return [(about, OnBmc(host.bmc.value, host))]


@subjects("BIOS setting that concerns GPUs, as the BMC tells it", About.HOST)
def every_setting(host: Host) -> Subjects[SettingOnBmc]:
    found = every_bmc(host)
    if isinstance(found, Unknown) or not found:
        return found if isinstance(found, Unknown) else []
    bmc = host.bmc.value if isinstance(host.bmc, Known) else Bmc()
    if isinstance(bmc.settings, Unknown):
        return bmc.settings
    intel = isinstance(bmc.cpu, Known) and bmc.cpu.value == "intel"
    return [
        (
            subject(
                "BIOS setting",
                setting.value,
                f"BIOS setting {setting.value.replace('_', ' ')}",
                host=host.name,
            ),
            SettingOnBmc(one, bmc),
        )
        for setting in WANTED
        if not isinstance(one := bmc.setting(setting), Unknown)
        and not (intel and setting is Setting.L3_NUMA)
    ]


@subjects("NVIDIA GPU that the BMC lists", About.GPU)
def every_listed_gpu(host: Host) -> Subjects[BmcGpu]:
    if host.bmc is UNSET:
        return []
    if isinstance(host.bmc, Unknown):
        return host.bmc
    gpus = host.bmc.value.gpus
    if isinstance(gpus, Unknown):
        return gpus
    return [
        (subject("BMC GPU", one.id, f"{one.name} {_place(one)}", host=host.name), one)
        for one in gpus.value
    ]


def _place(gpu: BmcGpu) -> str:
    return f"in {gpu.slot.value}" if isinstance(gpu.slot, Known) else f"({gpu.id})"


@check(
    "BMC-001",
    title="No change of the BIOS waits for a restart",
    severity=Severity.RECOMMENDED,
    source=REDFISH_SETTINGS,
    each=every_bmc,
    opt_in=True,
    phase=Phase.BIOS,
    why=(
        "A BIOS setting that was changed through the BMC holds from the next restart on. Until "
        "then the host runs with the old one, and a restart that nobody planned for it brings the "
        "new one."
    ),
    fix="Restart the host in a maintenance window, or take the change back at the BMC.",
    needs=("maintenance mode", "host reboot"),
)
def nothing_waits(one: OnBmc, needs: Requirements, known: Facts) -> Verdict:
    waiting = known(one.bmc.waiting)
    listed = [f"{each.attribute}: {each.now or 'not set'} -> {each.then}" for each in waiting]
    more = len(listed) - SHOWN
    shown = ", ".join(listed[:SHOWN]) + (f" and {more} more" if more > 0 else "")
    return judge(
        ok=not waiting,
        observed=f"{count(len(waiting), 'change')} waiting: {shown}" if waiting else "none waits",
        expected="no change that waits",
        note=_what_comes(one.bmc, waiting, needs),
    )


def _what_comes(bmc: Bmc, waiting: tuple[Waiting, ...], needs: Requirements) -> str:
    """Say what the next restart brings for vGPU."""
    if not waiting or isinstance(bmc.settings, Unknown):
        return ""
    found = [
        f"{needs.bios.name(one.setting)} from {one.active.value} to {one.pending.value}"
        for one in bmc.settings.value
        if isinstance(one.active, Known)
        and isinstance(one.pending, Known)
        and one.active.value != one.pending.value
    ]
    return f"the next restart sets {', '.join(found)}" if found else ""


@check(
    "BMC-002",
    title="No workload profile of the BIOS forbids what vGPU needs",
    severity=Severity.RECOMMENDED,
    source=HPE_PROFILES,
    each=every_bmc,
    opt_in=True,
    forgives=(Why.ABSENT,),
    phase=Phase.BIOS,
    why=(
        "A workload profile of HPE sets many options at once and greys them out. Graphic "
        "Processing, the obvious choice for a GPU host, switches SR-IOV off; others cut a socket "
        "into NUMA domains. A profile of Dell is applied once and reads NotConfigured afterwards: "
        "there the switches themselves tell."
    ),
    fix="Choose a virtualization profile, or Custom, and set the switches after it.",
    needs=("maintenance mode", "host reboot"),
    menus=("sriov", "iommu", "numa_split"),
)
def no_profile_forbids(one: OnBmc, needs: Requirements, known: Facts) -> Verdict:
    maker = needs.bios.maker(known(one.bmc.vendor))
    if maker is None or maker.key not in {each.vendor for each in needs.bios.profiles}:
        return not_applicable("no workload profile of this vendor is known to hold a switch")
    cpu = known(one.bmc.cpu)
    mine = [each for each in needs.bios.profiles if (each.vendor, each.cpu) == (maker.key, cpu)]
    chosen = known(one.bmc.active(Setting.WORKLOAD_PROFILE))
    if not mine:
        return unsure(
            f"workload profile {chosen}", "a profile that leaves SR-IOV on",
            "what this vendor's profiles set with this processor was not to be read",
        )  # fmt: skip
    bad: dict[str, list[str]] = {}
    doubtful, settings, lost = [], [], []
    for each in mine:
        fact = one.bmc.active(each.profile)
        if isinstance(fact, Unknown):
            lost.append(fact)
            continue
        value = known(fact)
        if shown := each.forbids(value):
            bad.setdefault(shown, []).append(needs.bios.name(each.setting))
            settings.append(each.setting.value)
        elif not each.allows(value):
            doubtful.append(value)
    expected = "a profile that holds nothing against vGPU"
    if bad:
        told = "; ".join(f"{shown} holds {', '.join(names)}" for shown, names in bad.items())
        return judge(ok=False, observed=told, expected=expected, menus=tuple(settings))
    if lost:
        known.leave(lost[0])
    if doubtful:
        told = ", ".join(dict.fromkeys(doubtful))
        return unsure(f"profile {told}", expected, "what it sets is not known")
    return judge(ok=True, observed=f"workload profile {chosen}", expected=expected)


@check(
    "BMC-003",
    title="A BIOS setting that concerns GPUs is as vGPU needs it",
    severity=Severity.INFORMATIONAL,
    source=GUIDE,
    each=every_setting,
    opt_in=True,
    phase=Phase.BIOS,
    why=(
        "The BMC tells what the BIOS was set to at the last start. What it does not list, or "
        "leaves to the BIOS (Auto), is not known, and never off. PCI-001, PCI-003, PCI-004, "
        "PCI-005 and NUMA-001 judge the same by what the host shows, and weigh it."
    ),
    fix="Set it in the BIOS, or through the BMC, and restart the host.",
    needs=("maintenance mode", "host reboot"),
    menus=tuple(one.value for one in WANTED),
)
def set_for_vgpu(one: SettingOnBmc, needs: Requirements, known: Facts) -> Verdict:
    setting = one.setting.setting
    word = known(one.setting.active)
    said = words_of(one.setting)
    name = needs.bios.name(setting)
    return judge(
        ok=word == WANTED[setting],
        observed=f"{name}: {word} ({said})",
        expected=f"{name}: {WANTED[setting]}",
        note=_then(one.setting, WANTED[setting]),
        menus=(setting.value,),
    )


def _then(one: BiosSetting, wanted: str) -> str:
    """Say what the next restart makes of it, where that is another thing."""
    if isinstance(one.active, Unknown) or isinstance(one.pending, Unknown):
        return ""
    if one.active.value == one.pending.value:
        return ""
    change = "mends it" if one.pending.value == wanted else f"sets it to {one.pending.value}"
    return f"the next restart {change}"


@check(
    "BMC-004",
    title="The BMC reports no fault of a GPU",
    severity=Severity.RECOMMENDED,
    source=REDFISH_MODEL,
    each=every_listed_gpu,
    opt_in=True,
    forgives=(Why.ABSENT,),
    phase=Phase.GPU,
    why=(
        "The BMC watches each slot from outside the system, also where the driver lost the GPU; it "
        "names the slot, which is what one looks for in front of the rack."
    ),
    fix="Look into the BMC's log for this slot; reseat or replace the GPU.",
    needs=("maintenance mode", "host reboot"),
)
def gpu_without_fault(one: BmcGpu, _needs: Requirements, known: Facts) -> Verdict:
    health = known(one.health)
    hot = f", {one.celsius.value:g} °C" if isinstance(one.celsius, Known) else ""
    return judge(
        ok=health == HEALTHY,
        observed=f"health {health}{hot} {_place(one)}",
        expected=f"health {HEALTHY}",
    )


@check(
    "BMC-005",
    title="The BMC reports no fault of a power supply",
    severity=Severity.INFORMATIONAL,
    source=REDFISH_MODEL,
    each=every_bmc,
    opt_in=True,
    phase=Phase.HOST,
    why=(
        "Servers with GPUs need all their power supplies: with one lost many slow the GPUs down, "
        "or stop at the next peak."
    ),
    fix="Look into the BMC's log; replace the power supply, or restore its feed.",
)
def supplies_without_fault(one: OnBmc, _needs: Requirements, known: Facts) -> Verdict:
    supplies = known(one.bmc.power_supplies)
    if not supplies:
        return unsure("the BMC lists no power supply", "power supplies without fault")
    ill = [f"{each.name}: {each.health.value}" for each in supplies
           if isinstance(each.health, Known) and each.health.value != HEALTHY]  # fmt: skip
    if not ill:
        for each in supplies:
            known(each.health)
    return judge(
        ok=not ill,
        observed="; ".join(ill)
        or f"{count(len(supplies), 'power supply', 'power supplies')} healthy",
        expected="power supplies without fault",
    )
