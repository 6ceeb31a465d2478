"""What starts from a saved run, beside reading the same file with Python's own `json`.

    python -m benchmarks.saved [--hosts 1000 10000] [--repeat 3]

The fleet is the recorded machines, again and again, each with a name, ids, a serial number, UUIDs
and VMs of its own. The night after, all were asked again, and of fifty hosts one became another
machine.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from benchmarks.stages import measured, recorded, rows
from hostcheck import runfile
from hostcheck.model.fact import Known
from hostcheck.model.run import HostReport

DAY = "2026-11-28"
MOVED = 50
CLUSTER = 16
UUID = re.compile(rb"GPU-[0-9a-f]{8}")
VM = re.compile(rb'"(vm|VirtualMachine)-(\d+)"')
ASKED = re.compile(rb'(?<="taken_at":")20\d\d-\d\d-\d\d')
NAME, ID, OF, SERIAL = b"esx-@.example.com", b"host-@", b"cluster-@", b"1320322014"
LOAD = "import json, sys; json.load(open(sys.argv[1]))"


def pattern_of(report: HostReport) -> bytes:
    """Return the line of a host with marks where what is its own goes."""
    host = replace(report.host, id=ID.decode(), cluster=Known(OF.decode()))
    return runfile.pack(replace(report, host=host)).replace(report.host.name.encode(), NAME)


def line_of(pattern: bytes, number: int, night: int) -> bytes:
    """Return the line of a host of a number, asked in a night."""
    line = UUID.sub(b"GPU-%08x" % number, pattern)
    line = VM.sub(rb'"\1-\g<2>%05d"' % number, line)
    line = ASKED.sub(b"2026-11-%02d" % (20 + night), line)
    for mark, own in (
        (NAME, b"esx-%05d.example.com" % number), (ID, b"host-%d" % number),
        (OF, b"cluster-%04d" % (number // CLUSTER)), (SERIAL, b"%010d" % number),
    ):  # fmt: skip
        line = line.replace(mark, own)
    return line


def line_up(hosts: int, recorded: Path, path: Path, night: int = 0) -> None:
    """Write the run file of so many hosts."""
    run = runfile.read(recorded)
    patterns = [pattern_of(one) for one in run.hosts]

    def line(number: int) -> bytes:
        other = night if number % MOVED == 0 else 0
        return line_of(patterns[(number + other) % len(patterns)], number, night)

    day = f"2026-11-{20 + night}T01:00:00.000Z"
    fleet = runfile.StoredHosts(hosts, line)
    runfile.write(replace(run, hosts=fleet, first_answer_at=day, last_answer_at=day), path)


def rows_of(hosts: int, repeat: int) -> Iterator[dict[str, Any]]:
    """Measure Python's reading alone, then commands."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        then, now = (work / one for one in ("then.json", "now.json"))
        hostcheck = [sys.executable, "-m", "hostcheck"]
        pattern = recorded(hosts, work)
        line_up(hosts, pattern, then)
        line_up(hosts, pattern, now, night=1)
        stages = {
            "json.load": [sys.executable, "-c", LOAD, str(now)],
            "report, line": [*hostcheck, "report", str(now), "--format", "line"],
            "diff": [*hostcheck, "diff", str(then), str(now)],
            "plan": [*hostcheck, "plan", str(now), "--day", DAY],
            "hosts": [*hostcheck, "hosts", str(now)],
            "drift": [*hostcheck, "drift", str(now)],
            "truce": [*hostcheck, "truce", str(now)],
        }
        yield from rows(stages, hosts=hosts, repeat=repeat, work=work)


def main() -> None:
    """Measure, print, and keep the results."""
    measured("saved", "What starts from a saved run.", rows_of, (1000, 10000))


if __name__ == "__main__":
    main()
