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
VM_PLACES = Request(
    Wire.PROPERTIES, "VirtualMachine", "which VM has a UUID, or is at an inventory path",
    "System.Read",
    (Path("config.instanceUuid"), Path("config.uuid"), Path("parent")), subject=EVERYTHING,
)  # fmt: skip
FOLDERS, DATACENTERS = (
    Request(
        Wire.PROPERTIES, kind, "where a VM is in the inventory, if one is named by its path",
        "System.View", (Path("name"), Path("parent")), subject=EVERYTHING,
    )
    for kind in ("Folder", "Datacenter")
)  # fmt: skip
REQUEST = (HOSTS, COMPUTE_RESOURCES, VMS, VM_PLACES, FOLDERS, DATACENTERS)


class ListedObject(Struct, frozen=True):
    """One inventory object. `link` is the id of the parent, or of the host of a VM.

    `pool` is the id of a VM's resource pool, empty where it has none or it may not be read.
    """

    kind: str
    id: str
    name: str
    link: str
    pool: str = ""


class InventoryPlace(Struct, frozen=True):
    """Where an inventory object is, and the UUIDs of a VM. Empty is what may not be read."""

    id: str
    name: str
    parent: str
    uuids: tuple[str, ...]


def parse_places(text: str) -> tuple[InventoryPlace, ...]:
    """Read a listing of VMs, folders or datacenters by where they are."""
    found = []
    for one in objects_of(text, what="inventory listing"):
        name, parent = one.text("name"), one.text("parent")
        uuids = (one.text("config.instanceUuid"), one.text("config.uuid"))
        found.append(
            InventoryPlace(
                one.id,
                "" if isinstance(name, Unknown) else name,
                "" if isinstance(parent, Unknown) else parent,
                tuple(each for each in uuids if not isinstance(each, Unknown)),
            )
        )
    return tuple(found)


def parse(text: str) -> tuple[ListedObject, ...]:
    """Read a listing. What has no readable name goes by its id."""
    listed = []
    for found in objects_of(text, what="inventory listing"):
        name = found.text("name")
        pool = found.text("resourcePool")
        link = found.text("parent") if found.kind == "HostSystem" else found.text("runtime.host")
        listed.append(
            ListedObject(
                kind=found.kind,
                id=found.id,
                name=found.id if isinstance(name, Unknown) else name,
                link="" if isinstance(link, Unknown) else link,
                pool="" if isinstance(pool, Unknown) else pool,
            )
        )
    return tuple(sorted(listed, key=lambda one: (one.name, one.id)))
