"""May this VM be powered on, and where: GO, NO-GO or UNSURE, from the results of each candidate.

A candidate rests on the required results of the host, of the VM, and of the GPUs that could serve
it: one good GPU is enough, and GPUs that could not serve the VM do not count.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from hostcheck import app, catalog, runfile
from hostcheck.checks.condition import UNASKED, in_vgpu_mode, seen_by_its_driver
from hostcheck.checks.engine import Known as Asked
from hostcheck.checks.engine import all_checks, attempt, decides
from hostcheck.checks.subjects import Placement, every_opinion, profiles_of, runs_here, serving
from hostcheck.checks.vcenter import Compared, vcenter_agrees_to_start, vcenter_and_verdict_agree
from hostcheck.checks.vgpu import has_room
from hostcheck.checks.vmotion import home_of
from hostcheck.collectors import second_opinion
from hostcheck.collectors.vsphere import matches, one_vm
from hostcheck.errors import UsageError, crash
from hostcheck.fleet import Workers
from hostcheck.model import capture
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.host_ref import HostRef
from hostcheck.model.result import (
    Answer,
    Result,
    Severity,
    Status,
    deciding,
    root_causes,
    verdict_of,
)
from hostcheck.model.run import KIND_OF_GPU, Candidate, HostReport, Preflight, Run, called, silent
from hostcheck.model.vm import Vm, VmVgpu
from hostcheck.parsers import vim_cpu_features
from hostcheck.recording import Recording
from hostcheck.runs import run_of
from hostcheck.sources import asking, walls
from hostcheck.sources.base import Source
from hostcheck.sources.several import in_words
from hostcheck.sources.walls import host_of, nothing_of
from hostcheck.verdict import report_of

T = TypeVar("T")

MIB = 1024 * 1024
GIVEN_ID = "given"
"""Stands for the managed object id of a VM that does not exist yet."""
ORDER = (Answer.GO, Answer.UNSURE, Answer.NO_GO)
VGPU_FAMILIES = ("GFX", "PCI", "ECC", "DRV", in_vgpu_mode.id)
"""Families and checks of GPUs that concern vGPUs only, not whole devices."""
RUNS = "poweredOn"
SHOWN_CAUSES = 3


def preflight(
    source: Source,
    vm_name: str,
    *,
    hosts: Iterable[str] = (),
    workers: Workers = Workers(1),  # noqa: B008  it is immutable
    opinion: bool = True,
    keep: Callable[[Recording], object] = lambda _: None,
    done: Callable[[str], None],
) -> Run:
    """Judge one VM on its own host and on every other host of its cluster, or on those named.

    With `opinion` vCenter is asked as well; `keep` is given the answers of each candidate. Raises
    UsageError when no VM or more than one goes by that name, or it has no GPU.
    """
    patterns = tuple(hosts)
    found = source.vms_called(vm_name)
    unheard = silent(source.about.targets)
    if not found and unheard:
        words = in_words({one.name: one.failure for one in unheard})
        raise UsageError(f"no VM is called {vm_name!r} where that could be asked; {words}")
    lost = [one.name for one in source.machines() if not one.id]
    if not found and lost:
        raise UsageError(f"no VM is called {vm_name!r}, but {', '.join(lost)} cannot be read")
    home, vm_id = one_vm(found, vm_name)
    chosen = [one for one in source.machines() if _is_candidate(one, home, patterns)]
    if not chosen:
        raise UsageError(f"no host matches {', '.join(patterns)}")
    others = [one for one in chosen if one != home]
    first = walls.one(source, home)
    done(home.name)
    first = walls.ask(source.asker(home.vcenter), first, [vim_cpu_features.of_vm(vm_id)])
    _refuse_template(first, vm_id, vm_name)
    besides = _Asking(source, first, vm_id, opinion=opinion)
    besides.begin(chosen)
    collected = [first] if len(others) < len(chosen) else []
    collected += app.recordings(source, others, workers=workers, done=done)
    own = host_of(first)

    def candidates() -> Iterator[Host]:
        for recorded in besides.all(collected):
            keep(recorded)
            yield (
                host_of(recorded)
                if recorded.ref.key == home.key
                else _beside(host_of(asking.with_vm(recorded, vm_id, first)), vm_id, own)
            )

    run = _unless_another(_judged(source, vm_id, vm_name, candidates()))
    return _of_a_running_vm(run, own, vm_id)


def _of_a_running_vm(run: Run, own: Host, vm_id: str) -> Run:
    """Say of a VM that runs that it does: what is judged then is a restart."""
    runs = any(
        vm.id == vm_id and isinstance(vm.power_state, Known) and vm.power_state.value == RUNS
        for vm in _vms(own)
    )
    asked = run.preflight
    if not runs or asked is None:
        return run
    told = f"it runs on {own.name}, and a restart was judged: {asked.summary}"
    judged = msgspec.structs.replace(asked, runs_on=own.name, summary=told)
    return msgspec.structs.replace(run, preflight=judged)


def _unless_another(run: Run) -> Run:
    """Take a GO back where a vCenter was silent that may have another VM of that name."""
    unheard = ", ".join(one.name for one in silent(run.targets))
    asked = run.preflight
    if not unheard or asked is None or asked.verdict is not Answer.GO:
        return run
    told = f"{asked.summary}; but {unheard} could not be asked and may have another {asked.vm}"
    doubted = msgspec.structs.replace(asked, verdict=Answer.UNSURE, summary=told)
    return msgspec.structs.replace(run, preflight=doubted)


def _judged(source: Source, vm_id: str, vm_name: str, hosts: Iterable[Host]) -> Run:
    """Judge a VM on hosts that come one by one; what only the reports need of them is packed."""
    candidates: list[Candidate] = []

    def reports() -> Iterator[HostReport]:
        for host in hosts:
            candidate, report = _judged_on(vm_id, vm_name, host)
            candidates.append(candidate)
            yield msgspec.structs.replace(report, verdict=candidate.verdict)

    packed = runfile.packed(reports())
    if not candidates:
        raise UsageError("no host was found")
    ranked = _ranked(vm_name, candidates)
    return run_of(source.about.target, packed, preflight=ranked, targets=source.about.targets)


def _judged_on(vm_id: str, vm_name: str, host: Host) -> tuple[Candidate, HostReport]:
    """Judge a VM on one host. What goes wrong leaves the host, of which nothing is known then."""
    try:
        report = _with_opinion(vm_id, vm_name, report_of(host))
        return _candidate(vm_id, vm_name, report), report
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        report = report_of(nothing_of(host.ref, error))
        return Candidate(1, host.name, Answer.UNSURE, crash(error), (), (), host.target), report


def _refuse_template(home: Recording, vm_id: str, vm_name: str) -> None:
    vm = second_opinion.vm_of(home, vm_id)
    if vm is not None and vm.template is True:
        raise UsageError(
            f"{vm_name} is a template, which cannot be powered on: deploy a VM from it and name "
            "that, or give --profile or --spec"
        )


class _Asking:
    """What is asked of candidates besides: what they offer, and what vCenter thinks of a start."""

    def __init__(self, source: Source, home: Recording, vm_id: str, *, opinion: bool) -> None:
        self._source = source
        self._asker = source.asker(home.ref.vcenter)
        self._home = home
        self._vm_id = vm_id
        self._vm = second_opinion.vm_of(home, vm_id)
        runs = self._vm is not None and self._vm.power_state == RUNS
        self._opinion = opinion and self._vm is not None and not runs

    def begin(self, chosen: list[HostRef]) -> None:
        """Start vCenter's check, which then runs while the other hosts are collected."""
        ahead = {one.key: one for target in chosen for one in self._opinions(target)}
        self._asker = self._source.asker(self._home.ref.vcenter, ahead.values())

    def all(self, collected: list[Recording]) -> Iterator[Recording]:
        """Yield the machines with the answers; vCenter's check is waited for last."""
        offers = [walls.ask(self._asker, one, self._offers(one)) for one in collected]
        for recorded in offers:
            yield walls.ask(self._asker, recorded, self._opinions(recorded.ref))

    def _opinions(self, one: HostRef) -> list[Request]:
        if not self._opinion or self._vm is None:
            return []
        return [second_opinion.power_on(one, self._home, self._vm)]

    def _offers(self, recorded: Recording) -> list[Request]:
        features = vim_cpu_features.of_host(recorded.ref.id)
        questions = [second_opinion.offered(recorded), features]
        vm = self._vm
        if vm is not None and not isinstance(vm.devices, Unknown) and len(vm.devices.vgpus) > 1:
            questions.append(second_opinion.limit(recorded, vm.hardware_version))
        return questions


class VmSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A VM that does not exist yet. `memory_mb` is all reserved unless `reserved_mb` says less.

    `overhead_mb` is what ESXi needs beside that; a like VM tells it (config.initialOverhead). Its
    latency sensitivity is normal or high; no CPU is reserved unless `cpu_reserved_mhz` says so.
    `mmio_gib` is its 64-bit MMIO space: enough for any one GPU unless it says less; 0 is off.
    """

    profile: str
    count: int = 1
    vcpus: int = 1
    memory_mb: int = 4096
    reserved_mb: int = -1
    firmware: str = "efi"
    hardware_version: int = 20
    overhead_mb: int = 0
    cpu_reserved_mhz: int = 0
    latency: str = "normal"
    mmio_gib: int = 1024
    name: str = "VM to be"

    def told(self) -> dict[str, str]:
        """Return what vCenter needs to know of it, as words."""
        ours = ("name", "mmio_gib")
        return {one: str(getattr(self, one)) for one in self.__struct_fields__ if one not in ours}

    def _options(self) -> dict[str, str]:
        if not self.mmio_gib:
            return {}
        size = str(self.mmio_gib)
        return {"pciPassthru.use64bitMMIO": "TRUE", "pciPassthru.64bitMMIOSizeGB": size}

    def vm(self, source: int) -> Vm:
        """Return the VM, its facts told by the given source."""

        def known(value: T) -> Known[T]:
            return Known(value, (source,))

        unasked = Unknown(Why.NOT_ASKED, "the VM does not exist yet", "the given VM")
        reserved = self.memory_mb if self.reserved_mb < 0 else self.reserved_mb
        return Vm(
            name=self.name,
            id=GIVEN_ID,
            host_id=known(GIVEN_ID),
            power_state=known("poweredOff"),
            hardware_version=known(self.hardware_version),
            firmware=known(self.firmware),
            vcpu_count=known(self.vcpus),
            cores_per_socket=unasked,
            memory_bytes=known(self.memory_mb * MIB),
            memory_reserved_bytes=known(reserved * MIB),
            memory_locked_to_max=known(self.reserved_mb < 0),
            memory_overhead_bytes=known(self.overhead_mb * MIB),
            pools=known(()),
            cpu_hot_add=known(False),
            memory_hot_add=known(False),
            vnuma_with_hot_add=unasked,
            viommu=known(False),
            vbs=known(False),
            sev=known(False),
            sev_snp=known(False),
            tdx=known(False),
            latency_sensitivity=known(self.latency),
            cores_per_numa_node=unasked,
            options=known(self._options()),
            devices=known(self.count),
            vgpus=tuple(
                VmVgpu(f"PCI device {index}", known(self.profile)) for index in range(self.count)
            ),
            passthroughs=(),
            device_groups=known(()),
            nics=(),
            gpu_addresses=unasked,
            cpu_reserved_mhz=known(self.cpu_reserved_mhz),
            threads_per_core=known(1),
            connection_state=known("connected"),
            datastores=known(()),
            networks=known(()),
            rules=known(()),
            cpu_features=known({}),
        )


def read_spec(path: Path) -> VmSpec:
    """Read a VM to be from a TOML file. Raises UsageError that names the file and the field."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), VmSpec)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"{path}: not a VM ({error}); fields are {_fields()}") from None


