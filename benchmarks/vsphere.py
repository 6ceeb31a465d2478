"""Clients of the vSphere API side by side: the same fleet, the same properties, one run.

    python -m benchmarks.vsphere [--hosts 100 500 2000] [--delay 0 30] [--fleet mixed] [--repeat 3]
                                 [--only CLIENT ...]

The server is VMware's simulator in a process of its own; every client is one too, so that its CPU
and peak memory are its own. hostcheck does the whole audit (collect, join, judge, write the run
file); the others only collect. Results go to results/vsphere-FLEET.json and into a chart.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import fleets
from benchmarks.measure import cost, keep, median, table, workload
from benchmarks.peers import paths
from tests.peers import live
from tests.peers.ports import own_port

HERE = Path(__file__).resolve().parent
LAZY = "pyVmomi lazy"
LAZY_UP_TO = 20
"""Hosts, once and without a round trip added: it sends 264 requests for each of them."""
VERDICTS = (0, 1, 3)
"""How an audit ends that has come to its end."""
COLUMNS = {
    "hosts": "{}", "round trip ms": "{}", "client": "{}", "wall s": "{:.1f}", "CPU s": "{:.2f}",
    "peak MB": "{:.0f}", "requests": "{}", "MB": "{:.0f}",
}  # fmt: skip


def clients(port: int, work: Path, *, lazy: bool) -> dict[str, list[str]]:
    """Return the command of each client."""
    python = [sys.executable, "-m"]
    found = {
        "hostcheck audit": [
            *python, "hostcheck", "audit", "--vcenter", f"127.0.0.1:{port}", "--quiet",
            "--format", "line", "-o", str(work / "run.json"),
        ],
        "bytes only": [*python, "benchmarks.peers.bytes_only", str(port)],
        "pyVmomi collector": [*python, "benchmarks.peers.pyvmomi_collector", str(port)],
        "govmomi": [
            str(live.built("govmomi-client", module=HERE / "peers/govmomi")),
            "-port", str(port), "-host", ",".join(paths.HOST), "-vm", ",".join(paths.VM),
        ],
    }  # fmt: skip
    if lazy:
        found[LAZY] = [*python, "benchmarks.peers.pyvmomi_lazy", str(port)]
    return found


@contextmanager
def delayed(port: int, milliseconds: int) -> Iterator[int]:
    """Yield a port on which the server answers that much later."""
    if not milliseconds:
        yield port
        return
    with own_port() as listen:
        relay = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.delay", str(listen), str(port), str(milliseconds)],
            stdout=subprocess.PIPE, cwd=HERE.parent,
        )  # fmt: skip
        try:
            assert relay.stdout is not None
            relay.stdout.readline()
            yield listen
        finally:
            relay.kill()
            relay.communicate()


def measured(server: live.Vcenter, command: list[str], env: Mapping[str, str]) -> dict[str, float]:
    """Run one client once."""
    before = server.stats()
    with tempfile.TemporaryDirectory() as name:
        found = cost(
            command, env=env, cwd=Path(name), accepted=VERDICTS if "hostcheck" in command else (0,)
        )
    after = server.stats()
    return {
        **found,
        "requests": _calls(after) - _calls(before),
        "MB": (after["bytes"] - before["bytes"]) / 1e6,  # type: ignore[operator]
    }


def _calls(stats: dict[str, Any]) -> int:
    return int(sum(stats["calls"].values()))


def rows_of(
    kind: str, hosts: int, delays: Sequence[int], repeat: int, only: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Measure every client, or `only` some, against one fleet; repetitions take turns."""
    fleet, rewrite = fleets.KINDS[kind](hosts)
    with live.running_vcenter(fleet, rewrite=rewrite) as server:
        yield from rows_at(server, hosts, delays, repeat, only)


def rows_at(
    server: live.Vcenter,
    hosts: int,
    delays: Sequence[int],
    repeat: int,
    only: Collection[str] = (),
) -> Iterator[dict[str, Any]]:
    """Measure every client, or `only` some, at a server of so many hosts."""
    with tempfile.TemporaryDirectory() as t:
        env = {
            **os.environ, "GOVC_USERNAME": server.user, "GOVC_PASSWORD": server.password,
            "GOVC_TLS_CA_CERTS": str(server.ca_file), "PYTHONPATH": str(HERE.parent),
        }  # fmt: skip
        asked = workload(server.load_dir)
        for delay in delays:
            with delayed(server.port, delay) as port:
                commands = clients(port, Path(t), lazy=hosts <= LAZY_UP_TO and not delay)
                commands = {name: commands[name] for name in commands if name in (only or commands)}
                runs: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
                for turn in range(repeat):
                    for name in list(commands)[:: -1 if turn % 2 else 1]:
                        if name == LAZY and turn:
                            continue
                        runs[name].append(measured(server, commands[name], env))
            for name, all_runs in runs.items():
                found = median(all_runs)
                yield {
                    "hosts": hosts, "round trip ms": delay, "client": name, "workload": asked,
                    "wall s": found["wall"], "CPU s": found["cpu"], "peak MB": found["memory"],
                    "requests": int(found["requests"]), "MB": found["MB"],
                }  # fmt: skip


def main() -> None:
    """Measure, print, and keep the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--hosts", type=int, nargs="+", default=[100, 500, 2000])
    parser.add_argument("--delay", type=int, nargs="+", default=[0, 30])
    parser.add_argument("--fleet", choices=fleets.KINDS, default="mixed")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[], metavar="CLIENT", help="as in the table")
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for hosts in given.hosts:
        rows += rows_of(given.fleet, hosts, given.delay, given.repeat, given.only)
        print(table(rows, COLUMNS), flush=True)
    keep(f"vsphere-{given.fleet}", rows, repeat=given.repeat, figure="CPU s")


if __name__ == "__main__":
    main()
