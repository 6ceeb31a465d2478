"""`esxcli graphics host get`: the host's default graphics type and how vGPUs are spread.

Default Graphics Type: SharedPassthru
Shared Passthru Assignment Policy: Performance
"""

from msgspec import Struct

from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.model.host import GraphicsType
from hostcheck.syntax.esxcli import record_of

REQUEST = Request(
    Wire.SHELL, "esxcli graphics host get", "default graphics type and assignment policy"
)
_KNOWS = ("Default Graphics Type", "Shared Passthru Assignment Policy")
_TYPES = {"Shared": GraphicsType.SHARED, "SharedPassthru": GraphicsType.SHARED_DIRECT}
_POLICIES = {"Performance": "performance", "Consolidation": "consolidation"}


class GraphicsHost(Struct, frozen=True):
    """Both in the spelling of the vSphere API."""

    default_type: Reading[GraphicsType]
    assignment_policy: Reading[str]


def parse(text: str) -> GraphicsHost:
    """Read any format of esxcli."""
    record = record_of(text, what=REQUEST.template, knows=_KNOWS)
    return GraphicsHost(
        default_type=record.read(_KNOWS[0], by=_TYPES.__getitem__, expected="a graphics type"),
        assignment_policy=record.read(_KNOWS[1], by=_POLICIES.__getitem__, expected="a policy"),
    )
