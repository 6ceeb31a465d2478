"""How many more vGPUs fit, for terminals: one profile down to the GPU, or all profiles by host.

`?` is a count that is not known, `>=N` one that may be larger; what settles them stands below.
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from msgspec.structs import replace

from hostcheck.model.capacity import (
    Capacity,
    ClusterCapacity,
    GpuCapacity,
    GpuMode,
    HostCapacity,
    Limit,
    Move,
    Room,
    Total,
)
from hostcheck.model.fact import Known, Unknown
from hostcheck.model.run import called, silent
from hostcheck.reports import PAPER, Screen, words

NARROWEST = 40
MOVES_SHOWN = 3
GPUS_SHOWN = 4
CLUSTER_UNKNOWN = "cluster not known"

_MODE = {
    GpuMode.SAME_SIZE: "same size",
    GpuMode.MIXED_SIZE: "mixed size",
    GpuMode.MIG: "MIG",
    GpuMode.PASSTHROUGH: "passthrough",
    GpuMode.NOT_SERVING: "serves no vGPU",
    GpuMode.UNKNOWN: "mode not known",
}


def pieces(capacity: Capacity, screen: Screen = PAPER) -> Iterator[str]:
    """Yield the whole text."""
    yield render(capacity, width=screen.width)


def render(capacity: Capacity, *, width: int = 100) -> str:
    """Return the table of one profile, or the matrix of all, as lines for a terminal."""
    capacity = _named(capacity)
    lines = [*_head(capacity, width)]
    for cluster in capacity.clusters:
        lines.append("")
        lines += _one_profile(cluster, width) if capacity.profile else _all_profiles(cluster, width)
    lines += _listed("NOT KNOWN", _unknowns(capacity), width)
    lines += _listed(
        "CATALOGUE AND DRIVER DISAGREE, THE SMALLER COUNTS", _disagree(capacity), width
    )
    lines += _listed("ROOM THAT CANNOT BE USED", _stranded(capacity), width)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _named(capacity: Capacity) -> Capacity:
    """Name clusters and hosts with their vCenter, where several were asked."""
    if len(capacity.targets) < 2:
        return capacity
    clusters = []
    for one in capacity.clusters:
        name = one.name
        if isinstance(name, Known):
            name = Known(called(name.value, one.target), name.sources)
        hosts = tuple(replace(host, name=called(host.name, host.target)) for host in one.hosts)
        clusters.append(replace(one, name=name, hosts=hosts))
    return replace(capacity, clusters=tuple(clusters))


def counted(total: Total) -> str:
    """Return a sum: `3`, or `>=3` when a part of it is not known."""
    return f">={total.free}" if total.at_least else str(total.free)


def room_of(room: Room) -> str:
    """Return a count: `3`, `>=3` or `?`."""
    if isinstance(room.free, Unknown):
        return "?"
    return f">={room.free.value}" if room.at_least else str(room.free.value)


def _head(capacity: Capacity, width: int) -> Iterator[str]:
    gpus = [gpu for _, gpu in _gpus(capacity)]
    asked = sum(gpu.driver_asked for gpu in gpus)
    if not gpus:
        dark = any(
            isinstance(host.gpus, Unknown) for one in capacity.clusters for host in one.hosts
        )
        title = "No NVIDIA GPU is known; NOT KNOWN says why" if dark else "No NVIDIA GPU was found"
    elif capacity.profile:
        sums = ", ".join(counted(total) for total in capacity.totals)
        title = f"{sums} more {words.one_line(capacity.profile)} fit now"
    else:
        title = "How many more vGPUs of each profile fit now, if no other is started"
    yield from _wrap(title, width, 0, 2)
    yield from _wrap(
        f"Catalogue {capacity.catalogue_edition} less what runs; the driver was asked on {asked} "
        f"of {words.count(len(gpus), 'GPU')}{_unasked(gpus)}. Memory and processors of VMs are not "
        "counted.",
        width, 2, 2,
    )  # fmt: skip
    if any(one.at_least for one in capacity.totals):
        told = "At least N fit where it says >=N, and ? is no number: NOT KNOWN says why."
        yield from _wrap(told, width, 2, 2)
    if capacity.in_maintenance:
        told = (
            f"In maintenance mode, in thought: {', '.join(capacity.in_maintenance)}. What runs "
            "there is not moved in thought: hostcheck plan says whether the others take it."
        )
        yield from _wrap(told, width, 2, 2)
    for one in silent(capacity.targets):
        told = f"{one.name} could not be asked: {one.failure}. Its hosts are not counted."
        yield from _wrap(f"Note: {told}", width, 2, 8)


def _unasked(gpus: list[GpuCapacity]) -> str:
    """Say what a number rests on that no driver was asked for: a preflight is UNSURE there."""
    open_ = [one for one in gpus if not one.driver_asked and isinstance(one.running, Known)]
    if not any(one.running.value for one in open_ if isinstance(one.running, Known)):
        return ""
    return "; beside what runs the others have room by the catalogue alone (--ssh asks them)"


def _gpus(capacity: Capacity) -> Iterator[tuple[HostCapacity, GpuCapacity]]:
    for cluster in capacity.clusters:
        for host in cluster.hosts:
            if isinstance(host.gpus, Known):
                yield from ((host, gpu) for gpu in host.gpus.value)


def _name(cluster: ClusterCapacity) -> str:
    return words.one_line(words.known_or(cluster.name, CLUSTER_UNKNOWN))


# --- One profile: cluster, host, GPU -------------------------------------------------------------


def _one_profile(cluster: ClusterCapacity, width: int) -> Iterator[str]:
    (total,) = cluster.totals
    yield f"{counted(total):>5}  {_name(cluster)}"
    others = 0
    for host in cluster.hosts:
        gpus = host.gpus.value if isinstance(host.gpus, Known) else ()
        kind = [gpu for gpu in gpus if gpu.rooms[0].limit is not Limit.OTHER_KIND]
        if isinstance(host.gpus, Known) and not kind:
            others += 1
            continue
        (mine,) = host.totals
        note = f"  {words.one_line(host.closed)}" if host.closed else ""
        yield from _wrap(
            f"{counted(mine):>5}    {words.one_line(host.name)}{note}", width, 0, 11, keep=True
        )
        for gpu in () if host.closed else kind:
            yield from _wrap(_gpu_line(gpu), width, 0, 13, keep=True)
        yield from _wrap(_vcenter_line(host, mine), width, 0, 13, keep=True)
    if others:
        yield f"    0    {words.count(others, 'host')} without a GPU of that kind"


def _vcenter_line(host: HostCapacity, ours: Total) -> str:
    """Set vCenter's own count beside ours; nothing where it was not asked or does not count."""
    said = host.vcenter_says
    if isinstance(said, Unknown):
        return ""
    alike = said.value >= ours.free if ours.at_least else said.value == ours.free
    return f"{said.value:>5}      vCenter's own count{'' if alike else ': they disagree'}"


