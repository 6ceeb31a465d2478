"""Which host is meant, and what belongs to it: one identity from the listing to the journal."""

from msgspec import Struct

Key = tuple[str, str, str]
"""Name, vCenter and managed object id: what no other host of a run has. Runs are in this order."""


class HostRef(Struct, frozen=True):
    """A host by name, and the managed objects that belong to it."""

    name: str
    vcenter: str
    """vCenter or ESXi that it is asked of: only there are the ids unique."""
    id: str
    cluster_kind: str = ""
    cluster_id: str = ""
    vm_ids: tuple[str, ...] = ()
    pool_ids: tuple[str, ...] = ()
    """Resource pools of its VMs."""

    @property
    def key(self) -> Key:
        """What no other host of a run has."""
        return (self.name, self.vcenter, self.id)


class VmRef(Struct, frozen=True):
    """A VM by name, with the host that it is registered on."""

    host: HostRef
    id: str
    """Managed object id."""
    name: str
