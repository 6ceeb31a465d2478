"""`ResourcePool`: how much memory and CPU a pool can still promise to VMs.

`unreservedForVm` already counts what an expandable pool may borrow from its parents, and the
capacity of the root (API reference, ResourcePoolResourceUsage). Memory is in bytes there, CPU in
MHz.
"""

from msgspec import Struct

from hostcheck.model.capture import Path, Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax.vim_objects import object_of

REQUEST = Request(
    Wire.PROPERTIES,
    "ResourcePool",
    "memory and CPU that a VM's resource pool can still reserve",
    "System.Read",
    (Path("name"), Path("owner"), Path("runtime.memory"), Path("runtime.cpu")),
)


class ResourcePool(Struct, frozen=True):
    """A pool; `owner_id` is the compute resource that it divides."""

    id: str
    name: Reading[str]
    owner_id: Reading[str]
    unreserved_bytes: Reading[int]
    unreserved_mhz: Reading[int]


def parse(text: str) -> ResourcePool:
    """Read one pool. Raises ParseError when the text is no ResourcePool."""
    pool = object_of(text, kind="ResourcePool")
    return ResourcePool(
        id=pool.id,
        name=pool.text("name"),
        owner_id=pool.text("owner"),
        unreserved_bytes=pool.number("runtime.memory", "unreservedForVm"),
        unreserved_mhz=pool.number("runtime.cpu", "unreservedForVm"),
    )
