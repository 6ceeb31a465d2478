"""Round every host and every vCenter stands a wall: whatever goes wrong there stays there.

Every function that is called while a host is asked, joined and judged is made to crash on that host
alone. The report appears, the host is in it, what is lost is unknown and no verdict gets better,
and the host beside it is told as ever.
"""

import functools
import importlib
import json
import os
import pkgutil
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from hostcheck import app, capacity, catalog, exits, preflight
from hostcheck import fleet as fleet_
from hostcheck.capacity import count
from hostcheck.checks import engine
from hostcheck.errors import UsageError
from hostcheck.model.capture import Capture
from hostcheck.model.fact import Unknown
from hostcheck.model.result import Answer, Status
from hostcheck.model.run import HostReport, Run
from hostcheck.preflight import judge, look
from hostcheck.reports.run import line
from hostcheck.sources import walls
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.syntax import vim
from hostcheck.syntax.opened import opened
from hostcheck.verdict import report_of
from tests.remembering import opening_by, remembered
from tests.torture.law import MAY_BECOME

FIXTURES = Path(__file__).parents[1] / "fixtures"
GOOD, SICK, LIKE_IT, BAD = (
    "2n-1xL40S-amd-nps1-esxi802", "2n-2xA100-80-esxi803", "4n-2xA100-80-esxi803-snc2",
    "2n-2xA40-gpu-lost-esxi803",
)  # fmt: skip
NAMES = {
    GOOD: "esx-04.lab.test", SICK: "esx-01.lab.test", LIKE_IT: "esx-02.lab.test",
    BAD: "esx-12.lab.test",
}  # fmt: skip
VM = "infer-01"
"""Is at home on the one and would fit on what is like it."""
EXITS = {0: {0, 3}, 1: {1, 3}, 3: {3}}


class CrashError(Exception):
    """What nobody foresaw."""


