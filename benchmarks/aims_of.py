"""The aims, part by part: each measures what belongs together, and yields a figure for each aim."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import fleets, preflight, replay, saved, ssh, start, vsphere
from benchmarks.measure import cost
from benchmarks.stages import ROOT, recorded
from hostcheck.fleet import cores
from tests.peers import live

VERDICTS = (0, 1, 3)
TRIAL = 100
"""With fewer hosts the script is tried, and not the program."""
OURS, THEIRS = "this build", "the old build"
GO, BYTES = "govmomi", "bytes only"
AUDIT = "hostcheck audit"
Costs = Mapping[str, Mapping[str, float]]


class Unmeasured(Exception):  # noqa: N818  an answer, not a fault
    """What cannot be measured here, and why."""


class Figure(NamedTuple):
    """One figure, what it is to be, and the two numbers that it is made of, in words.

    `most` and `least` are the aim; where neither is given nobody set one.
    """

    what: str
    value: float
    ours: str
    beside: str = ""
    most: float | None = None
    least: float | None = None


class Session(NamedTuple):
    """Where all parts work, beside which older checkout, and how large a fleet may be."""

    work: Path
    old: Path | None
    largest: int

    def size(self, hosts: int) -> int:
        """Return a number of hosts, or fewer in a trial."""
        return min(hosts, self.largest)

    def times(self, repeat: int) -> int:
        """Return how often to measure: once in a trial."""
        return repeat if self.largest >= TRIAL else 1

    def checkout(self) -> Path:
        """Return the old build. Raises Unmeasured where there is none that can be run."""
        if self.old is None:
            raise Unmeasured("no older build is given: --against CHECKOUT")
        said = subprocess.run(
            [sys.executable, "-c", "import hostcheck; print(hostcheck.__file__)"],
            env=self.env(self.old), cwd=self.work, capture_output=True, text=True, check=False,
        ).stdout.strip()  # fmt: skip
        if not Path(said or ".").resolve().is_relative_to(self.old.resolve()):
            raise Unmeasured(f"no hostcheck in {self.old}")
        return self.old

    def env(self, checkout: Path) -> dict[str, str]:
        """Return the environment of a build."""
        return {**os.environ, "PYTHONPATH": str(checkout)}

    def took(self, checkout: Path, *words: str) -> dict[str, float]:
        """Run a command of a build to its verdict."""
        command = [sys.executable, "-m", "hostcheck", *words]
        return cost(command, env=self.env(checkout), cwd=self.work, accepted=VERDICTS)


def in_turns(clients: Mapping[str, Callable[[], dict[str, float]]], repeat: int) -> Costs:
    """Run each so many times, in turns; return the least of each of its figures."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in clients}
    for turn in range(repeat):
        for name in list(clients)[:: -1 if turn % 2 else 1]:
            runs[name].append(clients[name]())
    return {
        name: {key: min(one[key] for one in some) for key in some[0]} for name, some in runs.items()
    }


def beside(
    what: str, costs: Costs, key: str, unit: str, most: float, pair: Sequence[str] = (OURS, THEIRS)
) -> Figure:
    """Return how much of the other's cost ours is."""
    ours, theirs = (costs[one][key] for one in pair)
    return Figure(what, ours / theirs, f"{ours:.3g} {unit}", f"{theirs:.3g} {unit} {pair[1]}", most)


def _readable(session: Session, old: Path) -> list[Path]:
    """Return the recorded machines that the old build reads too: some have what it never asked."""
    found = []
    there = sorted((ROOT / "fixtures").glob("*/manifest.json"))
    for manifest in there[: session.largest]:
        run = str(session.work / "readable.json")
        try:
            session.took(old, "audit", "--from", str(manifest.parent), "-q", "-o", run)
        except RuntimeError:
            continue
        found.append(manifest.parent)
    return found


def recordings(session: Session) -> Iterator[Figure]:
    """Audits and reports of recorded machines whose texts differ host by host."""
    old = session.checkout()
    machines = _readable(session, old)
    if not machines:
        raise Unmeasured("the older build reads no recorded machine")
    for hosts, of in ((session.size(200), _of_few), (session.size(1000), _of_many)):
        folder = session.work / "recordings"
        replay.line_up(hosts, folder, machines)
        yield from of(_Recorded(session, old, folder, hosts))
        shutil.rmtree(folder)