def _gpu_line(gpu: GpuCapacity) -> str:
    (room,) = gpu.rooms
    size, running, mode = gpu.locked_bytes, gpu.running, _MODE[gpu.mode]
    if isinstance(size, Known) and size.value and room.limit is not Limit.LOCKED:
        mode += f", locked to {words.size(size.value)}"
    runs = f"{len(running.value)} running" if isinstance(running, Known) else "? running"
    parts = (gpu.address, words.one_line(gpu.name), mode, runs, words.one_line(room.reason))
    return f"{room_of(room):>5}      {'  '.join(parts)}"


# --- All profiles: profiles by hosts, for each kind of GPU ----------------------------------------


def _all_profiles(cluster: ClusterCapacity, width: int) -> Iterator[str]:
    yield _name(cluster)
    kinds: dict[str, list[HostCapacity]] = {}
    for host in cluster.hosts:
        gpus = host.gpus.value if isinstance(host.gpus, Known) else ()
        for kind in dict.fromkeys(gpu.name for gpu in gpus if isinstance(gpu.model, Known)):
            kinds.setdefault(kind, []).append(host)
    for kind, hosts in sorted(kinds.items()):
        yield from ("", f"  {words.one_line(kind)}")
        yield from _matrix(
            kind, hosts, {one.profile: counted(one) for one in cluster.totals}, width
        )
    if not kinds:
        yield "  no NVIDIA GPU that the catalogue knows"
    for host in cluster.hosts:
        if host.closed:
            told = f"{words.one_line(host.name)} takes no VM: {words.one_line(host.closed)}"
            yield from _wrap(told, width, 2, 4)


