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

import msgspec

from benchmarks import measure
from hostcheck import app, runfile
from hostcheck.fleet import threads
from hostcheck.model.fact import Known
from hostcheck.model.run import HostReport, Run
from hostcheck.recording import Shelf
from hostcheck.sources.recorded import RecordedSource

FIXTURES = Path(__file__).parents[1] / "fixtures"
CLUSTER = 16
_UUID = re.compile(rb"GPU-[0-9a-f]{8}")
_VM = re.compile(rb'"(vm|VirtualMachine)-(\d+)"')
_READ = "from hostcheck import runfile; import sys; from pathlib import Path; sum(1 for _ in runfile.read(Path(sys.argv[1])).hosts)"  # noqa: E501
COLUMNS = {"hosts": "{}", "what": "{}", "wall": "{:.2f}", "cpu": "{:.2f}", "memory": "{:.0f}"}


def _again(report: HostReport, number: int) -> HostReport:
    """Return a host like another one, with what is its own."""
    line = _UUID.sub(b"GPU-%08x" % number, runfile.pack(report))
    line = _VM.sub(rb'"\1-\2%05d"' % number, line)
    made = runfile.StoredHosts(1, lambda _: line)[0]
    host = msgspec.structs.replace(
        made.host, name=f"esx-{number:05d}.example.com", id=f"host-{number}",
        cluster=Known(f"cluster-{number // CLUSTER:04d}"),
    )  # fmt: skip
    return msgspec.structs.replace(made, host=host)


def fleet(count: int, path: Path) -> None:
    """Write the run file of a fleet of so many hosts."""
    pattern = _recorded()
    made: Iterator[HostReport] = (
        _again(report, number) for number, report in enumerate(islice(cycle(pattern.hosts), count))
    )
    runfile.write(msgspec.structs.replace(pattern, hosts=runfile.packed(made)), path)
