"""What the catalogue's table says: the window of guests, support, builds, the newest of each."""

from collections.abc import Callable, Iterable
from itertools import pairwise

from hostcheck.model.lifecycle import Cell, EsxiBuild, EsxiLine, Mark, Minor, line_of, over
from hostcheck.model.plan import Ground
from hostcheck.model.release import release_of
from hostcheck.model.requirements import GpuModel, Requirements, VgpuRelease
from hostcheck.model.window import Window, window

Judge = Callable[[VgpuRelease, VgpuRelease], Window]
"""Says whether a host of the first release takes guests of the second."""
Judges = Callable[[tuple[GpuModel, ...]], Judge]
"""Makes it for the GPUs of a cluster."""


class ReleaseTable:
    """The catalogue's releases and lines, on a day."""

    def __init__(
        self, needs: Requirements, sources: dict[str, str], day: str, judge: Judges | None = None
    ) -> None:
        """Take the catalogue, its sources by key, and who judges guests if it is not the table."""
        self._judge = judge
        self.needs = needs
        self.day = day
        self.releases = tuple(one for one in needs.releases if one.release)
        self._sources = sources
        self._lines = {one.line: one for one in needs.esxi}
        self.window: Judge = _once(lambda host, guest: window(host, guest, needs.releases))
        if judge is not None:
            self.window = _once(judge(()))

    def for_gpus(self, models: Iterable[GpuModel]) -> "ReleaseTable":
        """Return the table with the window that hosts with these GPUs have."""
        if self._judge is None:
            return self
        made = ReleaseTable(self.needs, self._sources, self.day, self._judge)
        made.window = _once(self._judge(tuple(models)))
        return made

    def ground(self, mark: Mark, keys: tuple[str, ...]) -> Ground:
        """Name sources in words."""
        return Ground(mark, tuple(self._sources[key] for key in keys))

    def of_cell(self, cell: Cell) -> Ground:
        """Say what a cell rests on."""
        return (
            Ground(cell.mark, (cell.page,)) if cell.page else self.ground(cell.mark, cell.sources)
        )

    def release(self, number: int) -> VgpuRelease | None:
        """Return a release by its number."""
        return next((one for one in self.releases if one.release == number), None)

    def dead(self, release: VgpuRelease) -> bool:
        """Say whether support has surely ended, or is believed to have."""
        return bool(release.ends.value) and over(release.ends.value, self.day)

    def newest(self, release: VgpuRelease) -> Minor | None:
        """Return the newest minor whose host driver is known."""
        return next((one for one in reversed(release.minors) if one.host), None)

    def line(self, version: str) -> EsxiLine | None:
        """Return the line of a version of ESXi."""
        return self._lines.get(line_of(version))

    def build(self, version: str, number: int) -> EsxiBuild | None:
        """Return a build by version and number."""
        line = self.line(version)
        builds = line.builds if line else ()
        return next((one for one in builds if (one.version, one.build) == (version, number)), None)

    def floor(self, line: EsxiLine) -> EsxiBuild | None:
        """Return the build that hosts of a line should not be below: the last one named."""
        return line.floor[-1] if line.floor else None

    def below(self, version: str, build: int) -> bool | None:
        """Say whether a host lacks the fixes of faults that are exploited; None: not known."""
        line = self.line(version)
        if line is None or not line.floor:
            return None
        own = next((one for one in line.floor if one.version == version), None)
        if own is not None:
            return build < own.build if build else None
        return True if release_of(version) < release_of(line.floor[-1].version) else None

    def supported(self, cell: Cell) -> str:
        """Say in words until when something is supported."""
        if cell.mark is Mark.UNKNOWN:
            return f"end of support UNKNOWN{f': see {cell.page}' if cell.page else ''}"
        believed = "" if cell.mark is Mark.READ else ", believed"
        word = "ended" if over(cell.value, self.day) else "until"
        return f"support {word} {cell.value}{believed} [{cell.mark.value}]"

    def ladder(self, first: int, last: int) -> int:
        """Count the rounds of taking one release after another."""
        between = [one.release for one in self.releases if first <= one.release <= last]
        return sum(1 for _ in pairwise(between))


def _once(judge: Judge) -> Judge:
    """Ask about each pair of releases once: thousands of clusters have the same ones."""
    told: dict[tuple[int, int], Window] = {}

    def judged(host: VgpuRelease, guest: VgpuRelease) -> Window:
        key = host.branch, guest.branch
        if key not in told:
            told[key] = judge(host, guest)
        return told[key]

    return judged


def esxi_words(version: str, build: int, known: EsxiBuild | None) -> str:
    """Name a build of ESXi: `8.0 U3e (8.0.3, build 24674464)`."""
    if not version:
        return "not known"
    number = f", build {build}" if build else ""
    if known is None or not known.name:
        return f"{version}{number}"
    return f"{esxi_name(known)} ({version}{number})"


def esxi_name(build: EsxiBuild) -> str:
    """Name a build as people do: `8.0 U3k`, `8.0a`, `9.0.2.0100`."""
    line = line_of(build.version)
    if build.name[:1].islower():
        return f"{line}{build.name}"
    if build.name.isdecimal():
        return f"{build.version}.{build.name}"
    if build.name == "GA":
        return build.version
    return f"{line} {build.name}" if build.name else build.version
