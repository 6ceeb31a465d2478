"""Releases as NVIDIA's security bulletins and the archive of its packages have them.

Bulletins hold typing errors: 5703 names 575.274.02 for vGPU 16.12, 5747 names 580.129.08 for 19.4
and gives a driver of 16 to 19.4. A number is taken only if it is of the release's branch and no
later bulletin names another one.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.lifecycle import Minor
from hostcheck.model.requirements import VgpuRelease
from hostcheck.model.window import vgpu_release_of

_ROW = re.compile(r"^\|\s*CVE[^|]*\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|", re.MULTILINE)
_DRIVER = re.compile(r"([0-9]{3}(?:\.[0-9]+){1,2})\s*\([^)]*?vGPU(?: software)? ([0-9]+\.[0-9]+)\)")
_ZIP = re.compile(
    r"^### \S*vSphere-([0-9.]+)-([0-9.]+?)(?:-([0-9.]+?))?-([0-9.]+)\.zip", re.MULTILINE
)
_VERSION = re.compile(r"<strong>Version</strong></td><td>([0-9]+\.[0-9]+)<")
FIRST = 13
"""First release whose minors the table holds."""


class Quoted(Struct, frozen=True, order=True):
    """A driver of a minor, as a bulletin or a package names it. `kind`: host, linux, windows."""

    minor: str
    kind: str
    driver: str
    by: str


def bulletin(text: str, by: str) -> list[Quoted]:
    """Read a bulletin (`5821.md`): host drivers for VMware vSphere, and guest drivers."""
    found: dict[Quoted, None] = {}
    for product, platform, *columns in _ROW.findall(text):
        kind = _kind(product, platform)
        if kind:
            for column in columns:
                for driver, minor in _DRIVER.findall(column):
                    found.setdefault(Quoted(minor, kind, driver, by))
    return list(found)


def _kind(product: str, platform: str) -> str:
    if "Cloud Gaming" in platform:
        return ""
    if "Virtual GPU Manager" in product:
        return "host" if "vSphere" in platform else ""
    if "uest driver" not in product:
        return ""
    return {"L": "linux", "W": "windows"}.get(platform.strip()[:1], "")


def package(text: str, by: str) -> tuple[list[Quoted], str]:
    """Read a page of the archive: the drivers of a package for VMware vSphere, and its line.

    Where the file's name has two numbers, host and Linux guest are the same. Empty for others.
    """
    zipped, version = _ZIP.search(text), _VERSION.search(text)
    if zipped is None or version is None:
        return [], ""
    line, host, linux, windows = zipped.groups()
    named = (("host", host), ("linux", linux or host), ("windows", windows))
    return [Quoted(version[1], kind, driver, by) for kind, driver in named], line


def from_bulletins(folder: Path, releases: tuple[VgpuRelease, ...]) -> Iterator[str]:
    """Compare the bulletins of a checkout of NVIDIA/product-security, or one of them."""
    files = sorted(_files(folder), key=lambda one: one.stem)
    said = [
        one
        for file in files
        for one in bulletin(file.read_text(encoding="utf-8", errors="replace"), file.stem)
    ]
    if not said:
        raise ParseError("no bulletin with a virtual GPU manager is in it, such as 5821.md")
    yield from _compared(said, releases)


def from_archive(folder: Path, releases: tuple[VgpuRelease, ...]) -> Iterator[str]:
    """Compare the pages of a checkout of nvidiavgpuarchive/index, or one of them."""
    said: list[Quoted] = []
    packed: set[tuple[str, str]] = set()
    for file in sorted(_files(folder)):
        found, line = package(file.read_text(encoding="utf-8", errors="replace"), file.stem[:6])
        said += found
        packed.update((one.minor, line) for one in found)
    if not said:
        raise ParseError("no page of a package for VMware vSphere is in it")
    yield from _compared(said, releases)
    for minor, line in sorted(packed, key=lambda one: (_numbers(one[0]), one[1])):
        release = _release(minor, releases)
        rows = [one for one in release.packages if one.line == line] if release else []
        if release is None or release.release < FIRST or line == "6.5":
            continue
        if not rows:
            yield f"{minor}: a package for ESXi {line} is not listed"
        elif rows[0].last and _numbers(minor) > _numbers(rows[0].last):
            yield f"{minor}: the last package for ESXi {line} is not {rows[0].last}"
        elif _numbers(minor) < _numbers(rows[0].first):
            yield f"{minor}: the first package for ESXi {line} is not {rows[0].first}"


def _files(folder: Path) -> Iterable[Path]:
    return folder.rglob("*.md") if folder.is_dir() else (folder,)


def _compared(said: Iterable[Quoted], releases: tuple[VgpuRelease, ...]) -> Iterator[str]:
    taken: dict[tuple[str, str], Quoted] = {}
    wrong: dict[str, None] = {}
    for one in said:
        release = _release(one.minor, releases)
        if release is not None and vgpu_release_of(one.driver, releases) != release:
            words = f"{one.minor}: {one.driver} is not of branch {release.branch}"
            wrong.setdefault(f"{words}: a typing error of {one.by}, not taken")
        else:
            taken[(one.minor, one.kind)] = one  # a later bulletin corrects an earlier one
    yield from wrong
    for (minor, kind), one in sorted(taken.items(), key=lambda it: (_numbers(it[0][0]), it[0][1])):
        release = _release(minor, releases)
        if release is None and _numbers(minor)[0] > FIRST:
            yield f"{minor}: no such release ({kind} {one.driver}, {one.by})"
        elif release is not None and release.release >= FIRST:
            yield from _listed(one, next((it for it in release.minors if it.name == minor), None))


def _listed(one: Quoted, minor: Minor | None) -> Iterator[str]:
    if minor is None:
        yield f"{one.minor}: is not listed ({one.kind} {one.driver}, {one.by})"
        return
    ours = {"host": minor.host, "linux": minor.linux, "windows": minor.windows}[one.kind]
    if not ours:
        yield f"{one.minor}: its {one.kind} driver is not listed: {one.driver} ({one.by})"
    elif ours != one.driver:
        yield f"{one.minor}: {one.kind} driver {one.driver} ({one.by}), not {ours}"


def _release(minor: str, releases: tuple[VgpuRelease, ...]) -> VgpuRelease | None:
    number = int(minor.partition(".")[0])
    return next((one for one in releases if one.release == number), None)


def _numbers(minor: str) -> tuple[int, ...]:
    return tuple(map(int, minor.split(".")))
