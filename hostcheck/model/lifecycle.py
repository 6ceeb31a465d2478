"""How long releases live and what is in them: vGPU releases, lines of ESXi, and dates.

Every cell says how it is known. A page is named where nobody could read it: such a cell is UNKNOWN
and stays so.
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

LONG_TERM = "LTSB"
"""Long-term support branch: three years. The other kind, a production branch, has one."""
STALE_MONTHS = 6
"""NVIDIA brings a major release so often: a table that is older misses one."""


class Mark(StrEnum):
    """How a cell is known."""

    READ = "V"
    """In a text or file of the maker's, or two that agree."""
    QUOTED = "T"
    """As somebody else quotes it."""
    INFERRED = "I"
    """It follows from what was read."""
    UNKNOWN = "?"


class Cell(Struct, frozen=True):
    """A value of the table, how it is known, and from where; without a value the page that tells.

    `sources` are keys of the table's list.
    """

    mark: Mark
    value: str = ""
    sources: tuple[str, ...] = ()
    page: str = ""

    def __post_init__(self) -> None:
        """Refuse a cell that says neither what it knows nor where to look."""
        if (self.mark is Mark.UNKNOWN) == bool(self.value):
            raise ValueError(f"{self.value!r} is marked {self.mark.value}")


UNTOLD = Cell(Mark.UNKNOWN)


class Minor(Struct, frozen=True, array_like=True):
    """A vGPU release and its drivers; an empty one is not named. The mark is of the whole row."""

    name: str
    """`16.4`"""
    host: str
    linux: str
    windows: str
    mark: Mark
    sources: tuple[str, ...]


class PackedReleases(Struct, frozen=True, array_like=True):
    """A line of ESXi that releases were packed for, from the first to the last that was seen.

    An empty `last` is not known to be the last; an empty `vib` is not known.
    """

    line: str
    first: str
    last: str
    vib: str
    mark: Mark
    sources: tuple[str, ...]


class EsxiBuild(Struct, frozen=True, array_like=True):
    """A build of ESXi by its name. Builds order only within one version."""

    version: str
    name: str
    build: int
    mark: Mark
    sources: tuple[str, ...]


class EsxiLine(Struct, frozen=True):
    """A line of ESXi: 8.0 is all of 8.0.x."""

    line: str
    general: Cell
    """Day on which general support ends: `2027-10-11`."""
    guidance: Cell
    """Day on which technical guidance ends."""
    floor: tuple[EsxiBuild, ...]
    """First build of a version without the faults that are exploited; ascending."""
    builds: tuple[EsxiBuild, ...]
    """Ascending by version, and by build within one."""


@lru_cache(1024)
def line_of(version: str) -> str:
    """Return `8.0` of `8.0.3`, and nothing of what is no version."""
    head = version.split(".")[:2]
    return ".".join(head) if len(head) == 2 and all(map(str.isdecimal, head)) else ""


def over(end: str, day: str) -> bool:
    """Say whether a time has ended on a day: `2026-07` ends with its month, `2025-10-02` that day.

    `day` is written `2026-11-28`.
    """
    return day[: len(end)] > end


def months_between(earlier: str, later: str) -> int:
    """Return the whole months from one day to a later one."""
    first, second = (tuple(map(int, one.split("-"))) for one in (earlier[:10], later[:10]))
    return (second[0] - first[0]) * 12 + second[1] - first[1] - (second[2] < first[2])


def minors_of(version: str, minors: Iterable[Minor]) -> tuple[Minor, ...]:
    """Return the releases whose host driver a version is: one driver may be of two releases."""
    return tuple(one for one in minors if one.host and one.host == version)


def said(minors: Iterable[Minor]) -> str:
    """Name releases: `vGPU 16.4 or 16.5`; empty when there are none."""
    names = " or ".join(one.name for one in minors)
    return f"vGPU {names}" if names else ""
