"""What a class comes to on the hosts of one cluster, finding by finding."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from hostcheck.checks.engine import Check, subject
from hostcheck.model.lifecycle import Mark
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Result, Severity, Status
from hostcheck.model.vm_class import ClassFinding, Fit, Namespace, VmClass
from hostcheck.vmclasses.changes import change
from hostcheck.vmclasses.checks.of_class import OF_CLASS, Offer
from hostcheck.vmclasses.seen import ClassHost
from hostcheck.vmclasses.vm import vm_of
from hostcheck.words import count, some

S = TypeVar("S")

FITS = "VMC-009"
WHOLE = "VMC-016"
BELIEVED = ("VMC-004", "VMC-007")
"""What rests on something inferred."""
TOLD_BY = {
    "VMC-002": "hostcheck preflight --profile PROFILE --count N, which asks the host's own limit",
    "VMC-003": "hostcheck preflight of a VM with such a device",
    "VMC-004": "GET /api/vcenter/namespace-management/virtual-machine-classes of a Supervisor that "
    "has such a class, and hostcheck preflight of a VM with the group",
    "VMC-007": "a VM of the class: pciPassthru.64bitMMIOSizeGB in govc vm.info -e",
    "VMC-008": "the image: kubectl get vmi -o yaml, field status.firmware",
    "VMC-010": "kubectl describe namespace NAMESPACE; GET /api/vcenter/namespaces/instances/"
    "{namespace}, field storage_specs",
}


def whole(
    findings: Iterable[ClassFinding], keepers: tuple[str, ...], dark: tuple[str, ...],
    hosts: Sequence[ClassHost],
) -> ClassFinding:  # fmt: skip
    """Say whether one host keeps everything together."""
    status = Status.PASS if keepers else Status.UNKNOWN if dark else Status.FAIL
    observed = f"{len(keepers)} of {count(len(hosts), 'host')}"
    if keepers:
        observed += f": {some(keepers)}"
    parts = [one for one in findings if one.severity is Severity.REQUIRED]
    apart = status is Status.FAIL and not any(one.status is Status.FAIL for one in parts)
    note = "each part is kept somewhere, and never all on one host" if apart else ""
    if dark:
        note = f"open on {some(dark)}"
    return ClassFinding(
        WHOLE, "A host keeps all of the class", Severity.REQUIRED, status, observed,
        "at least one", note, hosts=dark,
        told_by=f"hostcheck audit --ssh --host {dark[0]}" if status is Status.UNKNOWN else "",
    )  # fmt: skip


def on_hosts(
    check: Check[S], number: int, at: int, one: VmClass, hosts: Sequence[ClassHost],
    perhaps: Sequence[ClassHost],
) -> ClassFinding:  # fmt: skip
    """Fold what one check says on each host: one that keeps it is enough."""
    found = [(host, host.classes[at].results[number]) for host in hosts]
    by: dict[Status, list[tuple[ClassHost, Result]]] = {}
    for host, result in found:
        by.setdefault(_status(result), []).append((host, result))
    order: tuple[Status, ...] = (Status.PASS, Status.UNKNOWN, Status.FAIL, Status.NOT_APPLICABLE)
    status = next((each for each in order if each in by), Status.UNKNOWN)
    may = (Status.PASS, Status.UNKNOWN)
    other = [host for host in perhaps if _status(host.classes[at].results[number]) in may]
    if status is Status.FAIL and other:
        return _elsewhere(check, other)
    first = by[status][0][1] if status in by else None
    fails = [host.name for host, _ in by.get(Status.FAIL, ())]
    dark = [host.name for host, _ in by.get(Status.UNKNOWN, ())]
    good = len(by.get(Status.PASS, ()))
    of = f" (on {good} of {count(len(hosts), 'host')})" if status is Status.PASS else ""
    believed = check.id in BELIEVED
    return ClassFinding(
        check=check.id,
        title=check.manual.title,
        severity=check.severity,
        status=status,
        observed=f"{_observed(first)}{of}",
        expected=first.expected if first else "",
        note=first.note if first else "no host",
        told_by=_told_by(check.id, first) if status is Status.UNKNOWN else "",
        mark=Mark.INFERRED if believed else Mark.READ,
        source=check.manual.source,
        hosts=tuple(fails if status is Status.FAIL else dark),
        change=change(check.id, one, hosts) if status is Status.FAIL else None,
    )


def _elsewhere(check: Check[S], hosts: Sequence[ClassHost]) -> ClassFinding:
    """Say that a host would do of which it is not known where it belongs."""
    names = tuple(host.name for host in hosts)
    return ClassFinding(
        check.id, check.manual.title, check.severity, Status.UNKNOWN,
        f"of which cluster {some(names)} is is not known",
        told_by=f"hostcheck audit --host {names[0]}", source=check.manual.source, hosts=names,
    )  # fmt: skip


def _status(result: Result) -> Status:
    return Status.UNKNOWN if result.status is Status.ERROR else result.status


def _observed(result: Result | None) -> str:
    if result is None:
        return "not known"
    if result.unseen is not None and result.observed == "not known":
        return f"not known: {result.unseen.detail}"
    return result.trace or result.observed


def _told_by(check: str, result: Result | None) -> str:
    """Say what settles it."""
    if check in TOLD_BY:
        return TOLD_BY[check]
    unseen = result.unseen if result else None
    if unseen is None or not unseen.asked:
        return "an audit that reads the host"
    needs = f" (needs {unseen.privilege})" if unseen.privilege else ""
    return f"an audit that is answered {unseen.asked}{needs}"


def of_class(
    one: VmClass, using: tuple[Namespace, ...], needs: Requirements
) -> Iterator[ClassFinding]:
    """Judge what a class is by itself."""
    offer = Offer(one, vm_of(one), using)
    about = subject("vm class", one.name, f"class {one.name}")
    for check in OF_CLASS:
        result = check.judge(about, offer, needs)
        yield ClassFinding(
            check=check.id,
            title=check.manual.title,
            severity=check.severity,
            status=_status(result),
            observed=_observed(result),
            expected=result.expected,
            note=result.note,
            told_by=_told_by(check.id, result) if result.status is Status.UNKNOWN else "",
            source=check.manual.source,
            change=change(check.id, one, ()) if result.status is Status.FAIL else None,
        )


def fits(now: Fit, lost: Fit) -> ClassFinding:
    """Say how many VMs fit."""
    status = Status.PASS if now.low else Status.FAIL if now.high == 0 else Status.UNKNOWN
    observed = f"{now.words} now, {lost.words} with any one host gone"
    return ClassFinding(
        FITS, "VMs of the class fit now", Severity.RECOMMENDED, status, observed, "at least one",
        now.why, told_by="an audit that reads these hosts" if status is Status.UNKNOWN else "",
    )  # fmt: skip
