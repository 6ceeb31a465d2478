"""One audit that asks vSphere, ESXi shells and BMCs of the same hosts, beside fewer ways.

    python -m benchmarks.beside [--hosts 300] [--least 0.5] [--most 5] [--repeat 1] [--tags]

The vCenter is VMware's simulator in a process of its own, the shells are one OpenSSH server, and
one server plays all BMCs, each of which waits as long before every answer as it was drawn by lot.
The BMCs are of machines that nobody knows, so that they are asked all and joined to no host.

The servers need the same cores: what they and the audit take, spread over all cores, is the least
wall that this machine can have, however the audit waits.
"""

import os
import random
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.bmc import options_of
from benchmarks.measure import cost, keep, median, served, table, workload
from hostcheck.fleet import cores
from tests.peers import live, shapes
from tests.peers.redfish import Login, State, running_bmcs
from tests.ways.redfish.machines import rack

VERDICTS = (0, 1, 3)
"""How an audit ends that has come to its end."""
COLUMNS = {
    "hosts": "{}", "client": "{}", "wall s": "{:.1f}", "slowest chain s": "{:.1f}",
    "wall / slowest": "{:.3f}", "CPU s": "{:.2f}", "CPU s of the servers": "{:.1f}",
    "all CPU / cores, s": "{:.1f}", "peak MB": "{:.0f}", "sessions left": "{}",
}  # fmt: skip
WAYS = {
    "vSphere": (), "and shells": ("shells",), "and BMCs": ("bmcs",),
    "and shells and BMCs": ("shells", "bmcs"),
}  # fmt: skip


def rows_of(
    hosts: int, least: float, most: float, repeat: int, *, tags: bool = False
) -> list[dict[str, Any]]:
    """Measure one fleet of so many hosts, way by way and all together.

    BMCs are listed by their hosts' names, or by service `tags`, which only vSphere tells.
    """
    fleet, chance = shapes.many(hosts), random.Random(1)
    held = rack()
    states = {
        f"127.2.{number // 250}.{1 + number % 250}": State(
            held, delay=chance.uniform(least, most), closes=False
        )
        for number in range(hosts)
    }
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        vcenter = stack.enter_context(live.running_vcenter(fleet))
        shells = stack.enter_context(live.running_shells(fleet, max_sessions=10))
        bmc = stack.enter_context(running_bmcs(states))
        named = [
            f"{host.serial if tags else host.name},{address}:{bmc.port},{bmc.fingerprint}"
            for host, address in zip(fleet, states, strict=True)
        ]
        head = f"{'service_tag' if tags else 'host'},address,fingerprint"
        (work / "bmc.csv").write_text("\n".join([head, *named, ""]))
        options = {
            "shells": ["--ssh", "--ssh-config", str(shells.config_file)],
            "bmcs": ["--bmc", "--bmc-inventory", str(work / "bmc.csv"), "--bmc-user", Login.user],
        }
        env = {
            **os.environ, "GOVC_PASSWORD": vcenter.password,
            "HOSTCHECK_SSH_PASSWORD": shells.password, "HOSTCHECK_BMC_PASSWORD": Login().password,
        }  # fmt: skip
        audit = [
            sys.executable, "-m", "hostcheck", "audit", "--vcenter",
            f"{vcenter.host}:{vcenter.port}", "--user", vcenter.user, "--tls-ca",
            str(vcenter.ca_file), "-q", "--format", "line", "-o", str(work / "run.json"),
        ]  # fmt: skip
        rows = []
        for client, ways in WAYS.items():
            command = [*audit, *(word for way in ways for word in options[way])]
            runs, slowest, idle = [], 0.0, served()
            for _ in range(repeat):
                before = {at: len(one.heard) for at, one in states.items()}
                runs.append(cost(command, env=env, cwd=work, accepted=VERDICTS))
                slowest = max(
                    one.delay * (len(one.heard) - before[at]) for at, one in states.items()
                )
            found, serving = median(runs), (served() - idle) / repeat
            rows.append({
                "hosts": hosts, "client": client, "workload": workload(vcenter.load_dir),
                "wall s": found["wall"],
                "slowest chain s": slowest or None,
                "wall / slowest": found["wall"] / slowest if slowest else None,
                "CPU s": found["cpu"], "CPU s of the servers": serving,
                "all CPU / cores, s": (found["cpu"] + serving) / cores(),
                "peak MB": found["memory"],
                "sessions left": sum(len(one.sessions) for one in states.values()),
            })  # fmt: skip
    return rows


def main() -> None:
    """Measure, print, and keep the results."""
    parser = options_of(__doc__)
    parser.add_argument("--hosts", type=int, default=300)
    parser.add_argument("--tags", action="store_true", help="BMCs by service tags")
    given = parser.parse_args()
    rows = rows_of(given.hosts, given.least, given.most, given.repeat, tags=given.tags)
    print(table(rows, COLUMNS), flush=True)
    keep("beside", rows, repeat=given.repeat, figure="CPU s")


if __name__ == "__main__":
    main()
