"""The steps of a way, in an order that works, and what they come to."""

import shlex
from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from hostcheck.model.lifecycle import Mark
from hostcheck.model.plan import Cost, Ground, Step, Work
from hostcheck.model.result import Command
from hostcheck.model.window import vgpu_release_of
from hostcheck.planner.image import RoundImage
from hostcheck.planner.seen import PlannedHost
from hostcheck.planner.stops import DLS, DOWNGRADES, LEGACY
from hostcheck.planner.table import ReleaseTable, esxi_name
from hostcheck.planner.targets import Target
from hostcheck.planner.way import Round

RULE = "https://docs.nvidia.com/vgpu/19.0/grid-vgpu-release-notes-vmware-vsphere/"
CATALOGUE = "https://github.com/NVIDIA/gpu-driver-container (vgpu/src/vgpu-util.go)"
C_TYPES = 535
"""From this branch on C types are made by the AI Enterprise package alone."""


class Upgrade(Struct, frozen=True):
    """What a host gets in a round."""

    host: PlannedHost
    image: RoundImage


class Leg(Struct, frozen=True):
    """One round of hosts."""

    round: Round
    target: Target
    moves: tuple[Upgrade, ...]


def steps(
    cluster: str, hosts: Sequence[PlannedHost], legs: Sequence[Leg], target: Target,
    table: ReleaseTable, full: frozenset[str] = frozenset(),
) -> tuple[Step, ...]:  # fmt: skip
    """Return the steps: licence and image first, vCenter, hosts, guests after, hardware last.

    `full` are hosts whose VMs find no room elsewhere: they are off while it is worked on.
    """
    made: list[Step] = []
    low = min((one.release.release for one in hosts if one.release), default=0)
    if low and low <= LEGACY < target.release.release:
        made.append(_licence())
    made.append(_image(target))
    lines = {
        esxi_name(move.image.esxi): move.image.esxi.version
        for leg in legs
        for move in leg.moves
        if move.image.esxi and move.image.esxi.version[:3] != move.host.version[:3]
    }
    if lines:
        made.append(_vcenter(", ".join(sorted(lines))))
    running = dict(_running(hosts, table))
    for leg in legs:
        if leg.round.guests_to:
            count = sum(running.pop(one, 0) for one in leg.round.renewed)
            running[leg.round.guests_to] = running.get(leg.round.guests_to, 0) + count
            made.append(_guests_before(leg, count, hosts, table))
        made += _hosts(cluster, leg, full)
        made.append(_audit(cluster, leg))
    left = sum(count for one, count in running.items() if one != target.release.release)
    made.append(_guests_after(target, left, hosts))
    made.append(_hardware())
    return tuple(replace(one, number=number) for number, one in enumerate(made, 1))


def cost_of(made: Iterable[Step], rounds: int) -> Cost:
    """Add up the steps."""
    every = tuple(made)
    return Cost(
        rounds=rounds,
        evacuations=sum(one.evacuations for one in every),
        moves=sum(one.moves for one in every),
        power_offs=sum(one.power_offs for one in every),
        guest_restarts=sum(one.guest_restarts for one in every),
        reboots=sum(one.reboots for one in every),
        at_least=any(one.at_least for one in every),
    )


def oldest_taken(host: PlannedHost, table: ReleaseTable) -> int:
    """Return the oldest release whose guests a host takes: what is not told may be that."""
    if host.release is None or not host.release.release:
        return 0
    mine = host.release
    taken = [
        one.release for one in table.releases
        if one.branch <= mine.branch and table.window(mine, one).fits
    ]  # fmt: skip
    return min(taken, default=mine.release)


def _running(hosts: Sequence[PlannedHost], table: ReleaseTable) -> dict[int, int]:
    """Count running vGPU VMs by the release of their guest drivers."""
    found: dict[int, int] = {}
    for host in hosts:
        for version, count in host.guests.drivers:
            release = vgpu_release_of(version, table.needs.releases)
            number = release.release if release else 0
            found[number] = found.get(number, 0) + count
        if host.guests.untold:
            number = oldest_taken(host, table)
            found[number] = found.get(number, 0) + host.guests.untold
    return found


def guest_releases(hosts: Sequence[PlannedHost], table: ReleaseTable) -> frozenset[int]:
    """Return the releases of the guest drivers that run; 0 is one that the table does not know."""
    return frozenset(_running(hosts, table))


def _licence() -> Step:
    return Step(
        0, Work.LICENCE, "licence administrator",
        "Serve licences from NVIDIA License System (DLS or CLS)",
        "vGPU 15 and later refuse a legacy licence server",
        ground=Ground(Mark.READ, (DLS, RULE)),
    )  # fmt: skip


def _image(target: Target) -> Step:
    minor = target.minor
    drivers = f": Linux {minor.linux}, Windows {minor.windows}" if minor and minor.linux else ""
    return Step(
        0, Work.IMAGE, "owner of the guest images",
        f"Have guest drivers of vGPU {target.name} ready{drivers}; put vgpuDriverCatalog.yaml of "
        "the same download into GPU Operator's driver image. Install nothing yet",
        "a guest driver that is newer than the host's does not load; GPU Operator installs none "
        "for a host branch that its catalogue file lacks",
        release=target.release.release, minor=minor.name if minor else "",
        ground=Ground(Mark.READ, (RULE, CATALOGUE)),
    )  # fmt: skip


