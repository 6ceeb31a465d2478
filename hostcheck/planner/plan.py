"""Put it together: for each cluster its hosts, whether it can be emptied, and its options."""

from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from hostcheck import __version__
from hostcheck.model.lifecycle import (
    STALE_MONTHS,
    EsxiBuild,
    Mark,
    line_of,
    minors_of,
    months_between,
    said,
)
from hostcheck.model.plan import (
    SCHEMA,
    STAY,
    Alike,
    ClusterPlan,
    Cost,
    Emptying,
    Feasible,
    Ground,
    Option,
    Plan,
    Question,
    Stop,
)
from hostcheck.model.release import is_before, release_of
from hostcheck.model.requirements import GpuModel
from hostcheck.model.run import Run, gaps
from hostcheck.model.window import vgpu_release_of
from hostcheck.planner.emptying import emptying
from hostcheck.planner.image import Problem, RoundImage, goal_of, image_of, shorter
from hostcheck.planner.listed import ListedFile
from hostcheck.planner.seen import PlannedHost, seen_of
from hostcheck.planner.steps import RULE, Leg, Upgrade, cost_of, guest_releases, steps
from hostcheck.planner.stops import denied, questions, stops
from hostcheck.planner.table import ReleaseTable, esxi_words
from hostcheck.planner.targets import Target
from hostcheck.planner.way import Round, way
from hostcheck.words import count as counted

VMOTION = "CheckMigrate_Task of vCenter, for each VM, when the first host is done"
LIVE_PATCH = "9.1"
BY_TABLE = "the table of hostcheck"


def plan(
    run: Run, table: ReleaseTable, aims: Sequence[Target], esxi: EsxiBuild | None = None,
    *, listed: ListedFile | None = None, listed_in: str = "",
) -> Plan:  # fmt: skip
    """Plan for all clusters of a run. Its hosts are walked over once, and let go.

    `aims` are the releases to plan for, ascending; `esxi` the build that all hosts are to get;
    `listed` is NVIDIA's list of drivers, which then says what guests a host takes.
    """
    clusters: dict[tuple[str, str], list[PlannedHost]] = {}
    without: Counter[tuple[str, str]] = Counter()
    for report in run.hosts:
        seen = seen_of(report, table.needs)
        if seen is None:
            named = report.host.cluster
            without[(getattr(named, "value", ""), report.host.target)] += 1
        else:
            clusters.setdefault((seen.cluster, seen.target), []).append(seen)
    return Plan(
        SCHEMA, __version__, run.target, run.last_answer_at, table.day,
        table.needs.table_edition, listed_in or BY_TABLE,
        (*_warnings(run, table), *_unlisted(aims, listed)),
        tuple(
            _cluster(
                name, target, hosts, without[(name, target)],
                table.for_gpus(_models(hosts)), aims, esxi, listed,
            )
            for (name, target), hosts in sorted(clusters.items())
        ),
    )  # fmt: skip


def _models(hosts: Sequence[PlannedHost]) -> tuple[GpuModel, ...]:
    return tuple({model.key: model for one in hosts for model in one.models}.values())


def _unlisted(aims: Sequence[Target], listed: ListedFile | None) -> Iterator[str]:
    dark = [one.name for one in aims if listed and not listed.knows(one.release)]
    if dark:
        yield (
            f"the list of drivers has no host branch of vGPU {', '.join(dark)}: there the table "
            "decides; GPU Operator finds no driver with this file. Take that of the new download"
        )


def _warnings(run: Run, table: ReleaseTable) -> Iterator[str]:
    age = months_between(table.needs.table_edition, table.day)
    if age >= STALE_MONTHS:
        yield (
            f"the table of releases is of {table.needs.table_edition}, {age} months old: a major "
            "release comes each six months; update hostcheck"
        )
    if run.last_answer_at and run.last_answer_at[:10] < table.day:
        yield f"the hosts were read on {run.last_answer_at[:10]}: audit again before the work"
    yield from gaps(run.targets, run.unasked)