def _fields() -> str:
    return ", ".join(VmSpec.__struct_fields__)


def what_if(
    source: Source,
    spec: VmSpec,
    *,
    workers: Workers = Workers(1),  # noqa: B008  it is immutable
    opinion: bool = True,
    keep: Callable[[Recording], object] = lambda _: None,
    done: Callable[[str], None],
) -> Run:
    """Judge a VM that does not exist yet on every host of the source.

    With `opinion` vCenter is asked as well, once for each cluster that it places VMs in.
    """

    def candidates() -> Iterator[Host]:
        for recorded in app.recordings(source, source.machines(), workers=workers, done=done):
            questions = []
            if spec.count > 1:
                questions.append(second_opinion.limit(recorded, spec.hardware_version))
            if opinion:
                questions.append(second_opinion.vm_config(recorded, GIVEN_ID, spec.told()))
            asked = walls.ask(source.asker(recorded.ref.vcenter), recorded, questions)
            keep(asked)
            yield _hosting(host_of(asked), spec)

    return _judged(source, GIVEN_ID, spec.name, candidates())


def _hosting(host: Host, spec: VmSpec) -> Host:
    """Return the host with the VM to be on it, where its VMs are known at all."""
    if isinstance(host.vms, Unknown):
        return host
    told = capture.Source(Wire.GIVEN, f"{spec.count} x {spec.profile}", GIVEN_ID, "")
    vm = spec.vm(len(host.sources))
    vms = Known((*host.vms.value, vm), host.vms.sources)
    return msgspec.structs.replace(host, sources=(*host.sources, told), vms=vms)


