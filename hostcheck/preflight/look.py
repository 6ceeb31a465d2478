"""From a VM, or a VM to be, to a run with its verdict on every candidate."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice

import msgspec

from hostcheck import app, fleet, runfile
from hostcheck.assemble import runs_release
from hostcheck.errors import UsageError
from hostcheck.fleet import Workers
from hostcheck.model.capture import Request
from hostcheck.model.host import Host
from hostcheck.model.host_ref import VmRef
from hostcheck.model.policy import Policy
from hostcheck.model.recording import Recording
from hostcheck.model.run import Candidate, HostReport, Run, silent
from hostcheck.near import meant
from hostcheck.parsers import vim_cpu_features
from hostcheck.preflight.ask import Besides, is_candidate, refuse_template
from hostcheck.preflight.change import NOTHING, VmChange, changed
from hostcheck.preflight.elsewhere import beside, with_vm
from hostcheck.preflight.judge import judged_on, refuse_gpuless
from hostcheck.preflight.rank import (
    of_a_changed_vm,
    of_a_running_vm,
    ranked,
    unless_another,
    unless_elsewhere,
)
from hostcheck.preflight.resting import nowhere, parted, refuse_unmet, unmoved
from hostcheck.preflight.spec import GIVEN_ID, VmSpec, hosting
from hostcheck.runs import run_of
from hostcheck.sources import beside as asked_beside
from hostcheck.sources import walls
from hostcheck.sources.base import Source
from hostcheck.sources.several import in_words
from hostcheck.sources.walls import host_of
from hostcheck.ways.vsphere import second_opinion
from hostcheck.ways.vsphere.inventory import is_host
from hostcheck.ways.vsphere.vms import none_called, one_vm

TOGETHER = 16
"""Hosts whose checks by vCenter are under way at a time, and whose answers are held for it."""


def preflight(
    source: Source,
    vm_name: str,
    *,
    hosts: Iterable[str] = (),
    emptied: tuple[str, ...] = (),
    change: VmChange = NOTHING,
    workers: Workers = Workers(1),  # noqa: B008  it is immutable
    opinion: bool = True,
    policy: Policy | None = None,
    keep: Callable[[Recording], object] = lambda _: None,
    done: Callable[[str], None],
) -> Run:
    """Judge one VM on its own host and on every other host of its cluster, or on those named.

    Without those that `emptied` puts into maintenance mode in thought. With `opinion` vCenter is
    asked as well; `keep` is given the answers of each candidate. Raises UsageError when no VM or
    more than one goes by that name, or it has no GPU, or a pattern meets no host.
    """
    refuse_unmet(source, emptied)
    vm = chosen_vm(source, vm_name, tuple(hosts))
    return of_vm(
        source, vm, hosts=hosts, emptied=emptied, change=change, workers=workers, opinion=opinion,
        policy=policy, keep=keep, done=done,
    )  # fmt: skip


def of_vm(
    source: Source,
    vm: VmRef,
    *,
    hosts: Iterable[str] = (),
    emptied: tuple[str, ...] = (),
    change: VmChange = NOTHING,
    workers: Workers = Workers(1),  # noqa: B008  it is immutable
    opinion: bool = True,
    policy: Policy | None = None,
    keep: Callable[[Recording], object] = lambda _: None,
    done: Callable[[str], None],
) -> Run:
    """Judge one VM that was found, as it is or as it would be after a change.

    Of a change vCenter is not asked: it would tell of the VM as it is.
    """
    patterns, home = tuple(hosts), vm.host
    chosen = [one for one in source.machines() if is_candidate(one, home, patterns)]
    if not chosen:
        there = meant(patterns[0], [one.name for one in source.machines()])
        raise UsageError(f"no host matches {', '.join(map(repr, patterns))}; {there}")
    chosen, resting = parted(chosen, emptied)
    others = [one for one in chosen if one != home]
    collector = source.collector([home, *others])  # what is asked of all travels together
    first = walls.collected(home, partial(collector.collect, home))
    done(home.name)
    first = walls.ask(source.asker(home.vcenter), first, [vim_cpu_features.of_vm(vm.id)])
    refuse_template(first, vm)
    besides = Besides(
        source, first, vm.id, opinion=opinion and not change, several=change.count > 1
    )
    besides.begin(chosen)
    collected = [first] if len(others) < len(chosen) else []
    few = len(others) if collector.calls and workers.executor is None else 1
    with fleet.threads(min(second_opinion.CALLS, few)) as calls:
        collected += app.recordings(
            source, others, collector=collector, workers=calls if few > 1 else workers, done=done
        )
    own = host_of(first)

    def candidates() -> Iterator[Host]:
        for recorded in besides.all(collected):
            keep(recorded)
            host = (
                host_of(recorded)
                if recorded.ref.key == home.key
                else beside(host_of(with_vm(recorded, vm.id, first)), vm.id, own)
            )
            yield changed(host, vm.id, change)

    if resting and not chosen:
        refuse_gpuless(own, vm.id, vm.name)
    run = unless_another(judged(source, vm.id, vm.name, candidates(), policy, resting))
    run = of_a_running_vm(unmoved(run, emptied), own, vm.id)
    return of_a_changed_vm(run, own, vm.id, change) if change else run


def chosen_vm(source: Source, name: str, hosts: tuple[str, ...]) -> VmRef:
    """Return the VM that is meant; of several the one on a host that is named.

    Raises UsageError when there is none, or more than one.
    """
    found = source.vms_called(name)
    unheard = silent(source.about.targets)
    if not found and unheard:
        words = in_words({one.name: one.failure for one in unheard})
        raise UsageError(f"no VM is called {name!r} where that could be asked; {words}")
    lost = [one.name for one in source.machines() if not one.id]
    if not found and lost:
        raise UsageError(f"no VM is called {name!r}, but {', '.join(lost)} cannot be read")
    if not found:
        raise none_called(name, source.vms(), recorded=not source.about.asks)
    there = [one for one in found if is_host(one.host.name, hosts)]
    return one_vm(there if hosts and len(found) > 1 and there else found, name)


def what_if(
    source: Source,
    spec: VmSpec,
    *,
    emptied: tuple[str, ...] = (),
    workers: Workers = Workers(1),  # noqa: B008  it is immutable
    opinion: bool = True,
    policy: Policy | None = None,
    keep: Callable[[Recording], object] = lambda _: None,
    done: Callable[[str], None],
) -> Run:
    """Judge a VM that does not exist yet on every host that `emptied` leaves of the source.

    With `opinion` vCenter is asked as well, once for each cluster that it places VMs in.
    """
    refuse_unmet(source, emptied)
    staying, resting = parted(source.machines(), emptied)

    def candidates() -> Iterator[Host]:
        found = app.recordings(source, staying, workers=workers, done=done)
        while some := list(islice(found, TOGETHER)):
            for recorded in _asked(source, spec, some, opinion=opinion):
                keep(recorded)
                yield hosting(host_of(recorded), spec)

    run = judged(source, GIVEN_ID, spec.name, candidates(), policy, resting)
    return unmoved(unless_elsewhere(run), emptied)


def _asked(
    source: Source, spec: VmSpec, some: list[Recording], *, opinion: bool
) -> list[Recording]:
    """Ask machines about a VM to be; vCenter's checks of all of them run side by side."""
    about = [(one, _about(spec, one, opinion=opinion)) for one in some]
    ahead: dict[str, list[Request]] = {one.ref.vcenter: [] for one in some}
    for one, questions in about:
        ahead[one.ref.vcenter] += questions
    askers = {vcenter: source.asker(vcenter, asked) for vcenter, asked in ahead.items()}
    return asked_beside.ask(
        [asked_beside.More(askers[one.ref.vcenter], one, more) for one, more in about],
        second_opinion.CALLS,
    )


