"""Hosts of a run file that the patterns of a command leave."""

from collections.abc import Iterator

from hostcheck.model.fact import Known
from hostcheck.model.host import Host
from hostcheck.model.run import Run
from hostcheck.ways.vsphere.inventory import is_host, matches

__all__ = ["matches", "of_run"]


def of_run(run: Run, hosts: tuple[str, ...], clusters: tuple[str, ...]) -> Iterator[Host]:
    """Yield the hosts of a run by name and cluster; one of no known cluster is in none."""
    for report in run.hosts:
        host = report.host
        cluster = host.cluster.value if isinstance(host.cluster, Known) else ""
        if is_host(host.name, hosts) and matches(cluster, clusters):
            yield host
