"""Put it together: each class on each cluster of its namespaces."""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from hostcheck import __version__
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.requirements import Requirements
from hostcheck.model.result import Answer, Severity, Status, gravest_of
from hostcheck.model.run import Asked, silent
from hostcheck.model.vm_class import (
    SCHEMA,
    ClassFinding,
    ClassJudged,
    ClassPlace,
    Fit,
    Judged,
    Namespace,
    Offered,
    VmClass,
)
from hostcheck.vmclasses.checks.on_host import ON_HOST
from hostcheck.vmclasses.findings import WHOLE, fits, of_class, on_hosts, whole
from hostcheck.vmclasses.fit import ClusterFit
from hostcheck.vmclasses.seen import ClassHost
from hostcheck.vmclasses.words import asks

NAMES = "GET /api/vcenter/namespace-management/clusters"


class ClassSource(Struct, frozen=True):
    """What told of the hosts, as a run or a source says it."""

    name: str
    read_at: str = ""
    notices: tuple[str, ...] = ()
    targets: tuple[Asked, ...] = ()


def judge(
    offered: Offered, hosts: Sequence[ClassHost], needs: Requirements, target: ClassSource,
    *, classes_from: str, cluster_names: dict[str, str] | None = None,
    wanted: Callable[[str], bool] = lambda _: True,
) -> Judged:  # fmt: skip
    """Judge all classes. `hosts` were looked at for these classes, in their order.

    `cluster_names` tells names of clusters by managed object id beside those that vCenter's answer
    holds; of clusters that are not `wanted` nothing is said.
    """
    names = {**(cluster_names or {}), **offered.cluster_names}
    groups: dict[tuple[str, str], list[ClassHost]] = {}
    for host in hosts:
        if wanted(host.cluster):
            groups.setdefault((host.cluster, host.target), []).append(host)
    clusters = []
    for (name, where), mine in sorted(groups.items()):
        perhaps = groups.get(("", where), ()) if name else ()
        counted = ClusterFit(mine, offered.classes, perhaps)
        clusters.append(_Hosts(name, where, mine, perhaps, counted))
    judged = tuple(
        _class(at, one, offered, names, clusters, needs) for at, one in enumerate(offered.classes)
    )
    answer = gravest_of(one.answer for one in judged if one.answer is not Answer.NO_GPU)
    if answer is Answer.GO and (silent(target.targets) or offered.unread):
        answer = Answer.UNSURE
    return Judged(
        SCHEMA, __version__, needs.edition, classes_from, target.name, target.read_at, answer,
        (*offered.notices, *target.notices), judged, target.targets,
    )  # fmt: skip


class _Hosts(Struct, frozen=True):
    """The hosts of a cluster, those that may be of it, and what counts on them."""

    name: str
    target: str
    sure: Sequence[ClassHost]
    perhaps: Sequence[ClassHost]
    counted: ClusterFit


def _class(
    at: int, one: VmClass, offered: Offered, names: dict[str, str], clusters: Sequence[_Hosts],
    needs: Requirements,
) -> ClassJudged:  # fmt: skip
    using = _namespaces(one, offered)
    head = (one.name, one.form, one.source, one.line_of("name"), asks(one))
    if not one.wants_gpu and not one.overridden:
        return ClassJudged(*head, Answer.NO_GPU, (), one.notices)
    must = set().union(*(_clusters(each, names) for each in using))
    hidden = _hidden(using, names)
    open_ = bool(hidden) or _open(one, using)
    chosen = [each for each in clusters if each.name in must or open_]
    with_gpu = [each for each in chosen if each.name in must
                or any(host.has_gpu is not False for host in each.sure)]  # fmt: skip
    places = []
    for each in with_gpu or chosen:
        mine = tuple(space for space in using if open_ or each.name in _clusters(space, names))
        places.append(_place(at, one, each, mine, needs))
    met = {each.cluster for each in places}
    places += [_unseen(name, one, using, needs) for name in sorted(must) if name not in met]
    notices = list(one.notices)
    notices += [
        f"on which clusters namespace {name} runs it is not known ({why.detail}): no GO without; "
        f"told by {why.asked}"
        for name, why in hidden.items()
    ]
    if open_ and not hidden and (using or one.namespaces) and len(places) != 1:
        notices.append(
            "on which clusters its namespaces run is not known: judged on each cluster (choose by "
            "--cluster); told by GET /api/vcenter/namespaces/instances/{namespace}"
        )
    used = bool(using or one.namespaces) or offered.unlisted
    answer = _over(places, must, open_=open_, hidden=bool(hidden), used=used)
    return ClassJudged(*head, answer, tuple(places), tuple(notices))