def _beside(host: Host, vm_id: str, own: Host) -> Host:
    """Return a candidate whose checks know what the VM has on its own host."""
    try:
        return _knowing(host, vm_id, own)
    except Exception as error:  # noqa: BLE001  one sick host, not the run
        return nothing_of(host.ref, error)


def _knowing(host: Host, vm_id: str, own: Host) -> Host:
    there = [vm for vm in _vms(own) if vm.id == vm_id]
    if isinstance(host.vms, Unknown) or not there:
        return host
    read = next((one.taken_at for one in own.sources if one.taken_at), "")
    told = capture.Source(Wire.GIVEN, f"answers of the VM's own host {own.name}", own.id, read)
    home = home_of(Placement(there[0], own), catalog.requirements(), len(host.sources))
    vms = tuple(
        msgspec.structs.replace(vm, home=home) if vm.id == vm_id else vm for vm in host.vms.value
    )
    known = Known(vms, host.vms.sources)
    return msgspec.structs.replace(host, sources=(*host.sources, told), vms=known)


def _vms(host: Host) -> tuple[Vm, ...]:
    return () if isinstance(host.vms, Unknown) else host.vms.value


def _is_candidate(ref: HostRef, home: HostRef, patterns: tuple[str, ...]) -> bool:
    if not ref.id:  # a recording that cannot be read: of which cluster is not known
        return matches(ref.name, patterns)
    if ref.vcenter != home.vcenter:
        return False
    if patterns:
        return matches(ref.name, patterns)
    if ref == home:
        return True
    return bool(home.cluster_id) and ref.cluster_id == home.cluster_id


