"""What a policy and waivers cost of a run: reading, judging and packing recorded machines.

All of it is CPU of one process, and each machine is judged with and without a policy in turns, so
that the shares of one run can be compared on a machine that others use too.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from msgspec.structs import replace

from benchmarks.measure import keep, table, workload
from hostcheck import runfile
from hostcheck.journal import Heading, Journal
from hostcheck.model.fact import Known
from hostcheck.model.host import Host
from hostcheck.model.policy import Policy
from hostcheck.policy.file import read
from hostcheck.runs import Totals, run_of
from hostcheck.sources.recorded import RecordedSource
from hostcheck.sources.walls import host_of
from hostcheck.verdict import report_of
from hostcheck.waivers import file as waivers_file
from hostcheck.waivers.apply import apply

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
CLUSTERS = 50
COLUMNS = {"hosts": "{}", "client": "{}", "CPU ms a host": "{:.3f}", "% of a run": "{:.2f}"}
_RULE = """
[[rule]]
check = ["NUMA-001", "LOC-001", "HOST-003"]
cluster = "{cluster}"
severity = "informational"
reason = "as it is wanted there"
"""
_WAIVER = """
[[waiver]]
check = "{check}"
host = "{host}"
reason = "a part is on its way"
owner = "k.meyer@example.com"
expires = 2099-12-31
"""


def _policy(folder: Path) -> Policy:
    """Return a profile with rules for many clusters on it."""
    rules = "".join(_RULE.format(cluster=f"gpu-{number}*") for number in range(CLUSTERS))
    path = folder / "site.toml"
    path.write_text(f'extends = "vgpu-vdi"\n{rules}')
    return read(str(path))


def _waivers(folder: Path, count: int) -> tuple[Any, ...]:
    """Return waivers: some of every host, the others of one host each."""
    checks = ("DRV-010", "NUMA-001", "LOC-002", "HOST-003", "GFX-001")
    given = [(one, "*") for one in checks[:2]]
    given += [(checks[at % len(checks)], f"esx-{at:05}*") for at in range(count - len(given))]
    path = folder / "waivers.toml"
    path.write_text("".join(_WAIVER.format(check=check, host=host) for check, host in given))
    return waivers_file.read(path)


def _fleet(count: int) -> Iterator[tuple[float, Host]]:
    """Yield hosts of many clusters, each with the CPU seconds that reading it took."""
    source = RecordedSource(FIXTURES)
    machines = source.machines()
    for number in range(count):
        recorded = source.collect(machines[number % len(machines)])
        begun = process_time()
        host = host_of(recorded)
        spent = process_time() - begun
        cluster = Known(f"gpu-{number % (2 * CLUSTERS)}")
        yield spent, replace(host, name=f"esx-{number:05}", id=f"host-{number}", cluster=cluster)


def _seconds(host: Host, policy: Policy | None, repeat: int) -> float:
    """Return the least CPU time of judging and packing a host."""
    found = []
    for _ in range(repeat):
        begun = process_time()
        runfile.pack(report_of(host, policy))
        found.append(process_time() - begun)
    return min(found)


def rows(hosts: int, repeat: int) -> list[dict[str, Any]]:
    """Measure a fleet of so many hosts."""
    with TemporaryDirectory() as folder, Journal(Heading("", "", "vc", ())) as journal:
        policy = _policy(Path(folder))
        waivers = _waivers(Path(folder), max(20, hosts // 10))
        reading = plain = policed = 0.0
        for spent, host in _fleet(hosts):
            reading += spent
            plain += _seconds(host, None, repeat)
            policed += _seconds(host, policy, repeat)
            journal.add(runfile.pack(report_of(host, policy)))
        seen = Totals("", "2026-11-28T00:00:00+00:00", smoked=False, bmcs=False)
        run = run_of("vc", journal.hosts(), policy=policy, seen=seen)
        waiving = []
        for _ in range(repeat):
            begun = process_time()
            apply(run, waivers, "waivers.toml")
            waiving.append(process_time() - begun)
    whole = reading + plain
    told = {
        "run without either": whole,
        f"policy, {len(policy.rules)} rules": policed - plain,
        f"waivers, {len(waivers)}": min(waiving),
        "policy and waivers": policed - plain + min(waiving),
    }
    return [
        {"hosts": hosts, "client": what, "workload": workload(FIXTURES),
         "CPU s": cpu, "CPU ms a host": cpu * 1000 / hosts,
         "% of a run": cpu * 100 / whole}
        for what, cpu in told.items()
    ]  # fmt: skip


def main() -> None:
    """Measure, print, and keep the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, nargs="+", default=[1000])
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    found = [row for hosts in given.hosts for row in rows(hosts, given.repeat)]
    print(table(found, COLUMNS))
    keep("policy", found, repeat=given.repeat, figure="CPU ms a host")


if __name__ == "__main__":
    main()