class _Recorded(NamedTuple):
    """A folder of recordings, and two builds that audit it."""

    session: Session
    old: Path
    folder: Path
    hosts: int

    def audit(self, checkout: Path, *words: str) -> Callable[[], dict[str, float]]:
        """Return the audit of a build; what it judged is kept."""
        given = ("audit", "--from", str(self.folder), "-q", "-o", self._run(checkout), *words)
        return lambda: self.session.took(checkout, *given)

    def audits(self, repeat: int) -> Costs:
        """Return what audits of both builds take on one core."""
        ours = self.audit(ROOT, "--workers", "1")
        return in_turns({OURS: ours, THEIRS: self.audit(self.old)}, self.session.times(repeat))

    def report(self, form: str, repeat: int, most: float) -> Figure:
        """Return what a report of the runs that were kept takes."""

        def made(checkout: Path) -> Callable[[], dict[str, float]]:
            there = str(self.session.work / f"page.{form}")
            words = ("report", self._run(checkout), "--format", form, "-o", there)
            return lambda: self.session.took(checkout, *words)

        clients = {OURS: made(ROOT), THEIRS: made(self.old)}
        costs = in_turns(clients, self.session.times(repeat))
        return beside(f"{form} of {self.hosts:,} hosts, CPU", costs, "cpu", "s", most)

    def _run(self, checkout: Path) -> str:
        return str(self.session.work / ("ours.json" if checkout == ROOT else "old.json"))


def _of_few(some: _Recorded) -> Iterator[Figure]:
    costs = some.audits(3)
    yield beside(f"audit of {some.hosts} recordings, CPU", costs, "cpu", "s", 0.40)
    yield some.report("text", 3, 0.7)
    yield some.report("junit", 3, 0.5)


def _of_many(some: _Recorded) -> Iterator[Figure]:
    what = f"audit of {some.hosts:,} recordings"
    costs = some.audits(2)
    yield beside(f"{what}, CPU", costs, "cpu", "s", 0.40)
    yield beside(f"{what}, peak", costs, "memory", "MB", 1.1)
    yield some.report("html", 2, 0.35)
    one = "on one"
    clients = {
        OURS: some.audit(ROOT, "--format", "line"),
        one: some.audit(ROOT, "--format", "line", "--workers", "1"),
    }
    both = in_turns(clients, some.session.times(2))
    yield beside(f"{what}, {cores()} cores beside one, wall", both, "wall", "s", 0.6, (OURS, one))


def lines(session: Session) -> Iterator[Figure]:
    """A line for each host of a large saved run."""
    hosts, run = session.size(10000), session.work / "large.json"
    folder = session.work / "pattern"
    folder.mkdir()
    saved.line_up(hosts, recorded(hosts, folder), run)
    words = ("report", str(run), "--format", "line")
    found = in_turns({OURS: lambda: session.took(ROOT, *words)}, session.times(3))[OURS]
    run.unlink()
    what = f"report --format line of {hosts:,} hosts, CPU s"
    yield Figure(what, found["cpu"], f"{found['memory']:.0f} MB", most=1.0)


def starts(session: Session) -> Iterator[Figure]:
    """What starts take before anything is done."""
    wanted = (start.BARE, start.CLICK, start.HELP, start.TAB, "report of one host")
    rows = {row["client"]: row for row in start.rows_of(session.times(9), wanted)}
    click = f"{rows[start.CLICK]['CPU ms']:.0f} ms {start.CLICK}"
    for one in wanted[2:]:
        value = rows[one]["of importing click"]
        most = 1.5 if one in (start.HELP, start.TAB) else None
        yield Figure(f"{one}, CPU", value, f"{rows[one]['CPU ms']:.0f} ms", click, most)


