"""How many more vGPUs of each profile fit now, per GPU, host and cluster, and why not more.

The driver's counts, or the catalogue's where it was not asked, less what runs; what the driver says
it can create now is over both. Missing information is never a number. A GPU or host on which a
required check fails has no room, as in a preflight.

A host is looked at (`look`) and let go; what is kept of it is in `seen`. How a GPU is shared and
what runs on it say `checks/modes.py` and `checks/running.py`, to checks too. The `rules` of each
mode count on one GPU, `rooms` hears the driver too, `stranded` finds what is free and of no use,
`count` adds up.
"""

from hostcheck.capacity.count import capacity, of_seen
from hostcheck.capacity.look import gatekeepers, look_at
from hostcheck.capacity.slots import slots_of
from hostcheck.model.fact import Unknown
from hostcheck.model.host import Host
from hostcheck.model.requirements import bare

__all__ = ["capacity", "gatekeepers", "look_at", "of_seen", "offered_as", "slots_of"]


def offered_as(host: Host, profile: str) -> str:
    """Return vSphere's own name of a profile where it offers it on this host, else nothing."""
    names = () if isinstance(host.profiles_offered, Unknown) else host.profiles_offered.value
    return next((name for name in names if bare(name) == bare(profile)), "")
