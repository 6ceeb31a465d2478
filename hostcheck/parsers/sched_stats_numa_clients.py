"""`sched-stats -t numa-clients`: on which NUMA node each part of a VM runs, and where its memory is.

groupName     groupID    clientID   homeNode   affinity   nWorlds   vmmWorlds  localMem   remoteMem
vm.8823431    59619001   0          0          3          12        12         237082912  163191036
"""  # noqa: E501  the width is the command's own

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.record import NO_NODE, NO_NUMBER, Record
from hostcheck.syntax.words import rows_of

REQUEST = Request(Wire.SHELL, "sched-stats -t numa-clients", "home NUMA node of each running VM")


class NumaClient(Struct, frozen=True):
    """One NUMA client of a VM; a wide VM has several.

    `group` is `vm.` and the VM's VMX cartel number. `affinity_nodes` are the nodes of the bit
    mask that it may run on; a mask with all bits set restricts nothing and is unknown here.
    """

    group: Reading[str]
    client: Reading[int]
    home_node: Reading[int]
    affinity_nodes: Reading[tuple[int, ...]]
    world_count: Reading[int]
    local_bytes: Reading[int]
    remote_bytes: Reading[int]


def parse(text: str) -> tuple[NumaClient, ...]:
    """Read the table. A header without rows is a host where no VM runs."""
    records = rows_of(
        text, what=REQUEST.template, header=("groupName", "homeNode", "localMem", "remoteMem")
    )
    return tuple(_client(record) for record in records)


def _client(record: Record) -> NumaClient:
    return NumaClient(
        group=record.text("groupName"),
        client=record.number("clientID"),
        home_node=record.number("homeNode", nothing=NO_NODE),
        affinity_nodes=_nodes(record),
        world_count=record.number("nWorlds"),
        local_bytes=record.kilobytes("localMem"),
        remote_bytes=record.kilobytes("remoteMem"),
    )


def _nodes(record: Record) -> Reading[tuple[int, ...]]:
    mask = record.number("affinity", nothing=(0, *NO_NUMBER))
    if isinstance(mask, Unknown):
        if mask.why is Why.ABSENT:
            return Unknown(mask.why, detail=f"no node mask ({mask.detail})", asked=mask.asked)
        return mask
    return tuple(bit for bit in range(mask.bit_length()) if mask >> bit & 1)
