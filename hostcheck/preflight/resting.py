"""Hosts that are put into maintenance mode in thought: the candidates without them."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from hostcheck.model.host_ref import HostRef
from hostcheck.model.result import Answer
from hostcheck.model.run import Preflight, Run, called, silent
from hostcheck.sources.base import Source
from hostcheck.ways.vsphere.inventory import is_host, refuse_strangers


class Parted(NamedTuple):
    """The candidates that stay, and the names of those that rest."""

    staying: list[HostRef]
    resting: tuple[str, ...]


def parted(candidates: Iterable[HostRef], emptied: tuple[str, ...]) -> Parted:
    """Leave out the candidates that name patterns put to rest; no pattern leaves out none."""
    staying: list[HostRef] = []
    rests: list[HostRef] = []
    for one in candidates:
        (rests if emptied and is_host(one.name, emptied) else staying).append(one)
    several = len({one.vcenter for one in (*staying, *rests)}) > 1
    names = (called(one.name, one.vcenter) if several else one.name for one in rests)
    return Parted(staying, tuple(sorted(names)))


def refuse_unmet(source: Source, emptied: tuple[str, ...]) -> None:
    """Raise UsageError for a pattern that no host meets.

    Where a vCenter is silent the host may be there: nothing is refused then.
    """
    there = [(one.name, "") for one in source.machines()] if emptied else []
    if not silent(source.about.targets):
        refuse_strangers(there, emptied, ())


def nowhere(vm_name: str, resting: tuple[str, ...]) -> Preflight:
    """Return the answer where all candidates rest: that such a host starts no VM is known."""
    told = f"every host that may take it is in maintenance mode, in thought: {', '.join(resting)}"
    return Preflight(vm_name, Answer.NO_GO, told, ())


def unmoved(run: Run, emptied: tuple[str, ...]) -> Run:
    """Say where no candidate was left out, though hosts were put to rest."""
    if not emptied or (run.preflight is not None and run.preflight.in_maintenance):
        return run
    told = f"None of its hosts goes by {', '.join(emptied)}: --in-maintenance left out none."
    return msgspec.structs.replace(run, notices=(*run.notices, told))
