"""What a plan of a fleet costs beside just reading its run file.

    python -m benchmarks.plan [--hosts 1000 10000] [--repeat 3]

The fleet is the recorded machines, again and again, with names, ids, UUIDs and VMs of their own, in
clusters of sixteen.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from benchmarks.stages import measured, recorded, rows
from hostcheck import runfile
from hostcheck.model.fact import Known
from hostcheck.model.run import HostReport

CLUSTER = 16
DAY = "2026-11-28"
UUID = re.compile(rb"GPU-[0-9a-f]{8}")
VM = re.compile(rb'"(vm|VirtualMachine)-(\d+)"')
READ = (
    "import sys; from pathlib import Path; from hostcheck import runfile; "
    "sum(1 for _ in runfile.read(Path(sys.argv[1])).hosts)"
)


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
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        run = work / "run.json"
        line_up(hosts, recorded(hosts, work), run)
        plan = [sys.executable, "-m", "hostcheck", "plan", str(run), "--day", DAY]
        stages = {
            "read the run file": [sys.executable, "-c", READ, str(run)],
            "plan --to 19": [*plan, "--to", "19", "-o", str(work / "one.txt")],
            "plan, text": [*plan, "-o", str(work / "plan.txt")],
            "plan, json": [*plan, "--format", "json", "-o", str(work / "plan.json")],
        }
        yield from rows(stages, hosts=hosts, repeat=repeat, work=work)


def main() -> None:
    """Measure, print, and keep the results."""
    measured("plan", "What a plan of a fleet costs.", rows_of, (1000, 10000))


if __name__ == "__main__":
    main()
