"""Replay, judge and render recorded hosts: what a thousand of them cost.

    python -m benchmarks.replay [--hosts 100 1000] [--repeat 3]

The recorded machines of fixtures/ stand in line again and again, each time under another name.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.measure import cost, keep, median, table

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = {
    "hosts": "{}", "client": "{}", "wall s": "{:.1f}", "CPU s": "{:.2f}",
    "CPU ms a host": "{:.2f}", "peak MB": "{:.0f}",
}  # fmt: skip
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
        command = [sys.executable, "-m", "hostcheck"]
        run = str(work / "run.json")
        stages = {
            "replay, judge": [
                *command,
                "audit",
                "--from",
                str(work / "recordings"),
                "-q",
                "-o",
                run,
            ],
            **{
                f"report {one}": [*command, "report", run, "--format", one, "-o", str(work / one)]
                for one in FORMATS
            },
        }
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        for stage, arguments in stages.items():
            found = median(
                [cost(arguments, env=env, cwd=work, accepted=(0, 1, 3)) for _ in range(repeat)]
            )
            yield {
                "hosts": hosts, "client": stage, "wall s": found["wall"], "CPU s": found["cpu"],
                "CPU ms a host": found["cpu"] * 1000 / hosts, "peak MB": found["memory"],
            }  # fmt: skip


def main() -> None:
    """Measure, print, and keep the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for hosts in given.hosts:
        rows += rows_of(hosts, given.repeat)
        print(table(rows, COLUMNS), flush=True)
    keep("replay", rows, repeat=given.repeat, figure="CPU ms a host")


if __name__ == "__main__":
    main()
