"""Captures in, one joined `Host` out. Unknowns of whole answers are born here and nowhere else.

One source decides each fact, and the others only testify (docs/decisions/0003): were a second
source to stand in for the first when it is lost, losing an answer could turn a fail into a pass.
Where the deciding source answered and is silent by design (NUMA nodes of devices before vCenter
7.0 U1), the next one decides.
"""

from hostcheck.assemble.gpus import gpu_addresses, may_have_gpus
from hostcheck.assemble.host import assemble, runs_release
from hostcheck.assemble.shell_only import offline, system_of
from hostcheck.assemble.unread import unread_host

__all__ = [
    "assemble", "gpu_addresses", "may_have_gpus", "offline", "runs_release", "system_of",
    "unread_host",
]  # fmt: skip
