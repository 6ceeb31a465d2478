"""Runs a program as a process of its own and says what it took: wall, CPU, peak memory."""

import compileall
import ctypes
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import hostcheck
from benchmarks import calibration, chart

HERE = Path(__file__).resolve().parent
LAUNCH = HERE / "launch.py"
RESULTS = HERE / "results"
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)


@cache
def compiled() -> Path:
    """Compile hostcheck as an installation does: with PYTHONDONTWRITEBYTECODE each start would."""
    package = Path(hostcheck.__file__).parent
    compileall.compile_dir(package, quiet=2)
    return package


def cost(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, accepted: Sequence[int] = (0,)
) -> dict[str, float]:
    """Run a command to its end. Seconds; CPU includes its children; memory is its peak in MB.

    Raises RuntimeError when it ends in another way than accepted.
    """
    compiled()
    report = cwd / "cost"
    launched = [sys.executable, "-S", "-E", str(LAUNCH), str(report), *command]
    with (cwd / "out").open("wb") as out, (cwd / "err").open("w+b") as err:
        done = subprocess.run(launched, stdout=out, stderr=err, env=env, cwd=cwd, check=False)
        if done.returncode not in accepted:
            err.seek(0)
            said = err.read()[-2000:].decode(errors="replace")
            raise RuntimeError(f"{command[:3]} ended with {done.returncode}: {said}")
    wall, cpu, memory = (float(word) for word in report.read_text().split())
    return {"wall": wall, "cpu": cpu, "memory": memory}


def digest_of(told: Any) -> str:
    """Return a short digest of what can be printed."""
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def workload(folder: Path) -> str:
    """Return a digest of what is asked: all names and sizes, for keys and times differ each time.

    Without the golden results beside recordings, which nobody is asked for.
    """
    files = [one for one in folder.rglob("*") if one.is_file() and one.name != "expected.json"]
    return digest_of(sorted((str(one.relative_to(folder)), one.stat().st_size) for one in files))


def _children() -> list[str]:
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [pid for one in tasks for pid in one.read_text().split()]


def served() -> float:
    """Return the CPU seconds of the servers: of this process, of its children, and of theirs."""
    told = [
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        for pid in (str(os.getpid()), *_children())
    ]
    own = sum(
        int(ticks) for ticks in told[0][11:13]
    )  # without the clients, which were its children
    theirs = sum(int(ticks) for one in told[1:] for ticks in one[11:15])
    return (own + theirs) / os.sysconf("SC_CLK_TCK")


@contextmanager
def adopting() -> Iterator[None]:
    """Take in what servers leave behind, so that `served` counts it: a session of OpenSSH, say."""
    there = set(_children())
    libc = ctypes.CDLL(None)
    libc.prctl(_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_SUBREAPER, 0, 0, 0, 0)
        for pid in set(_children()) - there:
            with suppress(ChildProcessError):
                os.waitpid(int(pid), os.WNOHANG)


def median(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the medians of several runs, figure by figure."""
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    """Return rows as a Markdown table; `columns` maps a heading to the format of its figure."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for row in rows:
        cells = (
            form.format(row[name]) if row.get(name) is not None else ""
            for name, form in columns.items()
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def keep(name: str, rows: Sequence[Mapping[str, Any]], *, repeat: int, figure: str) -> None:
    """Write results/NAME.json with date, machine and its speed, and a chart of one figure."""
    RESULTS.mkdir(exist_ok=True)
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    taken = {
        "taken": today, "machine": machine, "repeat": repeat,
        "calibration": calibration.seconds(), "rows": rows,
    }  # fmt: skip
    (RESULTS / f"{name}.json").write_text(json.dumps(taken, indent=1) + "\n")
    (RESULTS / f"{name}.svg").write_text(chart.bars(rows, figure, f"{name}, {today}, {machine}"))
