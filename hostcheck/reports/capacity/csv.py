"""Room as CSV: a row for each GPU and profile, for whoever adds up or draws.

`free` is empty where the count is not known; `at_least` says that more may fit. A host whose GPUs
are not known is a row without a GPU. Of one profile, `vcenter_free` is vCenter's own count of the
host, in the row of its first GPU.
"""

from collections.abc import Iterator

from hostcheck.model.capacity import Capacity, GpuCapacity, HostCapacity, Room
from hostcheck.model.fact import Known, Unknown
from hostcheck.reports import PAPER, Screen, words
from hostcheck.reports.cells import cell, row

HEAD = (
    "vcenter", "cluster", "host", "host_closed", "gpu", "gpu_name", "mode", "driver_asked",
    "running", "profile", "free", "at_least", "limit", "reason", "settled_by", "disagreement",
    "vcenter_free",
)  # fmt: skip


def pieces(counted: Capacity, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield row(HEAD)
    for cluster in counted.clusters:
        name = cell(words.known_or(cluster.name))
        for host in cluster.hosts:
            place = cell(host.target), name, cell(host.name), cell(host.closed)
            yield from (row((*place, *cells)) for cells in _host(host))


def _host(host: HostCapacity) -> Iterator[tuple[str, ...]]:
    said = "" if isinstance(host.vcenter_says, Unknown) else str(host.vcenter_says.value)
    if isinstance(host.gpus, Unknown):
        blank = ("",) * len(HEAD[4:12])
        why = cell(words.missing(host.gpus))
        yield (*blank, "unknown", why, cell(words.settles(host.gpus)), "", said)
        return
    for gpu in host.gpus.value:
        for room in gpu.rooms:
            yield (*_gpu(gpu), *_room(room), said)
            said = ""


def _gpu(gpu: GpuCapacity) -> tuple[str, ...]:
    running = str(len(gpu.running.value)) if isinstance(gpu.running, Known) else ""
    asked = "yes" if gpu.driver_asked else "no"
    return cell(gpu.address), cell(gpu.name), gpu.mode.value, asked, running


def _room(room: Room) -> tuple[str, ...]:
    known = isinstance(room.free, Known)
    return (
        cell(room.profile), str(room.free.value) if isinstance(room.free, Known) else "",
        "yes" if room.at_least or not known else "no", room.limit.value, cell(room.reason),
        "" if isinstance(room.free, Known) else cell(words.settles(room.free)),
        cell(room.disagreement),
    )  # fmt: skip
