"""VC: what vSphere itself says of a start. Only a preflight asks, so that an audit leaves no tasks.

An objection decides: vCenter would refuse the power-on itself. That there is no opinion decides
nothing: it is not to be had from an ESXi host, before 6.7, or by every account.
"""

from hostcheck.checks.engine import (
    Facts,
    Subjects,
    check,
    judge,
    look,
    not_applicable,
    run,
    subjects,
)
from hostcheck.checks.subjects import Placement, every_opinion, every_placement, profiles_of
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.offer import OfferedProfile, PerVmLimit
from hostcheck.model.opinion import Objection, Opinion
from hostcheck.model.requirements import Requirements, bare
from hostcheck.model.result import About, Answer, Severity, Verdict
from hostcheck.words import count

API = (
    "https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/"
    "vim.vm.check.CompatibilityChecker.html"
)
UNHEARD = tuple(why for why in Why if why is not Why.UNPARSED)
"""Nothing came back. An answer that is not understood may have been an objection."""
RESULT = (
    "https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/vim.vm.check.Result.html"
)
BACKING = (
    "https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/"
    "vim.vm.device.VirtualPCIPassthroughOption.VmiopBackingOption.html"
)
PROFILE = (
    "https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/"
    "vim.vm.VgpuProfileInfo.html"
)
MIB_PER_GIB = 1024


def told(objections: tuple[Objection, ...]) -> str:
    """Quote objections: vSphere's words, and its type of fault for a search."""
    return "; ".join(f"{one.words} ({one.kind})" if one.kind else one.words for one in objections)


@check(
    "VC-001",
    title="Against a power-on vCenter's own check finds nothing",
    severity=Severity.RECOMMENDED,
    source=RESULT,
    each=every_opinion,
    opinion=True,
    decides_now=True,
    forgives=UNHEARD,
    why=(
        "CheckPowerOn_Task tests what vCenter knows: compatibility, resources of the pool, "
        "devices, datastores and networks of the host. An error means that the power-on would "
        "fail or that the VM would not run correctly, so it decides the verdict. It knows nothing "
        "of NUMA nodes, ECC or the BIOS, so no error is no GO; and where there is no opinion, the "
        "verdict stands without it."
    ),
    fix="Read what vCenter says, and the checks beside it that fail for the same reason.",
)
def vcenter_agrees_to_start(one: Opinion, _needs: Requirements, known: Facts) -> Verdict:
    errors = known(one.said).errors
    return judge(
        ok=not errors, observed=told(errors) or "no error", expected="no error",
        note="vCenter's own check objects" if errors else "",
    )  # fmt: skip


@check(
    "VC-004",
    title="No warning comes from vCenter's own check of a power-on",
    severity=Severity.INFORMATIONAL,
    source=API,
    each=every_opinion,
    why="vCenter starts the VM all the same; what it warns of may need attention.",
    fix="Read what vCenter warns of.",
)
def vcenter_has_no_warning(one: Opinion, _needs: Requirements, known: Facts) -> Verdict:
    warnings = known(one.said).warnings
    return judge(ok=not warnings, observed=told(warnings) or "no warning", expected="no warning")


@subjects("VM with a verdict and an opinion of vCenter", About.VM)
def every_comparison(host: Host) -> Subjects[Opinion]:
    return every_opinion(host)


@check(
    "VC-002",
    title="What this preflight finds by itself and vCenter's own check agree",
    severity=Severity.INFORMATIONAL,
    source=API,
    each=every_comparison,
    why=(
        "One of the two misses something. vCenter does not look at all that a vGPU needs, so it "
        "may see nothing where a start fails; where it alone objects, read its words before you "
        "start."
    ),
    fix="Settle what one of them objects to, then ask again.",
    how=(look("hostcheck", "hostcheck preflight {vm}"),),
)
def vcenter_and_verdict_agree(one: Opinion, _needs: Requirements, known: Facts) -> Verdict:
    ours, said = known(one.ours), known(one.said)
    if ours not in (Answer.GO, Answer.NO_GO):
        return not_applicable(f"the verdict is {ours.value}: nothing to contradict")
    objects = bool(said.errors)
    theirs = f"vCenter objects: {told(said.errors)}" if objects else "vCenter does not object"
    return judge(
        ok=objects == (ours is Answer.NO_GO),
        observed=f"{ours.value}, and {theirs}",
        expected="the same opinion",
    )