def _about(spec: VmSpec, recorded: Recording, *, opinion: bool) -> list[Request]:
    """Return what is asked of a host about a VM to be."""
    several = spec.count > 1
    if not (several or opinion):
        return []
    fitted = spec.fitted(runs_release(recorded))
    questions = [second_opinion.limit(recorded, fitted.hardware_version)] if several else []
    if opinion:
        questions.append(second_opinion.vm_config(recorded, GIVEN_ID, fitted.told()))
    return questions


def judged(
    source: Source, vm_id: str, vm_name: str, hosts: Iterable[Host], policy: Policy | None = None,
    resting: tuple[str, ...] = (),
) -> Run:  # fmt: skip
    """Judge a VM on hosts that come one by one; what only the reports need of them is packed.

    `resting` are the hosts that were left out, in maintenance mode in thought.
    """
    candidates: list[Candidate] = []

    def reports() -> Iterator[HostReport]:
        for host in hosts:
            candidate, report = judged_on(vm_id, vm_name, host, policy)
            candidates.append(candidate)
            yield msgspec.structs.replace(report, verdict=candidate.verdict)

    packed = runfile.packed(reports())
    if not (candidates or resting):
        raise UsageError("no host was found")
    about = source.about
    told = ranked(vm_name, candidates) if candidates else nowhere(vm_name, resting)
    told = msgspec.structs.replace(told, vm_id=vm_id, in_maintenance=resting)
    return run_of(about.target, packed, preflight=told, targets=about.targets, policy=policy)
