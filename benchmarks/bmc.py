"""BMCs side by side: how much longer than the slowest of them, and what each costs.

    python -m benchmarks.bmc [--hosts 1 1000] [--least 0.5] [--most 5] [--repeat 1]

One server on loopback plays all BMCs, each at an address of its own; each waits as long before
every answer as it was drawn by lot. Put 1 before the fleet: what a process costs that asks one BMC
is taken off the others. Beside it, of the same BMCs, a socket with TLS that sends and reads the
same and understands nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.measure import cost, digest_of, keep, median, table
from tests.peers.redfish import Login
from tests.ways.redfish.machines import rack

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = {
    "hosts": "{}", "client": "{}", "wall s": "{:.1f}", "slowest chain s": "{:.1f}",
    "wall / slowest": "{:.3f}", "CPU ms a BMC": "{:.2f}", "peak MB": "{:.0f}",
    "requests a BMC": "{:.1f}", "sessions left": "{}",
}  # fmt: skip
CLIENTS = {
    "hostcheck": "benchmarks.peers.bmcs_hostcheck",
    "a socket with TLS": "benchmarks.peers.bmcs_bare",
}


def measured(client: str, hosts: int, least: float, most: float) -> dict[str, float]:
    """Ask a fleet once with a client; return what it cost and what the BMCs saw."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {
            **os.environ, "PYTHONPATH": str(ROOT), "HOSTCHECK_BMC_PASSWORD": Login().password,
        }  # fmt: skip
        command = [sys.executable, "-m", "benchmarks.peers.bmcs", hosts, least, most, folder]
        with subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, env=env) as server:
            while not (folder / "ready").exists():
                if server.poll() is not None:
                    raise RuntimeError("the BMCs did not start")
                time.sleep(0.05)
            found = cost([sys.executable, "-m", client, name], env=env, cwd=folder)
            server.communicate()
        return found | json.loads((folder / "seen").read_text())


def rows_of(hosts: list[int], least: float, most: float, repeat: int) -> list[dict[str, Any]]:
    """Measure fleets of several sizes; the first is what a process costs by itself."""
    rows: list[dict[str, Any]] = []
    start: dict[str, float] = {}
    for count, (name, client) in product(hosts, CLIENTS.items()):
        found = median([measured(client, count, least, most) for _ in range(repeat)])
        start.setdefault(name, found["cpu"])
        more = count - hosts[0]
        beyond = (found["cpu"] - start[name]) / more if more > 0 else None
        rows.append(
            {
                "hosts": count,
                "client": name,
                "workload": digest_of((rack(), least, most)),
                "wall s": found["wall"],
                "slowest chain s": found["slowest"],
                "wall / slowest": found["wall"] / found["slowest"],
                "CPU ms a BMC": beyond and beyond * 1000,
                "peak MB": found["memory"],
                "requests a BMC": found["requests"] / count,
                "sessions left": int(found["left"]),
            }
        )
    return rows


def options_of(doc: str | None) -> argparse.ArgumentParser:
    """Return the options of a run at BMCs that wait from `least` to `most` seconds."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--least", type=float, default=0.5)
    parser.add_argument("--most", type=float, default=5.0)
    parser.add_argument("--repeat", type=int, default=1)
    return parser


def main() -> None:
    """Measure, print, and keep the results."""
    parser = options_of(__doc__)
    parser.add_argument("--hosts", type=int, nargs="+", default=[1, 1000])
    given = parser.parse_args()
    rows = rows_of(given.hosts, given.least, given.most, given.repeat)
    print(table(rows, COLUMNS), flush=True)
    keep("bmc", rows, repeat=given.repeat, figure="wall / slowest")


if __name__ == "__main__":
    main()
