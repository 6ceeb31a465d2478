"""An account that holds some privileges and no others: what it lacks is refused by the API peer.

VMware's simulator enforces no privilege. Which method needs which is read from the type table that
pyVmomi brings from VMware, and not from what hostcheck says of its requests. What that table does
not tell is in `REPORTED`.
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pyVmomi import VmomiSupport, vim  # noqa: F401  the types are there once vim is read

from tests.peers.live import Rewrite

REPORTED = {
    "ExecuteSoap": "Host.Config.Settings",
    "GET /api/esx/settings/clusters/": "VcIntegrity.lifecycleSoftwareSpecification.Read",
}
"""esxcli over the API: users of read-only accounts report that privilege as the missing one; the
REST API's is in Broadcom's reference of that operation."""


@cache
def needs() -> dict[str, str]:
    """Return by method, as it is spelled on the wire, the privilege that VMware declares."""
    found: dict[str, str] = {}
    for name in [*VmomiSupport._managedDefMap]:
        kind = VmomiSupport.GetVmodlType(name)  # type: ignore[no-untyped-call]
        for info in getattr(kind, "_methodInfo", {}).values():
            if info.privId and not info.privId.startswith("System."):
                found[info.wsdlName] = info.privId
    return found | REPORTED


def holding(privileges: Iterable[str]) -> Rewrite:
    """Return what makes the account of `running_vcenter(rewrite=...)` hold these privileges."""
    granted = sorted(privileges)

    def rewrite(load: Path) -> None:
        place = load / "testbed.json"
        bed = json.loads(place.read_text())
        place.write_text(json.dumps({**bed, "granted": granted, "needs": needs()}))

    return rewrite
