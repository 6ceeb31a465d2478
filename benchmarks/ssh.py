"""Clients of the ESXi shells side by side: the same hosts, the same commands, one run.

    python -m benchmarks.ssh [--hosts 200 1000] [--jump-hosts 50] [--workers 16] [--repeat 3]

One OpenSSH server on loopback plays all hosts. Every client is a process of its own and works on so
many hosts at a time. asyncssh and Ansible take part where they are installed: pip install asyncssh
ansible-core. Of `--jump-hosts` hostcheck and OpenSSH reach all through one of them.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.measure import adopting, cost, keep, median, served, table, workload
from benchmarks.peers.shells import Plan, write
from hostcheck.fleet import cores
from tests.peers import live, shapes

ROOT = Path(__file__).resolve().parents[1]
ENDING_SECONDS = 1
"""So long after the last client sessions of the server may still be ending."""
COLUMNS = {
    "hosts": "{}", "client": "{}", "hosts/s": "{:.1f}", "wall s": "{:.1f}", "CPU s": "{:.2f}",
    "CPU ms a host": "{:.2f}", "CPU s of the server": "{:.1f}", "of what it allows": "{:.2f}",
    "peak MB": "{:.0f}",
}  # fmt: skip


def clients(*, jump: bool) -> dict[str, str]:
    """Return the module of each client that can run here, and go through a jump host if need be."""
    found = {
        "hostcheck": "benchmarks.peers.shells_hostcheck",
        "OpenSSH": "benchmarks.peers.shells_openssh",
    }
    if jump:
        return found
    if find_spec("asyncssh"):
        found["asyncssh"] = "benchmarks.peers.shells_asyncssh"
    if find_spec("ansible"):
        found["Ansible"] = "benchmarks.peers.shells_ansible"
    return found


def jumping(shells: live.Shells, work: Path) -> str:
    """Write a file for `ssh -F` by which all hosts are reached through the first one."""
    file = work / "jump"
    first = next(iter(shells.addresses.values()))
    file.write_text(
        f"Match host *,!{first}\n  ProxyJump {shells.user}@{first}:{shells.port}\n"
        f"Match all\n  IdentityFile {shells.key_file}\n  UserKnownHostsFile "
        f"{shells.known_hosts_file}\n"
    )
    return str(file)


def measured(command: list[str], work: Path) -> dict[str, float]:
    """Run one client once. Of what the server allows: beside its CPU on all cores and no wait."""
    before = served()
    found = cost(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=work)
    time.sleep(ENDING_SECONDS)
    served_s = served() - before
    return {**found, "served": served_s, "share": served_s / cores() / found["wall"]}


def rows_of(
    hosts: int, workers: int, repeat: int, *, jump: bool, only: Collection[str] = ()
) -> Iterator[dict[str, Any]]:
    """Measure every client, or `only` some, against one fleet; repetitions take turns."""
    fleet = shapes.many(hosts)
    fleet = type(fleet)(tuple(one for one in fleet if one.shell and not one.shell_trouble))
    with (
        adopting(),
        live.running_shells(
            fleet, max_sessions=10, settings=["AllowTcpForwarding yes"] * jump
        ) as shells,
        tempfile.TemporaryDirectory() as name,
    ):
        work = Path(name)
        plan = Plan(
            shells.port, shells.user, str(shells.key_file), str(shells.known_hosts_file), workers,
            {host.address: [gpu.address for gpu in host.seen_gpus()] for host in fleet},
            jumping(shells, work) if jump else "",
        )  # fmt: skip
        write(plan, work / "plan.json")
        found = clients(jump=jump)
        found = {name: found[name] for name in found if name in (only or found)}
        runs: dict[str, list[dict[str, float]]] = {client: [] for client in found}
        for turn in range(repeat):
            for client in list(runs)[:: -1 if turn % 2 else 1]:
                command = [sys.executable, "-m", found[client], str(work / "plan.json")]
                runs[client].append(measured(command, work))
        asked = workload(shells.known_hosts_file.parent / "replay")
        for client, all_runs in runs.items():
            usual = median(all_runs)
            yield {
                "hosts": len(plan.hosts), "client": f"{client}, by a jump host" if jump else client,
                "workload": asked, "hosts/s": len(plan.hosts) / usual["wall"],
                "wall s": usual["wall"], "CPU s": usual["cpu"],
                "CPU ms a host": usual["cpu"] * 1000 / len(plan.hosts),
                "CPU s of the server": usual["served"], "of what it allows": usual["share"],
                "peak MB": usual["memory"],
            }  # fmt: skip


def main() -> None:
    """Measure, print, and keep the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--jump-hosts", type=int, nargs="*", default=[50])
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    wanted = [(hosts, False) for hosts in given.hosts] + [
        (hosts, True) for hosts in given.jump_hosts
    ]
    for hosts, jump in wanted:
        rows += rows_of(hosts, given.workers, given.repeat, jump=jump)
        print(table(rows, COLUMNS), flush=True)
    keep("ssh", rows, repeat=given.repeat, figure="hosts/s")


if __name__ == "__main__":
    main()
