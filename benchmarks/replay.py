"""Replay, judge and render recorded hosts: what a thousand of them cost.

    python -m benchmarks.replay [--hosts 100 1000] [--repeat 3]

The recorded machines of fixtures/ stand in line again and again, each time under another name.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.stages import ROOT, measured, rows

FORMATS = ("text", "json", "junit", "html")


def line_up(hosts: int, folder: Path) -> None:
    """Make a folder of so many recordings."""
    machines = sorted(path.parent for path in (ROOT / "fixtures").glob("*/manifest.json"))
    for number, machine in enumerate(islice(cycle(machines), hosts)):
        place = folder / f"{number:05d}"
        shutil.copytree(machine, place, copy_function=os.link)
        manifest = json.loads((place / "manifest.json").read_text())
        manifest["host"] = f"esx-{number:05d}.lab.test"
        (place / "manifest.json").unlink()
        (place / "manifest.json").write_text(json.dumps(manifest))


def rows_of(hosts: int, repeat: int) -> Iterator[dict[str, Any]]:
    """Measure the audit of recordings, and every report of its run file."""
    with tempfile.TemporaryDirectory(dir=ROOT) as name:  # of one file system with fixtures/
        work = Path(name)
        line_up(hosts, work / "recordings")
        hostcheck = [sys.executable, "-m", "hostcheck"]
        recordings, run = str(work / "recordings"), str(work / "run.json")
        stages = {"replay, judge": [*hostcheck, "audit", "--from", recordings, "-q", "-o", run]}
        for one in FORMATS:
            told = ["report", run, "--format", one, "-o", str(work / one)]
            stages[f"report {one}"] = [*hostcheck, *told]
        yield from rows(stages, hosts=hosts, repeat=repeat, work=work)


def main() -> None:
    """Measure, print, and keep the results."""
    measured(
        "replay", "What recorded hosts cost to replay, judge and render.", rows_of, (100, 1000)
    )


if __name__ == "__main__":
    main()