def _vcenter(names: str) -> Step:
    return Step(
        0, Work.VCENTER, "vCenter administrator",
        f"Bring vCenter to the release of ESXi that the hosts get ({names}), if it is older",
        "a vCenter manages no host that is newer than itself",
        ground=Ground(Mark.INFERRED),
    )  # fmt: skip


def _guests_before(leg: Leg, count: int, hosts: Sequence[PlannedHost], table: ReleaseTable) -> Step:
    lowest = table.release(leg.round.guests_to)
    minor = table.newest(lowest) if lowest else None
    minors = lowest.minors if lowest else ()
    drivers_now = {host.driver for host in hosts if host.release == lowest}
    own = next((one for one in minors if one.host in drivers_now), minor)
    old = ", ".join(map(str, leg.round.renewed))
    drivers = f" (Linux {own.linux}, Windows {own.windows})" if own and own.linux else ""
    return Step(
        0, Work.GUESTS, "owners of the VMs",
        f"Give guests of vGPU {old} the drivers of vGPU {leg.round.guests_to}{drivers}",
        f"vGPU {leg.round.release} does not take guests of {old}; the hosts run "
        f"vGPU {leg.round.guests_to} until the next step",
        release=leg.round.guests_to, minor=own.name if own else "",
        guest_restarts=count, at_least=any(one.guests.untold for one in hosts),
        ground=Ground(Mark.READ, (RULE,)),
    )  # fmt: skip


def _hosts(cluster: str, leg: Leg, full: frozenset[str]) -> list[Step]:
    """Return a step for each image: hosts that get the same one go one after another."""
    images: dict[tuple[str, int], list[Upgrade]] = {}
    for move in leg.moves:
        goal = move.image.esxi
        images.setdefault((goal.version, goal.build) if goal else ("", 0), []).append(move)
    return [_remediation(cluster, leg, moves, full) for _, moves in sorted(images.items())]


def _remediation(cluster: str, leg: Leg, moves: Sequence[Upgrade], full: frozenset[str]) -> Step:
    target, goal = leg.target, moves[0].image.esxi
    minor, guests = target.minor, [one.host.guests for one in moves]
    driver = f"NVIDIA vGPU {target.name}" + (f" ({minor.host})" if minor else "")
    onto = f"ESXi {esxi_name(goal)} (build {goal.build}) and {driver}" if goal else driver
    names = tuple(one.host.name for one in moves)
    automatic = all(one.host.automatic for one in moves)
    hands = "" if automatic else " (by hand: DRS is not known to do it)"
    c_types = any("C" in one.series for one in guests) and target.release.branch >= C_TYPES
    package = "; C profiles need the AI Enterprise package" if c_types else ""
    where = cluster or "each host"
    return Step(
        0, Work.HOSTS, "vSphere administrator",
        f"One host after another: empty it{hands}, enter maintenance mode, remediate to one image "
        f"of {onto}{package}, reboot once, leave maintenance mode",
        "ESXi and NVIDIA's package in one image cost one reboot; an NVIDIA package on the host "
        "that is newer than the image's blocks the whole remediation",
        hosts=names,
        commands=(
            Command("vSphere Client", f"{where} > Updates > Image > Edit > {onto}"),
            Command("vSphere Client", f"{where} > Updates > Image > Remediate"),
        ),
        release=target.release.release, minor=minor.name if minor else "",
        driver=minor.host if minor else "",
        esxi=goal.version if goal else "", esxi_name=esxi_name(goal) if goal else "",
        build=goal.build if goal else 0,
        evacuations=len(moves), reboots=len(moves),
        moves=sum(_movable(one.host) for one in moves if one.host.name not in full),
        power_offs=sum(one.host.guests.fixed for one in moves)
        + sum(_movable(one.host) for one in moves if one.host.name in full),
        at_least=any(one.unsure or not one.known for one in guests),
        ground=Ground(Mark.READ, (DOWNGRADES,)),
    )  # fmt: skip


def _movable(host: PlannedHost) -> int:
    return host.guests.moves + host.guests.unsure


def _audit(cluster: str, leg: Leg) -> Step:
    chosen = f" --cluster {shlex.quote(cluster)}" if cluster else ""
    audit = f"hostcheck audit{chosen} -o after-{leg.target.name}.json"
    return Step(
        0, Work.AUDIT, "vSphere administrator",
        "Audit the hosts; go on when no required check fails that did not fail before",
        "what went wrong shows here, before the next round or the guests meet it",
        hosts=tuple(one.host.name for one in leg.moves),
        commands=(Command("hostcheck", audit),),
    )  # fmt: skip


def _guests_after(target: Target, count: int, hosts: Sequence[PlannedHost]) -> Step:
    minor = target.minor
    drivers = f" (Linux {minor.linux}, Windows {minor.windows})" if minor and minor.linux else ""
    return Step(
        0, Work.GUESTS, "owners of the VMs",
        f"Give the guests the drivers of vGPU {target.name}{drivers}, when it suits them",
        "they run in the window until then, and get security fixes only after",
        release=target.release.release, minor=minor.name if minor else "",
        guest_restarts=count, at_least=any(one.guests.untold for one in hosts),
        ground=Ground(Mark.READ, (RULE,)),
    )  # fmt: skip


def _hardware() -> Step:
    return Step(
        0, Work.HARDWARE, "owners of the VMs",
        "Raise the virtual hardware version and take new profiles, if they are wanted, last",
        "a VM of newer hardware starts on no host that was left behind",
        ground=Ground(Mark.INFERRED),
    )  # fmt: skip
