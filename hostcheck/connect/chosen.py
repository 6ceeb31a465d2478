"""Hosts of a run file that the patterns of a command leave."""

from collections.abc import Iterator

from hostcheck.model.fact import Known
from hostcheck.model.host import Host
from hostcheck.model.run import Run
from hostcheck.ways.vsphere.inventory import is_host, matches, refuse_strangers

__all__ = ["host_and_cluster", "is_host", "matches", "of_run", "refuse_strangers"]


def host_and_cluster(host: Host) -> tuple[str, str]:
    """Return a host's name, and its cluster's; "" where that is not known."""
    return host.name, host.cluster.value if isinstance(host.cluster, Known) else ""


def of_run(
    run: Run, where: str, hosts: tuple[str, ...], clusters: tuple[str, ...]
) -> Iterator[Host]:
    """Yield the hosts of a run by name and cluster; one of no known cluster is in none.

    Raises UsageError, behind the last one, for a pattern that matched nothing.
    """
    there = set()
    for report in run.hosts:
        host = report.host
        name, cluster = host_and_cluster(host)
        there.add((name, cluster))
        if is_host(name, hosts) and matches(cluster, clusters):
            yield host
    refuse_strangers(there, hosts, clusters, where=where)
