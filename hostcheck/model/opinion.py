"""What vCenter itself says of starting a VM, in its own words and its own types of fault."""

from msgspec import Struct

from hostcheck.model.fact import Fact, Unknown, Why
from hostcheck.model.result import Answer

UNCOMPARED = Unknown(Why.NOT_ASKED, "only a preflight comes to a verdict on one VM")


class Objection(Struct, frozen=True):
    """One warning or error. `kind` is its vSphere type, `words` are vSphere's, in its language."""

    kind: str
    words: str


class Said(Struct, frozen=True):
    """What came out for one host: warnings may need attention, errors keep the VM from starting."""

    errors: tuple[Objection, ...]
    warnings: tuple[Objection, ...]


class Opinion(Struct, frozen=True):
    """vCenter's own check of one VM on the host that holds this, or why there is none."""

    vm_id: str
    said: Fact[Said]
    ours: Fact[Answer] = UNCOMPARED
    """What this program finds by itself on the same question."""