def shells(session: Session) -> Iterator[Figure]:
    """ESXi shells beside parallel OpenSSH, straight and through a jump host."""
    hosts = session.size(100)
    mine, theirs = ssh.rows_of(
        hosts, 16, session.times(3), jump=False, only=("hostcheck", "OpenSSH")
    )
    count = mine["hosts"]
    yield Figure(
        f"{count} shells, client CPU ms a host with its start", mine["CPU ms a host"],
        f"{mine['CPU s']:.3g} s", f"{theirs['CPU ms a host']:.3g} ms OpenSSH", most=12,
    )  # fmt: skip
    yield Figure(
        f"{count} shells, hosts/s of what the server's CPU allows", mine["of what it allows"],
        f"{mine['wall s']:.3g} s",
        f"{mine['CPU s of the server']:.3g} s of the server on {cores()} cores", least=0.92,
    )  # fmt: skip
    yield Figure(
        f"{count} shells, hosts/s beside OpenSSH", mine["hosts/s"] / theirs["hosts/s"],
        f"{mine['hosts/s']:.3g}", f"{theirs['hosts/s']:.3g} OpenSSH", least=1.5,
    )  # fmt: skip
    mine, theirs = ssh.rows_of(session.size(28), 16, session.times(2), jump=True)
    yield Figure(
        f"{mine['hosts']} shells behind a jump host, wall", mine["wall s"] / theirs["wall s"],
        f"{mine['wall s']:.3g} s", f"{theirs['wall s']:.3g} s ssh -J", most=1.0,
    )  # fmt: skip


def _live(
    rows: Sequence[Mapping[str, Any]], what: str, aims: Mapping[str, Any]
) -> Iterator[Figure]:
    """Yield what an audit takes of what each client does, as `aims` says of its figure."""
    costs = {row["client"]: row for row in rows}
    for client, (key, most) in aims.items():
        named = f"{what}, {key.removesuffix(' s')} beside {client}"
        yield beside(named, costs, key, "s", most, (AUDIT, client))


def vcenter(session: Session) -> Iterator[Figure]:
    """Live audits of 500 hosts, without and with a round trip added."""
    hosts = session.size(500)
    fleet, rewrite = fleets.mixed(hosts)
    with live.running_vcenter(fleet, rewrite=rewrite) as server:
        for delay in (0, 30):
            rows = list(
                vsphere.rows_at(server, hosts, [delay], session.times(2), (AUDIT, BYTES, GO))
            )
            aims = {GO: ("CPU s", 0.40), BYTES: ("wall s", 1.0)}
            yield from _live(rows, f"{hosts} hosts live, {delay} ms", aims)


def large(session: Session) -> Iterator[Figure]:
    """A vCenter of 2,000 hosts: an audit, and preflights of one VM."""
    hosts = session.size(2000)
    fleet, rewrite = fleets.mixed(hosts)
    with live.running_vcenter(fleet, rewrite=rewrite) as server:
        rows = list(vsphere.rows_at(server, hosts, [0], 1, (AUDIT, GO)))
        yield from _live(rows, f"{hosts:,} hosts live", {GO: ("CPU s", 0.35)})
        peak = next(row["peak MB"] for row in rows if row["client"] == AUDIT)
        yield Figure(f"{hosts:,} hosts live, peak MB", peak, f"{peak:.0f} MB", most=100)
        yield from _preflights(session, server, fleet, "VM", {0: 0.7, 30: 0.6})


def _preflights(
    session: Session, server: Any, fleet: Any, asked: str, aims: Mapping[int, float]
) -> Iterator[Figure]:
    checkouts = [ROOT, session.checkout()]
    for delay, most in aims.items():
        rows = preflight.rows_at(server, fleet, asked, [delay], checkouts, session.times(3))
        ours, theirs = rows
        what = f"preflight {asked} among {len(fleet.hosts):,} hosts, {delay} ms, wall"
        yield beside(what, {OURS: ours, THEIRS: theirs}, "wall s", "s", most)


def profile(session: Session) -> Iterator[Figure]:
    """A VM that does not exist yet, judged on every host."""
    fleet, rewrite = fleets.mixed(session.size(300))
    with live.running_vcenter(fleet, rewrite=rewrite) as server:
        yield from _preflights(session, server, fleet, "--profile", {0: 0.5})


def distinct(session: Session) -> Iterator[Figure]:
    """A vCenter where no value of some size repeats."""
    hosts = session.size(300)
    fleet, rewrite = fleets.distinct(hosts)
    with live.running_vcenter(fleet, rewrite=rewrite) as server:
        rows = list(vsphere.rows_at(server, hosts, [0], session.times(2), (AUDIT, GO)))
        yield from _live(rows, f"{hosts} distinct hosts live", {GO: ("CPU s", 0.65)})


Part = Callable[[Session], Iterator[Figure]]
PARTS: tuple[Part, ...] = (
    starts, recordings, lines, shells, vcenter, distinct, profile, large,
)  # fmt: skip
"""In the order in which they are measured."""