def _ranked(vm_name: str, judged: list[Candidate]) -> Preflight:
    """Rank the candidates: by verdict, then by what it takes, the VM's own host first of equals.

    A host without a GPU of the VM's kind comes last of its verdict: nothing done there helps.
    """
    judged.sort(
        key=lambda one: (
            ORDER.index(one.verdict), _other_kind(one), _flaws(one), one.rank, one.host,
            one.target,
        )
    )  # fmt: skip
    candidates = tuple(
        msgspec.structs.replace(one, rank=rank) for rank, one in enumerate(judged, start=1)
    )
    best = candidates[0]
    several = len({one.target for one in candidates}) > 1
    where = called(best.host, best.target) if several else best.host
    return Preflight(vm_name, best.verdict, f"{where}: {best.summary}", candidates)


def _other_kind(candidate: Candidate) -> bool:
    return any(
        one.check == KIND_OF_GPU and one.status is not Status.PASS for one in candidate.results
    )


def _with_opinion(vm_id: str, vm_name: str, report: HostReport) -> HostReport:
    """Return the report with our verdict set against vCenter's opinion, where there is one."""
    subjects = every_opinion(report.host)
    if isinstance(subjects, Unknown):
        return report
    ours = tuple(one for one in report.results if one.check != vcenter_agrees_to_start.id)
    unheard = msgspec.structs.replace(report, results=ours)
    answer = _candidate(vm_id, vm_name, unheard).verdict
    judged = [
        vcenter_and_verdict_agree.judge(about, Compared(answer, one.said), catalog.requirements())
        for about, one in subjects
        if one.vm_id == vm_id
    ]
    if not judged:
        return report
    kept = [one for one in report.results if one.check != vcenter_and_verdict_agree.id]
    results = tuple(sorted((*kept, *judged), key=lambda one: one.check))
    return msgspec.structs.replace(report, results=results)


def _flaws(candidate: Candidate) -> tuple[int, int]:
    """Count what fails, then what is not known; what is only worth knowing counts as little."""
    failed = [
        one
        for one in candidate.results
        if one.status is Status.FAIL and one.severity is not Severity.INFORMATIONAL
    ]
    return len(failed), sum(one.status is not Status.PASS for one in candidate.results)


def _candidate(vm_id: str, vm_name: str, report: HostReport) -> Candidate:
    vm = _vm_of(report, vm_id)
    if isinstance(vm, Unknown):
        summary = f"what VMs it has is not known: {vm.detail}"
        return Candidate(1, report.host.name, Answer.UNSURE, summary, (), (), report.host.target)
    if not vm.vgpus and not vm.passthroughs and not isinstance(vm.devices, Unknown):
        raise UsageError(f"VM {vm_name} has no vGPU and no passthrough device: nothing to judge")
    about_host = [one for one in report.results if one.subject.kind == "host"]
    about_vm = [
        one for one in report.results if one.subject.kind == "vm" and one.subject.id == vm_id
    ]
    gpus = serving(Placement(vm, report.host), catalog.requirements())
    about_gpus, usable = _gpu_results(vm, gpus, report)
    results = tuple(
        one
        for one in (*about_host, *about_vm, *about_gpus)
        if one.status is not Status.NOT_APPLICABLE
    )
    required = list(deciding(results, (one.manual for one in all_checks())))
    verdict = verdict_of([one.status for one in required])
    at_home = isinstance(vm.host_id, Known) and vm.host_id.value == report.host.id
    rank = 0 if at_home else 1
    summary = _summary(verdict, required, results, usable) + _unasked(verdict, about_gpus)
    about = report.host
    return Candidate(rank, about.name, verdict, summary, usable, results, about.target)


def _unasked(verdict: Answer, about_gpus: list[Result]) -> str:
    """Say beside a GO that only vSphere was asked: a GPU that its driver gave up looks well there.

    That is no doubt, for it is so of every host without a shell; it is told.
    """
    alone = any(
        one.check == seen_by_its_driver.id and one.observed == UNASKED for one in about_gpus
    )
    return "; by vSphere alone: nvidia-smi was not asked" if alone and verdict is Answer.GO else ""