def _cluster(
    name: str, target: str, hosts: list[PlannedHost], without: int, table: ReleaseTable,
    aims: Sequence[Target], esxi: EsxiBuild | None, listed: ListedFile | None,
) -> ClusterPlan:  # fmt: skip
    empty = emptying(hosts)
    options = [_stay(hosts, table)]
    highest = max((one.release.branch for one in hosts if one.release), default=0)
    asked = [one for one in aims if one.release.branch >= highest or len(aims) == 1]
    options += [_option(name, hosts, empty, table, one, esxi, listed) for one in asked]
    alike = tuple(_alike(group, table) for group in _groups(hosts))
    return ClusterPlan(name, target, alike, without, empty, tuple(options))


def _groups(hosts: Sequence[PlannedHost]) -> Iterator[list[PlannedHost]]:
    found: dict[object, list[PlannedHost]] = {}
    for one in hosts:
        key = (one.version, one.build, one.driver, tuple(model.key for model in one.models))
        found.setdefault(key, []).append(one)
    yield from found.values()


def _alike(hosts: Sequence[PlannedHost], table: ReleaseTable) -> Alike:
    first = hosts[0]
    line, build = table.line(first.version), table.build(first.version, first.build)
    release = first.release if first.release and first.release.release else None
    if not first.driver:
        words = f"not known: {first.why}"
    else:
        minors = minors_of(first.driver, release.minors if release else ())
        named = said(minors) or (f"vGPU {release.release}" if release else "no vGPU release")
        words = f"{named} (driver {first.driver})"
    guests: Counter[str] = Counter()
    for host in hosts:
        for version, count in host.guests.drivers:
            found = vgpu_release_of(version, table.needs.releases)
            guests[f"vGPU {found.release}" if found else f"driver {version}"] += count
        if host.guests.untold:
            guests["driver not known"] += host.guests.untold
    return Alike(
        hosts=tuple(one.name for one in hosts),
        esxi=esxi_words(first.version, first.build, build),
        esxi_support=table.supported(line.general) if line else "not in the table",
        release=words,
        release_support=table.supported(release.ends) if release else "not in the table",
        behind=_behind(first, table),
        gpus=tuple(sorted({model.name for model in first.models} | set(first.untold_gpus))),
        guests=tuple(f"{name}: {count}" for name, count in sorted(guests.items())),
    )


def _behind(host: PlannedHost, table: ReleaseTable) -> str:
    """Say what the hosts lack of fixes."""
    told = []
    newest = table.newest(host.release) if host.release else None
    if newest is not None and host.driver and newest.host != host.driver:
        told.append(f"vGPU {newest.name} ({newest.host}) is the newest of its release")
    if table.below(host.version, host.build):
        line = table.line(host.version)
        floor = table.floor(line) if line else None
        if floor is not None:
            words = esxi_words(floor.version, floor.build, floor)
            told.append(f"ESXi lacks fixes of faults that are exploited: {words} has them")
    return "; ".join(told)


def _stay(hosts: Sequence[PlannedHost], table: ReleaseTable) -> Option:
    """Return what doing nothing comes to."""
    releases = {one.release.release: one.release for one in hosts if one.release}
    told = [
        f"vGPU {number}: {table.supported(one.ends)}"
        for number, one in sorted(releases.items())
        if number
    ]
    lines = {one.line: one for one in (table.line(host.version) for host in hosts) if one}
    told += [f"ESXi {name}: {table.supported(one.general)}" for name, one in sorted(lines.items())]
    notes = tuple(dict.fromkeys(filter(None, (_behind(one, table) for one in hosts))))
    return Option(
        STAY, "Stay", Feasible.POSSIBLE, "; ".join(told) or "not known", (), "", Cost(), (), (),
        notes, (),
    )  # fmt: skip


