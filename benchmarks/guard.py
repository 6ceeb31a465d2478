"""What got slower since the last release.

    python -m benchmarks.guard            compares results/ with results/release/
    python -m benchmarks.guard --release  makes results/ the figures of a release

CPU seconds are compared, each divided by the calibration of its own session, and only where both
sessions asked the same: a benchmark whose workload became another is named and left out. It says
and never fails: what a shared machine measures in a minute is a hint.
"""

import argparse
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import measure
from hostcheck.words import count

SLOWER = 1.15
KEY = ("hosts", "client", "round trip ms")
FIGURES = ("CPU s", "CPU ms a BMC", "cpu")


class Compared(NamedTuple):
    """A row that both sessions have, and its CPU now as a multiple of that of the release."""

    name: str
    ratio: float


class Other(NamedTuple):
    """A benchmark that asks something else than it did: how many rows are not compared."""

    name: str
    rows: int


class _Row(NamedTuple):
    units: float
    workload: str | None


def _rows(path: Path) -> dict[tuple[Any, ...], _Row]:
    """Return CPU in units of the calibration, by what was measured; nothing without one."""
    taken = json.loads(path.read_text()) if path.is_file() else {}
    unit = taken.get("calibration")
    found = {}
    for row in taken["rows"] if unit else ():
        figure = next((row[one] for one in FIGURES if row.get(one)), None)
        if figure is not None:
            key = tuple(row.get(one) for one in KEY)
            found[key] = _Row(figure / unit, row.get("workload"))
    return found


def compared(now: Path, release: Path) -> Iterator[Compared | Other]:
    """Yield what both folders of results have, in the order of names."""
    for path in sorted(release.glob("*.json")):
        ours, others = _rows(now / path.name), 0
        for key, before in _rows(path).items():
            if key not in ours:
                continue
            if ours[key].workload != before.workload:
                others += 1
                continue
            words = " ".join(
                f"{one} {value}" for one, value in zip(KEY, key, strict=True) if value is not None
            )
            yield Compared(f"{path.stem}: {words}", ours[key].units / before.units)
        if others:
            yield Other(path.stem, others)


def told(found: list[Compared | Other]) -> str:
    """Say what got slower, what asks something else, and how much was compared."""
    same = [one for one in found if isinstance(one, Compared)]
    slower = [f"slower, {one.ratio:.2f} x: {one.name}" for one in same if one.ratio > SLOWER]
    others = [
        f"{one.name}: its workload is another than the last release's; not compared: "
        f"{count(one.rows, 'row')}"
        for one in found
        if isinstance(one, Other)
    ]
    least = min((one.ratio for one in same), default=0)
    most = max((one.ratio for one in same), default=0)
    rows = count(len(same), "row")
    whole = f"{rows} compared with the last release: {least:.2f} to {most:.2f} x its CPU"
    return "\n".join(
        [*slower, *others, whole if same else "nothing to compare with the last release"]
    )


def main() -> None:
    """Compare and print, or keep."""
    parser = argparse.ArgumentParser(description="What got slower since the last release.")
    parser.add_argument("--release", action="store_true")
    release = measure.RESULTS / "release"
    if parser.parse_args().release:
        release.mkdir(exist_ok=True)
        for path in measure.RESULTS.glob("*.json"):
            shutil.copy(path, release)
        return
    print(told(list(compared(measure.RESULTS, release))))


if __name__ == "__main__":
    main()
