"""Listings of the inventory, asked first so that filters apply before anything is collected.

<listing><objects><obj type="HostSystem">host-12</obj><propSet><name>name</name>...
"""

from msgspec import Struct

from hostcheck.model.capture import EVERYTHING, Path, Request, Wire
from hostcheck.model.fact import Unknown
from hostcheck.syntax.vim_objects import objects_of

HOSTS = Request(
    Wire.PROPERTIES, "HostSystem", "which hosts there are", "System.Read",
    (Path("name"), Path("parent")), subject=EVERYTHING,
)  # fmt: skip
COMPUTE_RESOURCES = Request(
    Wire.PROPERTIES, "ComputeResource", "which clusters there are", "System.Read",
    (Path("name"),), subject=EVERYTHING,
)  # fmt: skip
VMS = Request(
    Wire.PROPERTIES, "VirtualMachine", "which VM is registered on which host", "System.Read",
    (Path("name"), Path("runtime.host"), Path("resourcePool")), subject=EVERYTHING,
)  # fmt: skip
REQUEST = (HOSTS, COMPUTE_RESOURCES, VMS)


class Listed(Struct, frozen=True):
    """One inventory object. `link` is the id of the parent, or of the host of a VM.

    `pool` is the id of a VM's resource pool, empty where it has none or it may not be read.
    """

    kind: str
    id: str
    name: str
    link: str
    pool: str = ""


def parse(text: str) -> tuple[Listed, ...]:
    """Read a listing. What has no readable name goes by its id."""
    listed = []
    for found in objects_of(text, what="inventory listing"):
        name = found.text("name")
        pool = found.text("resourcePool")
        link = found.text("parent") if found.kind == "HostSystem" else found.text("runtime.host")
        listed.append(
            Listed(
                kind=found.kind,
                id=found.id,
                name=found.id if isinstance(name, Unknown) else name,
                link="" if isinstance(link, Unknown) else link,
                pool="" if isinstance(pool, Unknown) else pool,
            )
        )
    return tuple(sorted(listed, key=lambda one: (one.name, one.id)))
