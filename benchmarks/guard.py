"""What got slower since the last release.

    python -m benchmarks.guard            compares results/ with results/release/
    python -m benchmarks.guard --release  makes results/ the figures of a release

CPU seconds are compared, each divided by the calibration of its own session. It says and never
fails: what a shared machine measures in a minute is a hint.
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


def _rows(path: Path) -> dict[tuple[Any, ...], float]:
    """Return CPU in units of the calibration, by what was measured; nothing without one."""
    taken = json.loads(path.read_text())
    unit = taken.get("calibration")
    found = {}
    for row in taken["rows"] if unit else ():
        figure = next((row[one] for one in FIGURES if row.get(one)), None)
        if figure is not None:
            found[tuple(row.get(one) for one in KEY)] = figure / unit
    return found


def compared(now: Path, release: Path) -> Iterator[Compared]:
    """Yield what both folders of results have, in the order of names."""
    for path in sorted(release.glob("*.json")):
        ours = _rows(now / path.name) if (now / path.name).is_file() else {}
        for key, before in _rows(path).items():
            if key in ours:
                words = " ".join(
                    f"{one} {value}"
                    for one, value in zip(KEY, key, strict=True)
                    if value is not None
                )
                yield Compared(f"{path.stem}: {words}", ours[key] / before)


def told(found: list[Compared]) -> str:
    """Say what got slower, and how much was compared."""
    slower = [f"slower, {one.ratio:.2f} x: {one.name}" for one in found if one.ratio > SLOWER]
    least = min((one.ratio for one in found), default=0)
    most = max((one.ratio for one in found), default=0)
    rows = count(len(found), "row")
    whole = f"{rows} compared with the last release: {least:.2f} to {most:.2f} x its CPU"
    return "\n".join([*slower, whole if found else "nothing to compare with the last release"])


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
