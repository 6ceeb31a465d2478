"""Preflights of one VM in vCenters of several sizes: the wall until the verdict, and requests.

    python -m benchmarks.preflight [--hosts 200 2000] [--profile-hosts 300] [--delay 0 30]
                                   [--against CHECKOUT] [--repeat 3]

Clusters have eight hosts whatever the size of the vCenter, so a preflight of a VM sends no more to
a larger one. A VM that does not exist yet, `--profile`, is judged on every host. Another checkout
takes turns with this one.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import fleets
from benchmarks.measure import keep, median, table, workload
from benchmarks.vsphere import delayed, measured
from tests.peers import live
from tests.peers.fleet import Fleet

ROOT = Path(__file__).resolve().parents[1]
CLUSTER = 8
COLUMNS = {
    "hosts": "{}", "round trip ms": "{}", "client": "{}", "wall s": "{:.2f}", "CPU s": "{:.2f}",
    "peak MB": "{:.0f}", "requests": "{}", "MB": "{:.2f}",
}  # fmt: skip


def rows_of(
    hosts: int, of: int, asked: str, delays: Sequence[int], checkouts: Sequence[Path], repeat: int
) -> Iterator[dict[str, Any]]:
    """Measure one command against the first hosts of a fleet; `asked` is `VM` or `--profile`.

    The first cluster is then the same, whatever the number of hosts.
    """
    fleet, rewrite = fleets.mixed(of)
    fleet = replace(
        fleet,
        hosts=fleet.hosts[:hosts],
        clusters=fleet.clusters[: (hosts + CLUSTER - 1) // CLUSTER],
    )
    with live.running_vcenter(fleet, rewrite=rewrite) as server:
        yield from rows_at(server, fleet, asked, delays, checkouts, repeat)


def rows_at(
    server: live.Vcenter,
    fleet: Fleet,
    asked: str,
    delays: Sequence[int],
    checkouts: Sequence[Path],
    repeat: int,
) -> Iterator[dict[str, Any]]:
    """Measure one command of some checkouts, in turns, at the server of a fleet."""
    vm = next(one for host in fleet for one in host.vms if one.profiles)
    words = {"VM": [vm.name], "--profile": ["--profile", vm.profiles[0]]}
    with tempfile.TemporaryDirectory() as t:
        env = {
            **os.environ, "GOVC_USERNAME": server.user, "GOVC_PASSWORD": server.password,
            "GOVC_TLS_CA_CERTS": str(server.ca_file),
        }  # fmt: skip
        for delay in delays:
            with delayed(server.port, delay) as port:
                command = [
                    sys.executable, "-m", "hostcheck", "preflight", *words[asked], "--vcenter",
                    f"127.0.0.1:{port}", "--quiet", "-o", str(Path(t) / "run.json"),
                ]  # fmt: skip
                runs: dict[Path, list[dict[str, float]]] = {one: [] for one in checkouts}
                for turn in range(repeat):
                    for checkout in checkouts[:: -1 if turn % 2 else 1]:
                        own = {**env, "PYTHONPATH": str(checkout)}
                        runs[checkout].append(measured(server, command, own))
            for checkout, all_runs in runs.items():
                found = median(all_runs)
                other = "" if checkout == ROOT else f" ({checkout.name})"
                yield {
                    "hosts": len(fleet.hosts), "round trip ms": delay,
                    "client": f"preflight {asked}{other}", "workload": workload(server.load_dir),
                    "wall s": found["wall"], "CPU s": found["cpu"], "peak MB": found["memory"],
                    "requests": int(found["requests"]), "MB": found["MB"],
                }  # fmt: skip


def main() -> None:
    """Measure, print, and keep the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--profile-hosts", type=int, nargs="*", default=[300])
    parser.add_argument("--delay", type=int, nargs="+", default=[0, 30])
    parser.add_argument("--against", type=Path, nargs="*", default=[])
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    checkouts = [ROOT, *(one.resolve() for one in given.against)]
    wanted = [(hosts, max(given.hosts), "VM") for hosts in given.hosts]
    wanted += [(hosts, hosts, "--profile") for hosts in given.profile_hosts]
    rows: list[dict[str, Any]] = []
    for hosts, of, asked in wanted:
        rows += rows_of(hosts, of, asked, given.delay, checkouts, given.repeat)
        print(table(rows, COLUMNS), flush=True)
    keep("preflight", rows, repeat=given.repeat, figure="wall s")


if __name__ == "__main__":
    main()
