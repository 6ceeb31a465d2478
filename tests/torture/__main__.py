"""Damage every recorded machine in every way, and say what a report of it betrays.

    python -m tests.torture --inputs 1000000 --minutes 120

Ends with 1 where anything slipped. `make torture` runs it, and mutates the checks too.
"""

import argparse
import json
import os
import sys
from pathlib import Path

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
    parser.add_argument("--machine", action="append", help="only this folder of fixtures/")
    wanted = parser.parse_args(given)
    named = wanted.machine or sorted(
        one.parent.name for one in (ROOT / "fixtures").glob("*/manifest.json")
    )
    folders = [f"fixtures/{one}" for one in named]
    if not wanted.machine:
        folders += recorded_fleet(wanted.fleet, wanted.work)
    journal = Journal(wanted.work / "inputs.jsonl", digest(folders))
    run(folders, journal, most=wanted.inputs, minutes=wanted.minutes, processes=wanted.processes)
    found = json.dumps(summary(journal.done.values()))
    (wanted.work / "inputs.json").write_text(found)
    sys.stdout.writelines(f"{words}\n" for words in journal.slips[:200])
    if not wanted.machine:
        report.write(wanted.work)
    return 1 if journal.slips else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
