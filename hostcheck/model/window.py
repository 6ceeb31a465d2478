"""Which guest drivers a host driver takes: one rule, for the check of what runs and for plans.

Of the notes of vGPU 19 for VMware vSphere, where the rule was read whole: the same release; the
branch before; and, of one long-term branch, the long-term branch before. A guest driver that is
newer than the host's never loads. What that makes of other releases is inferred.
"""

from collections.abc import Sequence

from msgspec import Struct

from hostcheck.model.lifecycle import Mark
from hostcheck.model.requirements import VgpuRelease

RULES_SINCE = 19
"""First release whose rules were read whole: what they do not list does not load."""
LONGEST_BRANCH = 10
"""How far the versions of Windows drivers run on from their branch's number."""


class Window(Struct, frozen=True):
    """Whether guests of one release run on a host of another, and how that is known.

    `taken` are the releases that the host takes, newest first. `before`: the guest is of the
    branch right before, which every release takes whose notes were read.
    """

    fits: bool
    mark: Mark
    taken: tuple[int, ...]
    before: bool = False


def branch_of(version: str) -> int:
    """Return 550 for `550.54.16-1OEM.800.1.0.20613240`; 0 when that is no NVIDIA version."""
    head = version.partition(".")[0]
    return int(head) if head.isdecimal() else 0


def vgpu_release_of(version: str, releases: Sequence[VgpuRelease]) -> VgpuRelease | None:
    """Return the release whose branch a driver is of.

    A guest's Windows driver counts on from its branch: 553.24 is of branch 550.
    """
    number = branch_of(version)
    found = (one for one in releases if one.branch <= number < one.branch + LONGEST_BRANCH)
    return max(found, key=lambda one: one.branch, default=None)


def window(host: VgpuRelease, guest: VgpuRelease, releases: Sequence[VgpuRelease]) -> Window:
    """Judge guests of a release on hosts of a release. Both must be of vGPU: not release 0."""
    older = [one for one in releases if one.release and one.branch < host.branch]
    fitting = [host, *older[-1:]]
    if host.long_term:
        fitting += [one for one in older if one.long_term][-1:]
    taken = tuple(sorted({one.release for one in fitting}, reverse=True))
    before = guest in older[-1:]
    if guest.branch >= host.branch:
        return Window(guest.branch == host.branch, Mark.READ, taken)
    read = host.verified and guest.verified and (host.release >= RULES_SINCE or before)
    return Window(guest in fitting, Mark.READ if read else Mark.INFERRED, taken, before)
