"""Commands of hostcheck over one fleet, stage by stage: what each takes, per host."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import cost, keep, median, table, workload

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = {
    "hosts": "{}", "client": "{}", "wall s": "{:.1f}", "CPU s": "{:.2f}",
    "CPU ms a host": "{:.2f}", "peak MB": "{:.0f}", "MB": "{:.2f}",
}  # fmt: skip


def ended(command: Sequence[str], work: Path) -> dict[str, float]:
    """Run a command of this checkout to its verdict, whatever it is; return its `cost`."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return cost(command, env=env, cwd=work, accepted=(0, 1, 3))


def recorded(hosts: int, work: Path) -> Path:
    """Write the run file of the recorded machines; of no more of them than there are hosts."""
    machines, run = work / "machines", work / "pattern.json"
    machines.mkdir()
    for one in sorted((ROOT / "fixtures").glob("*/manifest.json"))[:hosts]:
        (machines / one.parent.name).symlink_to(one.parent)
    audit = [sys.executable, "-m", "hostcheck", "audit", "-q", "--from", str(machines)]
    ended([*audit, "-o", str(run)], work)
    return run


def rows(
    stages: Mapping[str, Sequence[str]],
    *,
    hosts: int,
    repeat: int,
    work: Path,
    recordings: Path = ROOT / "fixtures",
) -> Iterator[dict[str, Any]]:
    """Yield the medians of each stage, a command, in the order in which they are given.

    All of them start from these recordings, or from what was made of them.
    """
    asked = workload(recordings)
    for stage, command in stages.items():
        found = median([ended(command, work) for _ in range(repeat)])
        yield {
            "hosts": hosts, "client": stage, "workload": asked, "wall s": found["wall"],
            "CPU s": found["cpu"],
            "CPU ms a host": found["cpu"] * 1000 / hosts, "peak MB": found["memory"],
        }  # fmt: skip


def measured(
    name: str,
    title: str,
    rows_of: Callable[[int, int], Iterator[dict[str, Any]]],
    fleets: Sequence[int],
) -> None:
    """Measure fleets of these sizes by `rows_of(hosts, repeat)`, print, and keep the results."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--hosts", type=int, nargs="+", default=fleets)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    found: list[dict[str, Any]] = []
    for hosts in given.hosts:
        found += rows_of(hosts, given.repeat)
        print(table(found, COLUMNS), flush=True)
    keep(name, found, repeat=given.repeat, figure="CPU ms a host")