def _option(
    cluster: str, hosts: Sequence[PlannedHost], empty: Emptying, table: ReleaseTable,
    target: Target, esxi: EsxiBuild | None, listed: ListedFile | None,
) -> Option:  # fmt: skip
    stopped = [*stops(hosts, target, table), *denied(hosts, target, listed)]
    asked = list(questions(hosts, target, table))
    placed = [one for one in hosts if one.release and one.release.release]
    low = min((one.release.release for one in placed if one.release), default=0)
    rounds = _rounds(placed, low, target, table, esxi) if low and not stopped else ()
    if rounds is None:
        words = f"no order of releases takes the guests along from vGPU {low}"
        fix = "tell which drivers the guests have (hostcheck audit --ssh), or plan their outage"
        stopped.append(Stop(words, (), fix, Ground(Mark.INFERRED, (RULE,))))
        rounds = ()
    legs, problems = _legs(placed, rounds, target, table, esxi)
    for names, problem in problems:
        if problem.ground is None:
            asked.append(Question(problem.what, names, problem.told_by, decides=problem.decides))
        else:
            stopped.append(Stop(problem.what, names, problem.told_by, problem.ground))
    if legs:
        words = "whether VMs move between hosts of the old and the new driver"
        asked.append(Question(words, (), VMOTION))
    full = frozenset(empty.full)
    made = steps(cluster, placed, legs, target, table, full) if legs and not stopped else ()
    feasible = Feasible.POSSIBLE
    if stopped:
        feasible = Feasible.BLOCKED
    elif any(one.decides for one in asked) or not placed:
        feasible = Feasible.UNKNOWN
    path = (str(low), *(one.target.name for one in legs)) if legs else ()
    return Option(
        target=target.name,
        title=f"vGPU {target.name}{_kind(target)}",
        feasible=feasible,
        supported=_until(placed, legs, target, table),
        path=path,
        saves=_saves(low, target, len(legs), table) if legs and not stopped else "",
        cost=cost_of(made, len(legs) if made else 0),
        stops=tuple(stopped),
        questions=tuple(asked),
        notes=() if stopped and not legs else tuple(_notes(placed, legs, empty, table)),
        steps=made,
    )


def _kind(target: Target) -> str:
    kind, held = target.release.kind, target.release.enterprise
    told = [f"{one.value} [{one.mark.value}]" for one in (kind,) if one.value]
    if held.value:
        told.append(f"NVIDIA AI Enterprise {held.value} [{held.mark.value}]")
    return f" ({', '.join(told)})" if told else ""


def _rounds(
    hosts: Sequence[PlannedHost],
    low: int,
    target: Target,
    table: ReleaseTable,
    esxi: EsxiBuild | None,
) -> tuple[Round, ...] | None:
    if low < target.release.release:
        return way(low, guest_releases(hosts, table), target.release.release, table)
    if any(_goes(one, target.release.release, target, table, esxi) for one in hosts):
        return (Round(target.release.release),)
    return ()


def _older(driver: str, other: str) -> bool:
    """Say whether a driver is surely older than another."""
    return is_before(driver, release_of(other))


def _legs(
    hosts: Sequence[PlannedHost], rounds: Sequence[Round], target: Target, table: ReleaseTable,
    esxi: EsxiBuild | None,
) -> tuple[tuple[Leg, ...], list[tuple[tuple[str, ...], Problem]]]:  # fmt: skip
    """Say what each host gets in each round, and gather what speaks against it."""
    stand = {(one.name, one.target): (one.version, one.build) for one in hosts}
    legs: list[Leg] = []
    found: dict[Problem, list[str]] = {}
    for one in rounds:
        passed = table.release(one.release)
        if passed is None:
            continue
        last = one.release == target.release.release
        through = target if last else Target(passed, table.newest(passed))
        moves = []
        made: dict[tuple[str, int], RoundImage] = {}
        for host in hosts:
            key = (host.name, host.target)
            version, build = at = stand[key]
            stays = at == (host.version, host.build)
            now = host if stays else replace(host, version=version, build=build)
            if not _goes(now, one.release, through, table, esxi if last else None):
                continue
            if at not in made:
                goal = goal_of(version, build, esxi, table) if version else None
                made[at] = image_of(version, build, through, goal, table, last=last)
            image = made[at]
            if image.esxi is not None:
                stand[key] = (image.esxi.version, image.esxi.build)
            for problem in image.problems:
                found.setdefault(problem, []).append(host.name)
            moves.append(Upgrade(now, image))
        if moves:
            legs.append(Leg(one, through, tuple(moves)))
    return tuple(legs), [(tuple(names), problem) for problem, names in found.items()]