def _matrix(
    kind: str, hosts: Sequence[HostCapacity], sums: dict[str, str], width: int
) -> Iterator[str]:
    cells = {host.id: _by_profile(host, kind) for host in hosts}
    profiles = list(dict.fromkeys(name for each in cells.values() for name in each))
    rows = [
        (name, [sums[name], *(_sum(cells[host.id].get(name, [])) for host in hosts)])
        for name in profiles
    ]
    full = [name for name, row in rows if all(cell == "0" for cell in row)]
    merged = list(_merged([row for row in rows if row[0] not in full]))
    short = (words.one_line(host.name).partition(" ")[0].partition(".")[0] for host in hosts)
    names = ["  all", *(words.cut(name, 16) for name in short)]
    first = max([len(name) for name, _ in merged] or [0])
    per_line = max(1, (max(width, NARROWEST) - first - 4) // (max(map(len, names)) + 2))
    for start in range(0, len(names) if merged else 0, per_line):
        part = slice(start, start + per_line)
        yield "    " + "  ".join([" " * first, *names[part]])
        for name, row in merged:
            shown = [f"{cell:>{len(head)}}" for head, cell in zip(names, row, strict=True)][part]
            yield "    " + "  ".join([name.ljust(first), *shown])
    if full:
        yield from _wrap(
            f"none: {', '.join(name for name, _ in _merged_names(full))}", width, 4, 10
        )


def _by_profile(host: HostCapacity, kind: str) -> dict[str, list[Room]]:
    found: dict[str, list[Room]] = {}
    for gpu in host.gpus.value if isinstance(host.gpus, Known) else ():
        if gpu.name == kind:
            for room in gpu.rooms:
                found.setdefault(room.profile, []).append(room)
    return found


def _sum(rooms: list[Room]) -> str:
    free = sum(room.free.value for room in rooms if isinstance(room.free, Known))
    unknown = [room for room in rooms if isinstance(room.free, Unknown)]
    if unknown and len(unknown) == len(rooms):
        return "?"
    return f">={free}" if unknown or any(room.at_least for room in rooms) else str(free)


def _merged(rows: list[tuple[str, list[str]]]) -> Iterator[tuple[str, list[str]]]:
    """Put series of one size into one line where all their counts are the same: `A40-8A/C/Q`."""
    rest = [(name.rstrip("ABCQ"), row) for name, row in rows]
    seen: list[tuple[str, list[str]]] = []
    for (name, _), key in zip(rows, rest, strict=True):
        if key in seen:
            continue
        seen.append(key)
        tails = [
            other.removeprefix(key[0])
            for (other, _), each in zip(rows, rest, strict=True)
            if each == key
        ]
        yield (key[0] + "/".join(sorted(tails)) if len(tails) > 1 else name), key[1]


def _merged_names(names: list[str]) -> Iterator[tuple[str, list[str]]]:
    return _merged([(name, []) for name in names])


# --- What stands below ---------------------------------------------------------------------------


def _unknowns(capacity: Capacity) -> Iterator[tuple[str, str, str]]:
    """Yield (reason, where, profile) of every count that is not known."""
    for cluster in capacity.clusters:
        for host in cluster.hosts:
            name = words.one_line(host.name)
            if isinstance(host.gpus, Unknown):
                if not host.closed:
                    yield f"GPUs: {words.missing(host.gpus)}{_settles(host.gpus)}", name, ""
                continue
            for gpu in host.gpus.value:
                for room in gpu.rooms:
                    if isinstance(room.free, Unknown):
                        why = f"{room.free.why.value}: {room.reason}{_settles(room.free)}"
                        yield why, f"{name} {gpu.address}", room.profile
                    elif room.at_least:
                        yield room.reason, f"{name} {gpu.address}", room.profile


def _settles(fact: Unknown) -> str:
    told = words.settles(fact)
    return f"; to settle it: {told}" if told else ""


def _disagree(capacity: Capacity) -> Iterator[tuple[str, str, str]]:
    for host, gpu in _gpus(capacity):
        for room in gpu.rooms:
            if room.disagreement:
                where = f"{words.one_line(host.name)} {gpu.address}"
                yield room.disagreement, where, room.profile


def _listed(title: str, found: Iterable[tuple[str, str, str]], width: int) -> Iterator[str]:
    """Write each reason once, with the places and profiles it concerns."""
    causes: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for why, where, profile in found:
        places, profiles = causes.setdefault(words.one_line(why), ({}, {}))
        places[where] = profiles[profile] = None
    if causes:
        yield ""
        yield from _wrap(title, width, 0, 0)
    groups = groupby(
        sorted(causes.items(), key=lambda one: tuple(one[1][0])), key=lambda one: tuple(one[1][0])
    )
    for places_, members in groups:
        shown = [*places_[:GPUS_SHOWN]]
        more = len(places_) - len(shown)
        where = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
        for why, (_, profiles) in members:
            names = [name for name in profiles if name]
            about = f" ({words.count(len(names), 'profile')})" if len(names) > 1 else ""
            told = f"{where}: {why}{about}" if where else why
            yield from _wrap(told, width, 2, 4)


def _stranded(capacity: Capacity) -> Iterator[tuple[str, str, str]]:
    for cluster in capacity.clusters:
        if not capacity.profile:
            gpus = {(one.host, one.address) for each in cluster.stranded for one in each.gpus}
            if gpus:
                lead = f"{words.count(len(gpus), 'GPU')} with free framebuffer cannot take some"
                yield f"{_name(cluster)}: {lead} profiles of that size; ask for one profile", "", ""
            continue
        for each in cluster.stranded:
            yield f"{_name(cluster)}: {each.sentence}", "", ""
            for move in each.moves[:MOVES_SHOWN]:
                yield _move(move), "", ""


def _move(move: Move) -> str:
    where = f"{', '.join(move.gpus)} of {move.host}"
    to = "other GPUs of the cluster can take it" if move.elsewhere else "no place is known for it"
    return f"moving VM {move.vm} off {where} makes room for {move.gains}; {to}"


def _wrap(text: str, width: int, indent: int, hanging: int, *, keep: bool = False) -> list[str]:
    """Wrap a line; `keep` leaves its columns as they are when it fits."""
    if keep and len(text) <= max(width, NARROWEST):
        return [text]
    return textwrap.wrap(
        text if keep else words.one_line(text), max(width, NARROWEST),
        initial_indent=" " * indent, subsequent_indent=" " * hanging, break_on_hyphens=False,
    )  # fmt: skip
