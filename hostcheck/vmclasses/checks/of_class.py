"""What a class is by itself, wherever it is offered: reservations, policies, what is left out."""

from msgspec import Struct

from hostcheck.checks.engine import (
    Check,
    Facts,
    Subjects,
    check,
    judge,
    not_applicable,
    subjects,
    unsure,
)
from hostcheck.checks.vm import memory_reserved
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host import Host
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import About, Severity, Verdict
from hostcheck.model.vm import Vm
from hostcheck.model.vm_class import Namespace, VmClass
from hostcheck.vmclasses.checks.on_host import VM_OPERATOR
from hostcheck.words import gib

REST = "https://developer.broadcom.com/xapis/vsphere-automation-api/latest/vcenter/"
CLASSES = REST + "data-structures/NamespaceManagement_VirtualMachineClasses_Info"
READY, REMOVING = "READY", "REMOVING"


class Offer(Struct, frozen=True):
    """A class, a VM of it, and the namespaces that use it."""

    of: VmClass
    vm: Vm
    namespaces: tuple[Namespace, ...]


@subjects("VM class", About.VM)
def a_class(_host: Host) -> Subjects[Offer]:
    return ()


@check(
    "VMC-005",
    title="All memory of the class is reserved",
    severity=Severity.REQUIRED,
    source=VM_OPERATOR,
    each=a_class,
    why="A VM with a passthrough device or a vGPU starts only with all its memory reserved.",
    fix="Reserve as much as the class has, or set memoryReservationLockedToMax in its configSpec.",
)
def memory_is_reserved(one: Offer, needs: Requirements, known: Facts) -> Verdict:
    return memory_reserved.function(one.vm, needs, known)


@check(
    "VMC-010",
    title="The policy of the instance storage is bound to each namespace",
    severity=Severity.REQUIRED,
    source=CLASSES,
    each=a_class,
    why="A volume of instance storage comes from the namespace's own policies.",
    fix="Bind the policy to the namespace, or name one that is bound.",
)
def storage_is_bound(one: Offer, _needs: Requirements, known: Facts) -> Verdict:
    if not one.of.storage:
        return not_applicable("no instance storage")
    expected = "a policy that the namespaces have"
    if one.of.storage == "?":
        return judge(ok=False, observed="volumes without a policy", expected=expected)
    if one.of.form != "REST":
        note = f"told by: kubectl get storageclass -n NAMESPACE {one.of.storage}"
        return unsure(f"storage class {one.of.storage}", expected, note)
    if not one.namespaces:
        asked = "GET /api/vcenter/namespaces/instances/{namespace}"
        known.leave(Unknown(Why.NOT_ASKED, "no namespace was read", asked))
    without = [each.name for each in one.namespaces if one.of.storage not in each.policies]
    observed = f"policy {one.of.storage}"
    note = f"not bound to {', '.join(without)}" if without else ""
    return judge(ok=not without, observed=observed, expected=expected, note=note)


@check(
    "VMC-011",
    title="VMs of the class are not powered off when a host enters maintenance mode",
    severity=Severity.INFORMATIONAL,
    source=VM_OPERATOR,
    each=a_class,
    why="With maintenance.vm.evacuation.poweroff DRS powers VMs off that it could have moved.",
    fix="Remove the key from the extraConfig of the configSpec, if the VMs are to move.",
)
def stays_on(one: Offer, _needs: Requirements, _known: Facts) -> Verdict:
    observed = "powered off" if one.of.poweroff else "the key is not set"
    note = "older VM Operators set the key by themselves" if one.of.poweroff else ""
    return judge(ok=not one.of.poweroff, observed=observed, expected="not powered off", note=note)


@check(
    "VMC-012",
    title="The class is not being removed",
    severity=Severity.REQUIRED,
    source=CLASSES,
    each=a_class,
    why="A class that is being removed can be given to no namespace.",
    fix="Offer another class.",
)
def class_is_ready(one: Offer, _needs: Requirements, _known: Facts) -> Verdict:
    if not one.of.status:
        return not_applicable("its status is not told: it is not read from vCenter")
    observed = f"status {one.of.status}"
    if one.of.status in (READY, REMOVING):
        return judge(ok=one.of.status == READY, observed=observed, expected=READY)
    return unsure(observed, READY, "no such status is known")


@check(
    "VMC-013",
    title="No limit of the class is below what it asks for",
    severity=Severity.REQUIRED,
    source=VM_OPERATOR,
    each=a_class,
    why="vSphere refuses a VM whose reservation is above its limit.",
    fix="Raise the limit, or leave it out.",
)
def limits_are_high_enough(one: Offer, _needs: Requirements, _known: Facts) -> Verdict:
    flaws = []
    for name, each in (("memory", one.of.memory), ("cpu", one.of.cpu)):
        if each.limit and each.limit < each.request:
            words = (
                (gib(each.limit), gib(each.request))
                if name == "memory"
                else (f"{each.limit}m", f"{each.request}m")
            )
            flaws.append(f"{name}: limit {words[0]}, request {words[1]}")
    observed = "; ".join(flaws) or "no limit is lower than its request"
    return judge(ok=not flaws, observed=observed, expected="limits that are not lower")


@check(
    "VMC-014",
    title="Reserved slots are of a reservation",
    severity=Severity.RECOMMENDED,
    source=VM_OPERATOR,
    each=a_class,
    why="reservedSlots counts only together with reservedProfileID.",
    fix="Name the reservation, or remove the slots.",
)
def slots_are_of_a_profile(one: Offer, _needs: Requirements, _known: Facts) -> Verdict:
    if not one.of.slots:
        return not_applicable("no reserved slots")
    named = one.of.slots_profile or "none"
    observed = f"{one.of.slots} slots, reservedProfileID {named}"
    return judge(ok=bool(one.of.slots_profile), observed=observed, expected="a reservedProfileID")


@check(
    "VMC-015",
    title="The devices that the class names are those that its VMs get",
    severity=Severity.REQUIRED,
    source=VM_OPERATOR,
    each=a_class,
    why="Where there is a configSpec, VM Operator takes devices from it alone.",
    fix="Name the devices in configSpec.deviceChange, or remove the configSpec.",
)
def devices_are_used(one: Offer, _needs: Requirements, _known: Facts) -> Verdict:
    left = one.of.overridden
    observed = f"left out: {', '.join(left)}" if left else "all are used"
    note = "hardware.devices is not read where there is a configSpec" if left else ""
    expected = "the same in hardware.devices and configSpec"
    return judge(ok=not left, observed=observed, expected=expected, note=note)


OF_CLASS: tuple[Check[Offer], ...] = (
    memory_is_reserved, storage_is_bound, stays_on, class_is_ready, limits_are_high_enough,
    slots_are_of_a_profile, devices_are_used,
)  # fmt: skip
