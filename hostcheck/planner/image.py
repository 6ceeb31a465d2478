"""What goes onto a host in a round: one image of ESXi and NVIDIA's package, one reboot."""

from msgspec import Struct

from hostcheck.model.lifecycle import EsxiBuild, EsxiLine, Mark, PackedReleases, line_of, over
from hostcheck.model.plan import Ground
from hostcheck.model.release import release_of
from hostcheck.planner.table import ReleaseTable, esxi_name
from hostcheck.planner.targets import Target

PACKED_FOR_9 = 18
"""First release that was seen with a package for a line 9."""
UPGRADES = "https://interopmatrix.broadcom.com/Upgrade"


class Problem(Struct, frozen=True):
    """What keeps an image from a host; without a ground nobody knows whether it does."""

    what: str
    told_by: str
    ground: Ground | None = None
    decides: bool = True


class RoundImage(Struct, frozen=True):
    """ESXi of a host in a round; `esxi` is None where it stays as it is."""

    esxi: EsxiBuild | None
    problems: tuple[Problem, ...] = ()


def goal_of(
    version: str, build: int, wanted: EsxiBuild | None, table: ReleaseTable
) -> EsxiBuild | None:
    """Return the build that a host should come to; None: it can stay.

    What was asked for, else the build without exploited faults of its own line, or of the first
    later line that has general support.
    """
    if wanted is not None:
        same = wanted.version == version and build >= wanted.build
        return None if same else wanted
    line = table.line(version)
    if line is None or not line.general.value or not over(line.general.value, table.day):
        floor = table.floor(line) if line else None
        return floor if floor and table.below(version, build) else None
    alive = [
        one for one in table.needs.esxi
        if one.general.value and not over(one.general.value, table.day)
        and release_of(one.line) > release_of(line.line)
    ]  # fmt: skip
    return (table.floor(alive[0]) or alive[0].builds[-1]) if alive else None


def image_of(
    version: str,
    build: int,
    target: Target,
    goal: EsxiBuild | None,
    table: ReleaseTable,
    *,
    last: bool,
) -> RoundImage:
    """Return what a host gets in a round, and what speaks against it.

    Before the last round a host stays on its line where only that one is known to have a package.
    """
    here = line_of(version)
    if goal is not None and line_of(goal.version) != here and not last:
        later = _packed(target, line_of(goal.version), table)
        stays = _packed(target, here, table)
        if later is not None and stays is None:  # the line moves in a later round
            return RoundImage(None, tuple(_patched(version, build, target, table)))
    line = line_of(goal.version) if goal else here
    problems = [one for one in (_packed(target, line, table),) if one is not None]
    problems += _moves(version, build, goal, table)
    on = (goal.version, goal.build) if goal else (version, build)
    problems += _patched(*on, target, table)
    return RoundImage(goal, tuple(problems))


def _packed(target: Target, line: str, table: ReleaseTable) -> Problem | None:
    """Say whether NVIDIA made a package of a release for a line of ESXi."""
    release, rows = target.release, target.release.packages
    row = next((one for one in rows if one.line == line), None)
    named = f"vGPU {target.name} for ESXi {line}"
    if row is not None:
        return _seen(row, target, named, release.notes)
    if not rows or not line:
        return Problem(f"whether there is a package of {named}", release.notes)
    ground = table.ground(rows[0].mark, rows[0].sources)
    if release_of(line) < release_of(rows[0].line):
        first = f"vGPU {release.release} is for ESXi {rows[0].line} and later"
        return Problem(f"no package of {named}: {first}", "upgrade ESXi in the same image", ground)
    if release.release < PACKED_FOR_9:
        later = table.release(PACKED_FOR_9)
        seen = later.packages[-1] if later else rows[-1]
        words = f"no package of {named}: packages for 9.0 begin with vGPU {seen.first}"
        believed = Ground(Mark.INFERRED, ground.sources)
        return Problem(words, "take a later vGPU release, or stay on ESXi 8.0", believed)
    return Problem(f"whether there is a package of {named}", release.notes)


def _seen(row: PackedReleases, target: Target, named: str, notes: str) -> Problem | None:
    if target.minor is None or release_of(target.minor.name) < release_of(row.first):
        if target.minor is None:
            return Problem(f"which minor of {named} there is", notes)
        told = f"no package of {named}: the first was {row.first}"
        return Problem(told, f"take {row.first} or later", Ground(row.mark))
    return None


def _moves(version: str, build: int, goal: EsxiBuild | None, table: ReleaseTable) -> list[Problem]:
    """Say what speaks against going from one build of ESXi to another."""
    if goal is None:
        return []
    if not version:
        return [Problem("which ESXi runs", "an audit that reads the host", None)]
    if release_of(goal.version) < release_of(version):
        words = f"ESXi {version} does not go back to {esxi_name(goal)}"
        return [Problem(words, "choose a later build", Ground(Mark.READ))]
    if goal.version == version and build > goal.build:
        words = f"build {build} does not go back to {esxi_name(goal)} (build {goal.build})"
        return [Problem(words, "choose a later build", Ground(Mark.READ))]
    lines = [one.line for one in table.needs.esxi]
    here, there = line_of(version), line_of(goal.version)
    if here in lines and there in lines and lines.index(there) - lines.index(here) > 1:
        return [Problem(f"whether ESXi {here} goes to {there} in one step", UPGRADES)]
    return []


def _patched(version: str, build: int, target: Target, table: ReleaseTable) -> list[Problem]:
    """Say whether a release supports a build of ESXi."""
    need = target.release.esxi
    if need is None:
        return []
    ground = Ground(Mark.READ if need.verified else Mark.QUOTED, table.ground(
        Mark.QUOTED, need.sources).sources)  # fmt: skip
    mine = release_of(version)
    words = f"vGPU {target.release.release} wants ESXi {need.name} (build {need.build}) or later"
    if not mine:
        return [Problem(f"whether ESXi is new enough: {words}", "an audit that reads the host")]
    if mine[0] > release_of(need.version)[0]:
        which = f"which patch of ESXi {line_of(version)} vGPU {target.release.release} wants"
        return [Problem(which, target.release.notes)]
    if mine > release_of(need.version) or (
        mine == release_of(need.version) and build >= need.build
    ):
        return []
    if mine == release_of(need.version) and not build:
        return [Problem(f"whether ESXi is new enough: {words}", "an audit that reads the build")]
    return [Problem(f"ESXi {version} is too old: {words}", "patch ESXi in the same image", ground)]


def shorter(goal: EsxiBuild | None, line: EsxiLine | None, table: ReleaseTable) -> str:
    """Say that a later line is supported for less long than the present one; else nothing."""
    there = table.line(goal.version) if goal else None
    if there is None or line is None or there.line == line.line:
        return ""
    if (
        not there.general.value
        or not line.general.value
        or there.general.value >= line.general.value
    ):
        return ""
    return (
        f"general support of ESXi {there.line} ends {there.general.value}, before that of "
        f"{line.line} ({line.general.value})"
    )
