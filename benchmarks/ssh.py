"""Clients of the ESXi shells side by side: the same hosts, the same commands, one run.

    python -m benchmarks.ssh [--hosts 200 1000] [--workers 16] [--repeat 3]

One OpenSSH server on loopback plays all hosts. Every client is a process of its own and works on so
many hosts at a time. asyncssh and Ansible take part where they are installed: pip install asyncssh
ansible-core.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.measure import cost, keep, median, table
from benchmarks.peers.shells import Plan, write
from tests.peers import live, shapes

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = {
    "hosts": "{}", "client": "{}", "hosts/s": "{:.1f}", "wall s": "{:.1f}", "CPU s": "{:.2f}",
    "peak MB": "{:.0f}",
}  # fmt: skip


def clients() -> dict[str, str]:
    """Return the module of each client that can run here."""
    found = {
        "hostcheck": "benchmarks.peers.shells_hostcheck",
        "OpenSSH": "benchmarks.peers.shells_openssh",
    }
    if find_spec("asyncssh"):
        found["asyncssh"] = "benchmarks.peers.shells_asyncssh"
    if find_spec("ansible"):
        found["Ansible"] = "benchmarks.peers.shells_ansible"
    return found


def rows_of(hosts: int, workers: int, repeat: int) -> Iterator[dict[str, Any]]:
    """Measure every client against one fleet; repetitions take turns."""
    fleet = shapes.many(hosts)
    fleet = type(fleet)(tuple(one for one in fleet if one.shell and not one.shell_trouble))
    with (
        live.running_shells(fleet, max_sessions=10) as shells,
        tempfile.TemporaryDirectory() as name,
    ):
        plan = Plan(
            shells.port, shells.user, str(shells.key_file), str(shells.known_hosts_file), workers,
            {host.address: [gpu.address for gpu in host.seen_gpus()] for host in fleet},
        )  # fmt: skip
        write(plan, Path(name) / "plan.json")
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        runs: dict[str, list[dict[str, float]]] = {client: [] for client in clients()}
        for turn in range(repeat):
            for client in list(runs)[:: -1 if turn % 2 else 1]:
                command = [sys.executable, "-m", clients()[client], str(Path(name) / "plan.json")]
                runs[client].append(cost(command, env=env, cwd=Path(name)))
        for client, all_runs in runs.items():
            found = median(all_runs)
            yield {
                "hosts": len(plan.hosts), "client": client,
                "hosts/s": len(plan.hosts) / found["wall"], "wall s": found["wall"],
                "CPU s": found["cpu"], "peak MB": found["memory"],
            }  # fmt: skip


def main() -> None:
    """Measure, print, and keep the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for hosts in given.hosts:
        rows += rows_of(hosts, given.workers, given.repeat)
        print(table(rows, COLUMNS), flush=True)
    keep("ssh", rows, repeat=given.repeat, figure="hosts/s")


if __name__ == "__main__":
    main()