class Trap:
    """Makes one function crash while the sick host is worked on."""

    def __init__(self) -> None:
        self.name = ""
        self._by_thread = threading.local()
        self.sprung = 0
        self.crashing: CodeType | None = None
        self._remembered = remembered()
        self._reads: dict[Any, set[CodeType]] = {}
        self._note: set[CodeType] | None = None

    @property
    def armed(self) -> bool:
        """Whether this thread works on the sick host: candidates are asked side by side."""
        return getattr(self._by_thread, "armed", False)

    @armed.setter
    def armed(self, armed: bool) -> None:
        self._by_thread.armed = armed

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        before, self.armed = self.armed, name == self.name
        try:
            yield
        finally:
            self.armed = before

    @contextmanager
    def watched_calls(self) -> Iterator[set[CodeType]]:
        """Collect what is called while the sick host is worked on."""
        called: set[CodeType] = set()
        self._note = called

        def note(frame: FrameType, event: str, _given: object) -> None:
            if self.armed and event == "call" and self._note is not None:
                self._note.add(frame.f_code)

        threading.setprofile(note)
        sys.setprofile(note)
        try:
            yield called
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]  it is how it is taken away
            self._note = None

    def opened(self, capture: Capture, parse: Callable[[str], Any]) -> Any:
        """Open an answer. It is remembered, unless what crashes now has a part in reading it."""
        if self._note is not None and self.armed:
            return self._watched_reading(capture, parse)
        if self.armed and self.crashing in self._reads.get(parse, {self.crashing}):
            return opened(capture, parse)
        return self._remembered(capture, parse)

    def _watched_reading(self, capture: Capture, parse: Callable[[str], Any]) -> Any:
        called, self._note = self._note, self._reads.setdefault(parse, set())
        vim._repeats.cache_clear()  # nor does another answer have a part in reading this one
        vim.remembered.cache_clear()
        try:
            return opened(capture, parse)
        finally:
            if called is not None:
                called |= self._note
            self._note = called

    def watching(self, work: Callable[..., Any], name_of: Callable[..., str]) -> Callable[..., Any]:
        @functools.wraps(work)
        def watched(*given: Any, **named: Any) -> Any:
            with self.on(name_of(*given)):
                return work(*given, **named)

        return watched

    def in_place_of(self, work: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(work)
        def trapped(*given: Any, **named: Any) -> Any:
            if self.armed:
                self.sprung += 1
                raise CrashError(work.__name__)
            return work(*given, **named)

        return trapped


@pytest.fixture
def trap(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trap]:
    made = Trap()
    watch = made.watching
    source = RecordedSource
    collect = watch(source.collect, lambda _self, target: target.name)
    monkeypatch.setattr(source, "collect", collect)
    here = sys.modules[__name__]
    for module in (app, walls, look, here):
        monkeypatch.setattr(module, "host_of", watch(host_of, lambda one: one.ref.name))
    for module in (app, judge):
        monkeypatch.setattr(module, "report_of", watch(report_of, lambda host, *_: host.name))
    monkeypatch.setattr(walls, "ask", watch(walls.ask, lambda _source, one, _asked: one.ref.name))
    monkeypatch.setattr(
        look, "judged_on", watch(look.judged_on, lambda _id, _name, host, *_: host.name)
    )
    monkeypatch.setattr(look, "beside", watch(look.beside, lambda host, *_: host.name))
    monkeypatch.setattr(count, "look_at", watch(count.look_at, lambda host, _needs: host.name))
    with opening_by(made.opened):
        yield made


def modules(*packages: str) -> list[ModuleType]:
    found = []
    for name in packages:
        package = importlib.import_module(f"hostcheck.{name}")
        found.append(package)
        found += [
            importlib.import_module(f"{package.__name__}.{module.name}")
            for module in pkgutil.iter_modules(getattr(package, "__path__", ()))
        ]
    return found


def functions(*packages: str) -> list[tuple[Any, str]]:
    """Return every function and method of packages, with the module or class that has it."""
    found: list[tuple[Any, str]] = []
    for module in modules(*packages):
        for name, value in vars(module).items():
            if getattr(value, "__module__", "") != module.__name__:
                continue
            if isinstance(value, FunctionType):
                found.append((module, name))
            elif isinstance(value, type):
                methods = (key for key, one in vars(value).items() if isinstance(one, FunctionType))
                found += [(value, key) for key in methods if not key.startswith("__")]
    return found


def everywhere(value: Any) -> Iterator[tuple[ModuleType, str]]:
    """Yield the modules that call a function by a name of their own."""
    for module in [one for key, one in sys.modules.items() if key.startswith("hostcheck")]:
        for name, other in tuple(vars(module).items()):
            if other is value:
                yield module, name


def spring(trap: Trap, patch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    value = vars(owner)[name]
    trap.crashing = value.__code__
    crashing = trap.in_place_of(value)
    if isinstance(owner, type):
        patch.setattr(owner, name, crashing)
        return
    for module, called in everywhere(value):
        patch.setattr(module, called, crashing)


def fleet(folder: Path, *names: str) -> Path:
    for name in names:
        shutil.copytree(FIXTURES / name, folder / name)
    return folder


def audited(folder: Path) -> Run:
    source = RecordedSource(folder)
    with app.start_journal(source, None, resume=False) as journal:
        run = app.audit(source, journal, done=lambda _: None)
        return replace(run, hosts=tuple(run.hosts))


def told(run: Run, name: str) -> HostReport:
    (report,) = (one for one in run.hosts if one.host.name == name)
    return report


def worse_or_same(before: HostReport, after: HostReport) -> list[str]:
    was = {(one.check, one.subject.kind, one.subject.id): one.status for one in before.results}
    fine = (Status.UNKNOWN, Status.ERROR)
    hears = "SRC-001"  # only the sources that were asked, and a host that crashed asked none
    found = [
        f"{one.check} {one.subject.name}: {old.value} became {one.status.value}"
        for one in after.results
        if (old := was.get((one.check, one.subject.kind, one.subject.id)))
        and one.status not in (old, *fine)
        and (one.check, one.status) != (hears, Status.NOT_APPLICABLE)
    ]
    if after.verdict not in MAY_BECOME[before.verdict]:
        found.append(f"host: {before.verdict.value} became {after.verdict.value}")
    return found


IN_THE_WAY = functions(
    "parsers", "assemble", "ways.vsphere.order", "ways.vsphere.second_opinion", "ways.shell.order"
)
PREFLIGHT = [one for one in functions("preflight") if one[1] != "ranked"]
CAPACITY = functions("capacity", "checks.modes", "checks.running")


class Reached:
    """Runs with one function after the other crashing on the sick host."""

    def __init__(self, trap: Trap, sick: str, run: Callable[[], Any]) -> None:
        self.trap, self.run = trap, run
        self.names: set[str] = set()
        trap.name = NAMES[sick]
        vim._repeats.cache_clear()
        vim.remembered.cache_clear()
        with trap.watched_calls() as called:
            self.before = run()
        self.called = called

    def crashing(self, crashes: list[tuple[Any, str]]) -> Iterator[tuple[str, Any]]:
        """Yield the run that each of those gives that are called for the sick host."""
        for owner, name in crashes:
            if vars(owner)[name].__code__ not in self.called:
                continue
            vim._repeats.cache_clear()  # what is made of equal answers is remembered
            vim.remembered.cache_clear()
            with pytest.MonkeyPatch.context() as patch:
                spring(self.trap, patch, owner, name)
                yield from self._once(f"{owner.__name__}.{name}")

    def crashing_checks(self) -> Iterator[tuple[str, Any]]:
        """Do the same with each check, and with each function that lists what checks judge."""
        checks = engine.all_checks()
        self.trap.crashing = None
        for each in {one.each for one in checks}:
            trapped = replace(each, of=self.trap.in_place_of(each.of))
            crash = [replace(one, each=trapped) if one.each is each else one for one in checks]
            yield from self._with(tuple(crash), each.of.__name__)
        for check in checks:
            crashing = replace(check, function=self.trap.in_place_of(check.function))
            crash = [crashing if one is check else one for one in checks]
            yield from self._with(tuple(crash), check.id)

    def _with(self, checks: tuple[Any, ...], what: str) -> Iterator[tuple[str, Any]]:
        with pytest.MonkeyPatch.context() as patch:
            for module, called in everywhere(engine.all_checks):
                patch.setattr(module, called, lambda: checks)
            yield from self._once(what)

    def _once(self, what: str) -> Iterator[tuple[str, Any]]:
        self.trap.sprung = 0
        after = self.run()
        if self.trap.sprung:
            self.names.add(what)
            yield what, after


def same_but_for(before: Run, after: Run, sick: str, what: str) -> None:
    """The sick host is there and told no better; the others are told as ever."""
    assert after.unasked == (), what
    assert [one.host.name for one in after.hosts] == [one.host.name for one in before.hosts], what
    for was, now in zip(before.hosts, after.hosts, strict=True):
        if was.host.name == NAMES[sick]:
            assert worse_or_same(was, now) == [], what
        else:
            assert now == was, what
    ends = exits.exit_code(before)
    assert exits.exit_code(after) in EXITS[ends], what
    assert f'host="{NAMES[sick]}"' in line.render(after), what


def test_a_crash_in_a_parser_or_in_what_joins_answers_stays_with_its_host(
    trap: Trap, tmp_path: Path
) -> None:
    sick = BAD
    folder = fleet(tmp_path, sick, GOOD)
    reached = Reached(trap, sick, lambda: audited(folder))
    for what, after in reached.crashing(IN_THE_WAY):
        same_but_for(reached.before, after, sick, what)
    assert len(reached.names) > 120
    assert reached.names >= {
        "hostcheck.parsers.vim_host_system.parse",
        "hostcheck.parsers.vim_virtual_machine.parse_neighbour",
        "hostcheck.parsers.nvidia_smi_q_x.parse",
        "hostcheck.parsers.esxcli_hardware_pci_list.parse",
        "hostcheck.assemble.gpus.gpus_of",
    }


def test_a_crash_in_a_check_stays_with_its_host(trap: Trap, tmp_path: Path) -> None:
    sick = BAD
    folder = fleet(tmp_path, sick, GOOD)
    reached = Reached(trap, sick, lambda: audited(folder))
    for what, after in reached.crashing_checks():
        same_but_for(reached.before, after, sick, what)
        blind = (Status.ERROR, Status.UNKNOWN)
        assert [one for one in told(after, NAMES[sick]).results if one.status in blind], what
    assert len(reached.names) > 60


def preflighted(folder: Path) -> Run:
    run = preflight.preflight(RecordedSource(folder), VM, done=lambda _: None)
    return replace(run, hosts=tuple(run.hosts))


@pytest.mark.parametrize("sick", [SICK, LIKE_IT])
def test_a_crash_at_a_candidate_stays_there(trap: Trap, tmp_path: Path, sick: str) -> None:
    """The crash is on the VM's own host, or on the other one, of which less is played."""
    folder = fleet(tmp_path, SICK, LIKE_IT)
    reached = Reached(trap, sick, lambda: preflighted(folder))
    was = reached.before.preflight
    joined = IN_THE_WAY if sick is SICK else []
    for crashes in (reached.crashing(joined + PREFLIGHT), reached.crashing_checks()):
        for what, after in crashes:
            now = after.preflight
            assert {one.host for one in now.candidates} == {one.host for one in was.candidates}
            assert now.verdict in MAY_BECOME[was.verdict], what
            before = {one.host: one for one in was.candidates}
            for one in now.candidates:
                assert one.verdict in MAY_BECOME[before[one.host].verdict], what
            if sick is LIKE_IT:
                assert told(after, NAMES[SICK]) == told(reached.before, NAMES[SICK]), what
            assert now.vm in line.render(after)
    assert len(reached.names) > (180 if sick is SICK else 70)


def test_a_crash_while_room_is_counted_stays_with_its_host(trap: Trap, tmp_path: Path) -> None:
    folder = fleet(tmp_path, SICK, GOOD)

    def counted() -> Any:
        source = RecordedSource(folder)
        hosts = map(host_of, app.recordings(source, source.machines(), done=lambda _: None))
        return capacity.capacity(hosts, catalog.requirements())

    def rooms(seen: Any) -> dict[str, Any]:
        return {one.name: one.gpus for cluster in seen.clusters for one in cluster.hosts}

    reached = Reached(trap, SICK, counted)
    was = rooms(reached.before)
    for what, after in reached.crashing(CAPACITY):
        now = rooms(after)
        assert now[NAMES[GOOD]] == was[NAMES[GOOD]], what
        assert isinstance(now[NAMES[SICK]], Unknown), what
    assert len(reached.names) > 10


# --- what is sick in other ways -------------------------------------------------------------------


def audit(folder: Path) -> tuple[Run, int]:
    run = audited(folder)
    return run, exits.exit_code(run)


def vm_answer(folder: Path) -> Path:
    return min((folder / "api").glob("VirtualMachine-*.xml"))


def other_id(folder: Path) -> None:
    """Put the answer of another host in the place of this one's."""
    path = folder / "api" / "HostSystem.xml"
    path.write_text(path.read_text().replace(">host-1001<", ">host-4711<"))


def manifest(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        path = folder / "manifest.json"
        told = json.loads(path.read_text())
        change(told)
        path.write_text(json.dumps(told))

    return write


def first_file(name: str) -> Callable[[Path], None]:
    def change(told: dict[str, Any]) -> None:
        entry = next(one for one in told["answers"] if one["asked"] == "HostSystem")
        entry["file"] = name

    return manifest(change)


def itself(folder: Path) -> None:
    path = folder / "api" / "HostSystem.xml"
    path.unlink()
    path.symlink_to(path)


def huge(name: str) -> Callable[[Path], None]:
    def sparse(folder: Path) -> None:
        with (folder / name).open("wb") as file:
            file.truncate(4 << 30)

    return sparse


def pipe(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return make


def version_of_digits(folder: Path) -> None:
    path = vm_answer(folder)
    path.write_text(re.sub(r"vmx-\d+", "vmx-" + "9" * 5000, path.read_text()))


def number(digits: int) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        path = folder / "api" / "HostSystem.xml"
        grown = f"<name>hardware.memorySize</name><val>{'9' * digits}</val>"
        text = re.sub(
            r"<name>hardware.memorySize</name><val[^>]*>\d+</val>", grown, path.read_text()
        )
        path.write_text(text)

    return write


def without_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def manifest_link(to: str) -> Callable[[Path], None]:
    def link(folder: Path) -> None:
        without_manifest(folder)
        (folder / "manifest.json").symlink_to(to)

    return link


def in_capitals(folder: Path) -> None:
    (folder / "manifest.json").rename(folder / "MANIFEST.JSON")


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def one_deeper(folder: Path) -> None:
    aside = folder.with_name("aside.part")
    folder.rename(aside)
    folder.mkdir()
    aside.rename(folder / "inner")


def elsewhere(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.symlink_to("/nowhere/at/all")


DEEP = "{" + '"a":{' * 200_000
SICKNESSES: dict[str, Callable[[Path], object]] = {
    "a listing of nothing": lambda one: vm_answer(one).write_text("<listing></listing>"),
    "an empty answer": lambda one: vm_answer(one).write_text(""),
    "a host that is another": other_id,
    "a manifest that is none": lambda folder: (folder / "manifest.json").write_text("{"),
    "a manifest of another schema": manifest(lambda told: told.update(schema="x/9")),
    "no manifest": without_manifest,
    "a manifest that is a link to nothing": manifest_link("/nowhere/at/all"),
    "a manifest that is a link to itself": manifest_link("manifest.json"),
    "a manifest in capitals": in_capitals,
    "nothing is left": emptied,
    "a recording in a recording's place": one_deeper,
    "a link to a recording that is gone": elsewhere,
    "a deep manifest": lambda folder: (folder / "manifest.json").write_text(DEEP),
    "a huge manifest": huge("manifest.json"),
    "a huge answer": huge("api/HostSystem.xml"),
    "a pipe for a manifest": pipe("manifest.json"),
    "a pipe for an answer": pipe("api/HostSystem.xml"),
    "a file outside": first_file("../../../etc/hostname"),
    "a name with a NUL": first_file("api/\0"),
    "a link to itself": itself,
    "a hardware version of 5000 digits": version_of_digits,
    "a number beyond any file": number(30),
    "a number of 5000 digits": number(5000),
    "no VMs in the manifest": manifest(lambda told: told.update(vm_ids=[])),
}  # fmt: skip


NOT_REQUIRED = ("no VMs in the manifest", "a number beyond any file", "a number of 5000 digits")
"""The VMs are found all the same; no required check of an audit rests on the host's memory."""


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, int]:
    """What is told of the three before one of them is sick."""
    return audit(fleet(tmp_path_factory.mktemp("healthy"), SICK, LIKE_IT, BAD))


@pytest.mark.parametrize("name", SICKNESSES)
def test_a_sick_recording_hides_neither_itself_nor_the_hosts_behind_it(
    tmp_path: Path, name: str, healthy: tuple[Run, int]
) -> None:
    """The sick one stands between a host that is GO and one that is NO-GO."""
    folder = fleet(tmp_path, SICK, LIKE_IT, BAD)
    before, code = healthy
    assert code == 1
    SICKNESSES[name](folder / SICK)
    after, code = audit(folder)
    assert code == 1
    assert len(after.hosts) == 3
    for other in (LIKE_IT, BAD):
        assert told(after, NAMES[other]) == told(before, NAMES[other])
    shutil.rmtree(folder / BAD)
    alone, code = audit(folder)
    assert len(alone.hosts) == 2
    assert code == (0 if name in NOT_REQUIRED else 3)


def test_a_recording_that_cannot_be_read_at_all_is_a_host_of_unknowns(tmp_path: Path) -> None:
    folder = fleet(tmp_path, SICK, LIKE_IT)
    (folder / SICK / "manifest.json").write_text("{")
    run, code = audit(folder)
    report = told(run, SICK)
    assert (report.verdict, code) == (Answer.UNSURE, 3)
    assert isinstance(report.host.gpus, Unknown)
    assert "not a manifest of a recording" in report.host.gpus.detail
    with pytest.raises(UsageError, match="not a manifest"):
        RecordedSource(folder / SICK)
    with pytest.raises(UsageError, match=f"but {SICK} cannot be read"):
        preflighted(folder)
    shutil.rmtree(folder / LIKE_IT)
    with pytest.raises(UsageError, match="not a manifest"):
        RecordedSource(folder)


def test_a_folder_that_was_no_recording_is_no_host(tmp_path: Path) -> None:
    folder = fleet(tmp_path, SICK, LIKE_IT)
    (folder / "reports").mkdir()
    (folder / "reports" / "run.json").write_text("{}")
    (folder / "notes.txt").write_text("esx-01 was rebooted")
    assert len(RecordedSource(folder).machines()) == 2


def test_a_recording_that_cannot_be_read_may_be_of_a_candidate(tmp_path: Path) -> None:
    folder = fleet(tmp_path, SICK, LIKE_IT)
    (folder / LIKE_IT / "manifest.json").write_text("{")
    candidates = preflighted(folder).preflight.candidates
    assert [(one.host, one.verdict) for one in candidates] == [
        (NAMES[SICK], Answer.GO), (LIKE_IT, Answer.UNSURE),
    ]  # fmt: skip


def test_hosts_that_a_run_lost_sight_of_are_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged and unasked hosts together are those that were found, whoever forgets one."""
    folder = fleet(tmp_path, SICK, LIKE_IT)
    real = app.fleet.each
    monkeypatch.setattr(
        app.fleet, "each", lambda items, work, **how: list(real(items, work, **how))[:1]
    )
    run, code = audit(folder)
    assert (len(run.hosts), run.unasked, code) == (1, (NAMES[LIKE_IT],), 3)
    assert "lost sight" in line.render(run)
    source = RecordedSource(folder)
    found = app.recordings(source, source.machines(), done=lambda _: None)
    assert [one.ref.name for one in found] == [NAMES[SICK], NAMES[LIKE_IT]]


def test_a_work_that_ends_like_an_iterator_ends_nothing() -> None:
    def work(item: int) -> int:
        return next(iter(())) if item == 2 else item

    done = fleet_.each([1, 2, 3], work, workers=fleet_.Workers(1))
    assert next(done) == 1
    with pytest.raises(RuntimeError):
        next(done)
