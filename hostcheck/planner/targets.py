"""What is to be planned for: `--to 19`, `--esx 8.0u3k`, or all that is alive."""

import re

from msgspec import Struct

from hostcheck.errors import UsageError
from hostcheck.model.lifecycle import EsxiBuild, Minor, line_of
from hostcheck.model.requirements import VgpuRelease
from hostcheck.planner.table import ReleaseTable, esxi_name

_TO = re.compile(r"([0-9]{1,2})(?:\.([0-9]{1,2}))?")


class Target(Struct, frozen=True):
    """A release to end at; the minor is None where no host driver of it is known."""

    release: VgpuRelease
    minor: Minor | None

    @property
    def name(self) -> str:
        """`19.5`, or `21` where no minor is known."""
        return self.minor.name if self.minor else str(self.release.release)


def targets(words: tuple[str, ...], table: ReleaseTable) -> tuple[Target, ...]:
    """Return what was asked for, or every release that is alive. Raises UsageError."""
    if not words:
        alive = [one for one in table.releases if one.ends.value and not table.dead(one)]
        return tuple(Target(one, table.newest(one)) for one in alive)
    found = {one.name: one for one in (_target(word, table) for word in words)}
    return tuple(sorted(found.values(), key=lambda one: one.release.release))


def _target(word: str, table: ReleaseTable) -> Target:
    match = _TO.fullmatch(word.strip().lower().removeprefix("vgpu").strip())
    release = table.release(int(match[1])) if match else None
    known = ", ".join(str(one.release) for one in table.releases if one.minors)
    if match is None or release is None:
        raise UsageError(f"--to {word!r} is no vGPU release of the table; it has {known}")
    if match[2] is None:
        return Target(release, table.newest(release))
    minor = next((one for one in release.minors if one.name == match[0] and one.host), None)
    if minor is None:
        has = ", ".join(one.name for one in release.minors if one.host) or "none"
        raise UsageError(
            f"--to {word!r}: no host driver of it is known; of {match[1]} known: {has}"
        )
    return Target(release, minor)


def esxi(word: str, table: ReleaseTable) -> EsxiBuild | None:
    """Return the build that was asked for; None where none was. Raises UsageError.

    `8.0u3k`, `8.0 U3k`, `9.0.2.0100`, a build number, or a line: the build that hosts of it should
    not be below, else its newest.
    """
    if not word:
        return None
    wanted = _plain(word)
    for line in table.needs.esxi:
        if wanted == line.line:
            return table.floor(line) or line.builds[-1]
        for one in reversed(line.builds):
            if wanted in (_plain(esxi_name(one)), str(one.build), one.version):
                return one
    names = ", ".join(one.line for one in table.needs.esxi)
    lines = [one for one in table.needs.esxi if wanted.startswith(one.line)]
    if lines:
        known = ", ".join(esxi_name(one) for one in lines[0].builds[-6:])
        raise UsageError(f"--esx {word!r} is no build of the table; the last of that line: {known}")
    raise UsageError(f"--esx {word!r} is no build of the table; name one, or a line: {names}")


def _plain(word: str) -> str:
    return word.lower().removeprefix("esxi").removeprefix("esx").replace(" ", "")


def is_line(build: EsxiBuild, version: str) -> bool:
    """Whether a version of ESXi is of the line of a build."""
    return line_of(build.version) == line_of(version)