def _goes(
    host: PlannedHost, release: int, through: Target, table: ReleaseTable, esxi: EsxiBuild | None
) -> bool:
    """Say whether a host has to go in a round: for its driver, or for ESXi alone."""
    if host.release is None or host.release.release > release:
        return False
    if host.release.release < release:
        return True
    if through.minor is not None and _older(host.driver, through.minor.host):
        return True
    return bool(host.version) and goal_of(host.version, host.build, esxi, table) is not None


def _until(
    hosts: Sequence[PlannedHost], legs: Sequence[Leg], target: Target, table: ReleaseTable
) -> str:
    told = [f"vGPU {target.release.release}: {table.supported(target.release.ends)}"]
    versions = {(one.name, one.target): one.version for one in hosts}
    for leg in legs:
        for move in leg.moves:
            if move.image.esxi is not None:
                versions[(move.host.name, move.host.target)] = move.image.esxi.version
    lines = {one.line: one for one in map(table.line, versions.values()) if one}
    told += [f"ESXi {name}: {table.supported(one.general)}" for name, one in sorted(lines.items())]
    return "; ".join(told)


def _saves(low: int, target: Target, rounds: int, table: ReleaseTable) -> str:
    every = table.ladder(low, target.release.release)
    if rounds >= every:
        return ""
    return f"{rounds} of {every} rounds: one release after another would take {every}"


def _notes(
    hosts: Sequence[PlannedHost], legs: Sequence[Leg], empty: Emptying, table: ReleaseTable
) -> Iterator[str]:
    """Yield the risks and what to know."""
    if not legs:
        if hosts:
            yield "nothing to do: the hosts are there already"
        return
    if empty.feasible is not Feasible.POSSIBLE:
        yield f"emptying: {empty.words}"
    for leg in legs[:-1]:
        release = leg.target.release
        if table.dead(release):
            yield f"vGPU {release.release} is passed through only: {table.supported(release.ends)}"
    if any(leg.round.believed for leg in legs):
        yield "that guests keep running on the way is believed [I]: try one VM of each kind first"
    images = {
        (move.host.version, move.image.esxi)
        for leg in legs
        for move in leg.moves
        if move.image.esxi is not None
    }
    notes = {shorter(goal, table.line(version), table) for version, goal in images}
    yield from sorted(filter(None, notes))
    if any(goal.version[0] == "9" and line_of(goal.version) >= LIVE_PATCH for _, goal in images):
        yield (
            "from ESX 9.1 on a host with NVIDIA's module loaded takes no live patch of the kernel: "
            "it is emptied and rebooted each time (KB 428958)"
        )
    yield from _image(hosts)
    fixed = sum(one.guests.fixed for one in hosts)
    if fixed:
        yield f"{fixed} VMs never move while they run: off while their host is worked on"
    if any(one.automatic is not True for one in hosts):
        yield "DRS is not known to empty all hosts by itself (HOST-008): VMs are moved by hand"


def _image(hosts: Sequence[PlannedHost]) -> Iterator[str]:
    """Say what the image that the cluster has now would interrupt, in vCenter's own words."""
    told = [one.image for one in hosts if one.image is not None]
    if not told:
        return
    counts = Counter(f"{one.status} {one.impact}".strip() or "no word" for one in told)
    words = ", ".join(
        f"{counted(number, 'host')} {each}" for each, number in sorted(counts.items())
    )
    dates = sorted(filter(None, (one.scanned_at[:10] for one in told)))
    at = f" on {dates[0]}" if dates else ""
    dark = f"; of {counted(len(hosts) - len(told), 'host')} it is not known" * (
        len(told) < len(hosts)
    )
    yield (
        f"vCenter's scan{at} of the image that the cluster has now: {words}{dark}. Set the "
        "image of this plan and scan again: the impact is then vCenter's own number of reboots"
    )
