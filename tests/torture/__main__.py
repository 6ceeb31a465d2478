"""Damage every recorded machine in every way, and say what a report of it betrays.

    python -m tests.torture --inputs 1000000 --minutes 120
    python -m tests.torture --inputs 20000 --machine FOLDER     (one that was recorded since)

Ends with 1 where anything slipped. `make torture` runs it, and mutates the checks too.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.torture import report
from tests.torture.fleets import recorded_fleet
from tests.torture.run import ROOT, Journal, digest, run, summary


def main(given: list[str]) -> int:
    """Run, write the page, and print what slipped."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many at most")
    parser.add_argument("--minutes", type=float, default=120, help="how long at most")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--fleet", type=int, default=20, help="generated machines beside fixtures/")
    parser.add_argument("--work", type=Path, default=ROOT / ".torture", help="where it may go on")
    parser.add_argument("--machine", action="append", help="count this folder of fixtures/ alone")
    wanted = parser.parse_args(given)
    named = wanted.machine or sorted(
        one.parent.name for one in (ROOT / "fixtures").glob("*/manifest.json")
    )
    folders = [f"fixtures/{one}" for one in named]
    if not wanted.machine:
        folders += recorded_fleet(wanted.fleet, wanted.work)
    journal = Journal(wanted.work / "inputs.jsonl", digest(folders))
    run(folders, journal, most=wanted.inputs, minutes=wanted.minutes, processes=wanted.processes)
    found = summary(journal.done.values())
    name = "alone.json" if wanted.machine else "inputs.json"
    told = _alone(found) if wanted.machine else found
    (wanted.work / name).write_text(json.dumps(told))
    sys.stdout.writelines(f"{words}\n" for words in journal.slips[:200])
    report.write(wanted.work)
    return 1 if journal.slips else 0


def _alone(found: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of machines that are counted by themselves, with the commit."""
    commit = ("git", "rev-parse", "--short", "HEAD")
    of = subprocess.run(commit, capture_output=True, text=True, check=True, cwd=ROOT)
    return {
        Path(folder).name: {**counts, "of": of.stdout.strip()}
        for folder, counts in found["machines"].items()
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
