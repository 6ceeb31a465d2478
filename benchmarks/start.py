"""What commands take before they do anything, beside importing click.

    python -m benchmarks.start [--repeat 9]

Each is a process of its own, with bytecode that was written before, as an installed package has it.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.measure import cost, keep, median, table, workload
from benchmarks.stages import ROOT

BARE, CLICK, HELP, TAB = "Python alone", "import click", "hostcheck --help", "completion of a name"
COMMANDS = ("audit", "preflight", "report", "diff", "plan", "history", "explain")
COLUMNS = {"client": "{}", "CPU ms": "{:.1f}", "of importing click": "{:.2f}", "peak MB": "{:.0f}"}
PRESSED = {
    "_HOSTCHECK_COMPLETE": "bash_complete", "COMP_WORDS": "hostcheck pre", "COMP_CWORD": "1",
}  # fmt: skip


def stages(run: Path) -> dict[str, tuple[list[str], Mapping[str, str]]]:
    """Return what is started, by name, with what its environment holds beside the usual."""
    hostcheck = [sys.executable, "-m", "hostcheck"]
    found: dict[str, tuple[list[str], Mapping[str, str]]] = {
        BARE: ([sys.executable, "-c", "pass"], {}),
        CLICK: ([sys.executable, "-c", "import click"], {}),
        HELP: ([*hostcheck, "--help"], {}),
        TAB: (
            [sys.executable, "-c", "from hostcheck.cli import main; main(prog_name='hostcheck')"],
            PRESSED,
        ),
    }
    found |= {f"{one} --help": ([*hostcheck, one, "--help"], {}) for one in COMMANDS}
    return found | {
        "report of one host": ([*hostcheck, "report", str(run), "--format", "line"], {}),
        "diff of one host": ([*hostcheck, "diff", str(run), str(run)], {}),
        "plan of one host": ([*hostcheck, "plan", str(run), "--day", "2026-11-28"], {}),
    }


def rows_of(repeat: int, only: Collection[str] = ()) -> Iterator[dict[str, Any]]:
    """Measure all in turns, so many times each."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        run = work / "run.json"
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        machine = ROOT / "fixtures" / "2n-2xA100-80-esxi803"
        audit = [sys.executable, "-m", "hostcheck", "audit", "-q", "--from", str(machine)]
        cost([*audit, "-o", str(run)], env=env, cwd=work, accepted=(0, 1, 3))
        taken: dict[str, list[dict[str, float]]] = {}
        for _ in range(repeat):
            for one, (command, more) in stages(run).items():
                if only and one not in only:
                    continue
                took = cost(command, env={**env, **more}, cwd=work, accepted=(0, 1, 3))
                taken.setdefault(one, []).append(took)
    unit = median(taken[CLICK])["cpu"]
    for one, each in taken.items():
        found = median(each)
        yield {
            "hosts": 1, "client": one, "workload": workload(machine),
            "CPU s": found["cpu"], "CPU ms": found["cpu"] * 1000,
            "of importing click": found["cpu"] / unit, "peak MB": found["memory"],
        }  # fmt: skip


def main() -> None:
    """Measure, print, and keep the results."""
    parser = argparse.ArgumentParser(description="What commands take before they do anything.")
    parser.add_argument("--repeat", type=int, default=9)
    repeat = parser.parse_args().repeat
    found = list(rows_of(repeat))
    print(table(found, COLUMNS), flush=True)
    keep("start", found, repeat=repeat, figure="CPU ms")


if __name__ == "__main__":
    main()
