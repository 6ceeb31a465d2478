"""A capacity as JSON: indented, in the order the model declares, newline at the end."""

from collections.abc import Iterator

from hostcheck.model.capacity import Capacity
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.documents import indented, spread


def pieces(counted: Capacity, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield a capacity host by host."""
    clusters = (
        spread(cluster, "hosts", ([indented(host)] for host in cluster.hosts))
        for cluster in counted.clusters
    )
    yield from spread(counted, "clusters", clusters)
    yield "\n"