def _vm_of(report: HostReport, vm_id: str) -> Vm | Unknown:
    if isinstance(report.host.vms, Unknown):
        return report.host.vms
    for vm in report.host.vms.value:
        if vm.id == vm_id:
            return vm
    raise UsageError(f"VM {vm_id} has no vGPU and no passthrough device: nothing to judge")


def _gpu_results(
    vm: Vm, gpus: tuple[PhysicalGpu, ...] | Unknown, report: HostReport
) -> tuple[list[Result], tuple[str, ...]]:
    """Return the results of the best GPUs that could serve the VM, and their addresses.

    Which GPUs could serve it is itself judged, by VGPU-001.
    """
    if isinstance(gpus, Unknown):
        return [], ()
    by_gpu: dict[str, list[Result]] = {gpu.address: [] for gpu in gpus}
    for result in report.results:
        about_one = result.subject.kind == "gpu" and result.subject.id in by_gpu
        if about_one and (vm.vgpus or not result.check.startswith(VGPU_FAMILIES)):
            by_gpu[result.subject.id].append(result)
    answers = {
        address: verdict_of([one.status for one in results if decides(one)] or [Status.PASS])
        for address, results in by_gpu.items()
    }
    full = _full(vm, gpus, report)
    for answer in ORDER:
        best = tuple(address for address in by_gpu if answers[address] is answer)
        best = tuple(address for address in best if address not in full) or best
        if best:
            usable = best if answer is not Answer.NO_GO else ()
            return [one for address in best for one in by_gpu[address]], usable
    return [], ()


def _full(vm: Vm, gpus: tuple[PhysicalGpu, ...], report: HostReport) -> set[str]:
    """Return the GPUs that surely have no room for the vGPUs of a VM that is to start."""
    placed = Placement(vm, report.host)

    def find(known: Asked) -> set[str]:
        if not vm.vgpus or runs_here(placed, known):
            return set()
        wanted, needs = profiles_of(vm, known), catalog.requirements()
        rooms = {gpu.address: has_room(gpu, report.host, wanted, needs) for gpu in gpus}
        return {
            where for where, room in rooms.items() if isinstance(room, Known) and not room.value
        }

    found = attempt(find)
    return set() if isinstance(found, Unknown) else found


def _summary(
    verdict: Answer, required: list[Result], results: tuple[Result, ...], usable: tuple[str, ...]
) -> str:
    """Say the reason that decides, in one sentence: of fails, those that explain the others."""
    if verdict is Answer.GO:
        passed = sum(one.status is Status.PASS for one in required)
        on = f", on GPU {', '.join(usable)}" if usable else ""
        return f"all {passed} required checks pass{on}"
    causes: dict[str, list[str]] = {}
    for one in _deciding(verdict, required, results):
        causes.setdefault(_reason(one), []).append(one.check)
    reasons = [f"{', '.join(dict.fromkeys(checks))} {words}" for words, checks in causes.items()]
    told = "; ".join(reasons[:SHOWN_CAUSES]) or "nothing was judged"
    more = len(reasons) - SHOWN_CAUSES
    return f"{told}; and {more} more" if more > 0 else told


def _deciding(
    verdict: Answer, required: list[Result], results: tuple[Result, ...]
) -> Iterable[Result]:
    if verdict is not Answer.NO_GO:
        return [one for one in required if one.status in (Status.UNKNOWN, Status.ERROR)]
    fails = [one for one in required if one.status is Status.FAIL]
    return root_causes(fails, results, (check.manual for check in all_checks()))


def _reason(result: Result) -> str:
    if result.unseen is not None:
        return f"{result.subject.name} is not known: {result.unseen.detail}"
    words = result.note or result.trace or f"expected {result.expected}"
    about = "" if result.subject.kind == "host" else f"{result.subject.name}: "
    return f"{about}{result.observed} ({words})"