@check(
    "VC-003",
    title="The VM has no more vGPUs than vSphere allows in one VM",
    severity=Severity.REQUIRED,
    source=BACKING,
    each=every_placement,
    why=(
        "The host states how many instances of a vGPU one VM may have (maxInstances); a VM with "
        "more does not start."
    ),
    symptom="Module 'DevicePowerOn' power on failed.",
    fix="Give the VM fewer and larger vGPUs.",
    how=(run("vSphere Client", "{vm} > Edit Settings > PCI devices"),),
    needs=("VM power off",),
)
def no_more_vgpus_than_allowed(placed: Placement, _needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    number = len(placed.vm.vgpus)
    limits = placed.host.per_vm_limits
    if number <= 1:
        return not_applicable(f"{count(number, 'vGPU')}: no limit is lower")
    if isinstance(limits, Unknown) and limits.why is Why.NOT_ASKED:
        return not_applicable("only a preflight asks for the limit")
    most = _limit(known(limits), {bare(name) for name in profiles_of(placed.vm, known)})
    return judge(
        ok=number <= most, observed=count(number, "vGPU"), expected=f"at most {most} in one VM"
    )


def _limit(limits: tuple[PerVmLimit, ...], profiles: set[str]) -> int:
    """Return the limit of the profiles where the host states one for them, else the highest."""
    own = [one.per_vm for one in limits if bare(one.profile) in profiles]
    return min(own) if own else max(one.per_vm for one in limits)


@check(
    "VC-005",
    title="The host and the catalogue tell the same of the VM's vGPU profiles",
    severity=Severity.INFORMATIONAL,
    source=PROFILE,
    each=every_placement,
    why=(
        "Where the host does not say it, checks take the size of a profile and whether it is "
        "MIG-backed from the catalogue; a difference means that the catalogue is older than the "
        "host's driver, or wrong."
    ),
    fix="Trust the host, and report the difference so that the catalogue is mended.",
)
def catalogue_knows_the_profile(placed: Placement, needs: Requirements, known: Facts) -> Verdict:
    known(placed.vm.devices)
    wanted = profiles_of(placed.vm, known)
    offers = placed.host.offered_profiles
    if not wanted:
        return not_applicable("no vGPU: whole devices only")
    if isinstance(offers, Unknown) and offers.why is Why.NOT_ASKED:
        return not_applicable("only a preflight asks what the host offers")
    told = {bare(one.name): one for one in known(offers)}
    both = [(name, told[bare(name)]) for name in wanted if bare(name) in told]
    if not both:
        return not_applicable("the host says nothing of these profiles")
    differ = [words for name, one in both if (words := _difference(name, one, needs))]
    return judge(
        ok=not differ,
        observed="; ".join(differ) or "the same of " + ", ".join(name for name, _ in both),
        expected="the same of " + ", ".join(name for name, _ in both),
    )


def _difference(name: str, told: OfferedProfile, needs: Requirements) -> str:
    """Say how the host and the catalogue differ on a profile, nothing where they agree."""
    models = [one for one in needs.models.values() if one.serves(name)]
    listed = next((found for one in models if (found := one.profile(name)) is not None), None)
    if listed is None:
        return f"{name} is not in the catalogue"
    if abs(told.framebuffer_gib * MIB_PER_GIB - listed.framebuffer_mib) >= MIB_PER_GIB:
        return f"{name}: {told.framebuffer_gib} GiB, in the catalogue {listed.framebuffer_mib} MiB"
    if told.sharing and (told.sharing == "mig") is not listed.mig:
        return f"{name}: {told.sharing}, in the catalogue {'mig' if listed.mig else 'timeSliced'}"
    return ""