def _over(
    places: Sequence[ClassPlace], must: set[str], *, open_: bool, hidden: bool, used: bool
) -> Answer:
    """Fold the clusters: all that use the class must keep it; nobody's, one may."""
    sure = [one.answer for one in places if one.cluster in must]
    if not open_ or Answer.NO_GO in sure:
        return gravest_of(sure)
    if hidden:
        return Answer.UNSURE
    answers = {one.answer for one in places}
    if len(answers) == 1 or not used:
        order = (Answer.GO, Answer.UNSURE, Answer.NO_GO)
        return next((one for one in order if one in answers), Answer.UNSURE)
    return Answer.UNSURE


def _namespaces(one: VmClass, offered: Offered) -> tuple[Namespace, ...]:
    """Return the namespaces that use a class, or may, as far as vCenter told of them."""
    return tuple(
        each for each in offered.namespaces
        if one.name in each.classes or each.name in one.namespaces
        or (each.unread and not one.namespaces)
    )  # fmt: skip


def _clusters(one: Namespace, names: dict[str, str]) -> set[str]:
    return {names[each] for each in one.clusters if each in names}


def _hidden(using: Sequence[Namespace], names: dict[str, str]) -> dict[str, Unknown]:
    """Say by namespace why there may be clusters of it that are not known: no GO without them."""
    told = {}
    for each in using:
        nameless = [one for one in each.clusters if one not in names]
        if each.more is not None:
            told[each.name] = each.more
        elif nameless:
            detail = f"nothing tells the name of {', '.join(nameless)}"
            told[each.name] = Unknown(Why.ABSENT, detail, NAMES)
    return told


def _open(one: VmClass, using: Sequence[Namespace]) -> bool:
    """Say whether the class may be used, or come to be, on clusters that nobody named."""
    told = {each.name for each in using}
    return (
        not using
        or any(each not in told for each in one.namespaces)
        or any(not each.clusters for each in using)
    )


def _place(
    at: int, one: VmClass, on: _Hosts, using: tuple[Namespace, ...], needs: Requirements
) -> ClassPlace:
    findings = [on_hosts(check, number, at, one, on.sure, on.perhaps)
                for number, check in enumerate(ON_HOST)]  # fmt: skip
    keepers, dark = _keepers(at, on.sure)
    perhaps = tuple(one for part in _keepers(at, on.perhaps) for one in part)
    findings.append(whole(findings, keepers, dark or perhaps, on.sure))
    findings += of_class(one, using, needs)
    now, lost = on.counted.count(at, one)
    findings.append(fits(now, lost))
    told = tuple(
        sorted(
            (each for each in findings if each.status is not Status.NOT_APPLICABLE),
            key=lambda each: each.check,
        )
    )
    return ClassPlace(
        cluster=on.name,
        target=on.target,
        answer=_answer(told),
        hosts=len(on.sure),
        keepers=keepers,
        open=dark,
        findings=told,
        now=now,
        after_loss=lost,
        namespaces=tuple(each.name for each in using),
    )


def _unseen(
    name: str, one: VmClass, using: tuple[Namespace, ...], needs: Requirements
) -> ClassPlace:
    """Return what can be said of a cluster of which no host was seen."""
    told = of_class(one, using, needs)
    missing = ClassFinding(
        WHOLE, "A host keeps all of the class", Severity.REQUIRED, Status.UNKNOWN,
        "no host of this cluster is in what was read",
        told_by=f"hostcheck audit --cluster {name}",
    )  # fmt: skip
    found = (*(each for each in told if each.status is not Status.NOT_APPLICABLE), missing)
    never = Fit(0, None, "no host was seen")
    spaces = tuple(each.name for each in using)
    return ClassPlace(name, "", _answer(found), 0, (), (), found, never, never, spaces)


def _answer(findings: Iterable[ClassFinding]) -> Answer:
    required = [one.status for one in findings if one.severity is Severity.REQUIRED]
    if Status.FAIL in required:
        return Answer.NO_GO
    whole = Status.UNKNOWN in required or Status.ERROR in required or not required
    return Answer.UNSURE if whole else Answer.GO


def _keepers(at: int, hosts: Sequence[ClassHost]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the hosts that keep all that is required, and those of which that is open."""
    keepers: list[str] = []
    dark: list[str] = []
    for host in hosts:
        statuses = {
            one.status for one in host.classes[at].results if one.severity is Severity.REQUIRED
        }
        if Status.FAIL in statuses:
            continue
        good = statuses <= {Status.PASS, Status.NOT_APPLICABLE}
        (keepers if good else dark).append(host.name)
    return tuple(keepers), tuple(dark)
