"""What a plan of a fleet costs beside just reading its run file.

    python -m benchmarks.plan [--hosts 1000 10000] [--repeat 3]

The fleet is the recorded machines, again and again, with names, ids, UUIDs and VMs of their own, in
clusters of sixteen.
"""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from benchmarks.measure import cost, keep, median, table
from hostcheck import runfile
from hostcheck.model.fact import Known
from hostcheck.model.run import HostReport

ROOT = Path(__file__).resolve().parents[1]
CLUSTER = 16
DAY = "2026-11-28"
UUID = re.compile(rb"GPU-[0-9a-f]{8}")
VM = re.compile(rb'"(vm|VirtualMachine)-(\d+)"')
READ = (
    "import sys; from pathlib import Path; from hostcheck import runfile; "
    "sum(1 for _ in runfile.read(Path(sys.argv[1])).hosts)"
)
COLUMNS = {
    "hosts": "{}", "client": "{}", "wall s": "{:.1f}", "CPU s": "{:.2f}",
    "CPU ms a host": "{:.2f}", "peak MB": "{:.0f}",
}  # fmt: skip


def again(report: HostReport, number: int) -> HostReport:
    """Return a host like another one, with what is a host's own."""
    line = UUID.sub(b"GPU-%08x" % number, runfile.pack(report))
    line = VM.sub(rb'"\1-\g<2>%05d"' % number, line)
    made = runfile.StoredHosts(1, lambda _: line)[0]
    host = replace(
        made.host, name=f"esx-{number:05d}.example.com", id=f"host-{number}",
        cluster=Known(f"cluster-{number // CLUSTER:04d}"),
    )  # fmt: skip
    return replace(made, host=host)


def line_up(hosts: int, pattern: Path, path: Path) -> None:
    """Write the run file of so many hosts."""
    run = runfile.read(pattern)
    recorded = tuple(run.hosts)
    every: Iterator[HostReport] = (
        again(report, number) for number, report in enumerate(islice(cycle(recorded), hosts))
    )
    runfile.write(replace(run, hosts=runfile.packed(every)), path)


def rows_of(hosts: int, repeat: int) -> Iterator[dict[str, Any]]:
    """Measure reading alone, and plans in three formats."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        pattern, run = work / "pattern.json", work / "run.json"
        audit = [sys.executable, "-m", "hostcheck", "audit", "--from", str(ROOT / "fixtures"), "-q"]
        cost([*audit, "-o", str(pattern)], env=env, cwd=work, accepted=(0, 1, 3))
        line_up(hosts, pattern, run)
        plan = [sys.executable, "-m", "hostcheck", "plan", str(run), "--day", DAY]
        stages = {
            "read the run file": [sys.executable, "-c", READ, str(run)],
            "plan --to 19": [*plan, "--to", "19", "-o", str(work / "one.txt")],
            "plan, text": [*plan, "-o", str(work / "plan.txt")],
            "plan, json": [*plan, "--format", "json", "-o", str(work / "plan.json")],
        }
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
    parser.add_argument("--hosts", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for hosts in given.hosts:
        rows += rows_of(hosts, given.repeat)
        print(table(rows, COLUMNS), flush=True)
    keep("plan", rows, repeat=given.repeat, figure="CPU ms a host")


if __name__ == "__main__":
    main()
