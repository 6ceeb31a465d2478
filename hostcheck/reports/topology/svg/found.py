"""What was found about each thing of a picture: results that do not pass, by their subjects."""

from __future__ import annotations

import re

from msgspec import Struct

from hostcheck.model.fact import Known
from hostcheck.model.result import Result, Status
from hostcheck.model.run import HostReport
from hostcheck.model.vm import Vm
from hostcheck.reports import view, words
from hostcheck.reports.topology.svg.drawing import Flag

WIDTH_OF_LINK = "GPU-003"
"""The check whose finding is about a GPU's link."""
APART = "LOC-001"
"""The check whose finding is about the way between a VM's GPU and its uplinks."""
OF_PACKAGES = "NUMA-001"
"""The check whose finding is about what the BIOS made of the packages."""
TROUBLES = (Status.FAIL, Status.UNKNOWN, Status.ERROR)
_WORDS = re.compile(r"[\s/@|,]+")


class LongWay(Struct, frozen=True):
    """Devices that a VM needs near one another and that are not: a GPU and host adapters."""

    mark: Flag
    vm: str
    gpu: str
    """Its address."""
    nics: tuple[str, ...]
    """Names of the adapters on another node, or on one that is not known."""
    cost: str
    """What it costs, as far as that is told."""


class Findings:
    """The results of a host that do not pass, each on the things that it is about."""

    def __init__(self, report: HostReport, shown: view.Layout) -> None:
        """Sort the results of a host; `shown` is what of it is drawn."""
        self._report = report
        self._shown = shown
        troubles = [one for one in report.results if one.status in TROUBLES]
        self._worst: dict[str, int] = {}
        for one in troubles:
            grave = words.WORST_FIRST.index(one.status)
            self._worst[one.check] = min(grave, self._worst.get(one.check, grave))
        self._on: dict[tuple[str, str], list[Flag]] = {}
        self._placed: dict[tuple[str, str], list[Flag]] = {}
        self.ways: list[LongWay] = []
        self.narrow: dict[str, Flag] = {}
        """By address, the GPUs whose link has not its full width."""
        self._gpus = {gpu.address for gpu in shown.gpus}
        self._nics = {name: nic.name for nic in shown.nics for name in (nic.name, nic.address)}
        self._vms = {guest.vm.id: guest.vm for guest in shown.guests}
        for one in troubles:
            self._place(one)

    def of(self, kind: str, name: str = "") -> tuple[Flag, ...]:
        """Return what was found: kind is host, package, gpu, nic or vm; fails first."""
        marks = self._on.get((kind, name), [])
        return tuple(sorted(marks, key=lambda one: not one.fails))

    def of_guest(self, vm: Vm, address: str) -> tuple[Flag, ...]:
        """Return what was found about a VM on one GPU: not what is about it on another."""
        return tuple(
            one
            for one in self.of("vm", vm.id)
            if one not in self._placed.get(("vm", vm.id), ())
            or one in self._placed.get((vm.id, address), ())
        )

    def _place(self, result: Result) -> None:
        mark = Flag(
            result.check, result.status, words.one_line(_told(result)), self._anchor(result)
        )
        subject = result.subject
        named = {subject.id, *_WORDS.split(subject.id)}
        named.update(word for key, word in subject.values.items() if key != "host")
        gpus, vms = named & self._gpus, named & self._vms.keys()
        places = [("gpu", one) for one in sorted(gpus)] + [("vm", one) for one in sorted(vms)]
        places += [
            ("nic", one) for one in sorted({self._nics[n] for n in named & self._nics.keys()})
        ]
        if not places:
            whole = result.check == OF_PACKAGES and self._shown.groups
            places = [("package" if whole else "host", "")]
        for place in places:
            self._on.setdefault(place, []).append(mark)
        for vm in vms if gpus else ():
            self._placed.setdefault(("vm", vm), []).append(mark)
            for gpu in gpus:
                self._placed.setdefault((vm, gpu), []).append(mark)
        if not mark.fails:
            return
        if result.check == WIDTH_OF_LINK:
            self.narrow.update(dict.fromkeys(gpus, mark))
        if result.check == APART:
            for vm in sorted(vms):
                self.ways += self._apart(result, mark, self._vms[vm])

    def _apart(self, result: Result, mark: Flag, vm: Vm) -> list[LongWay]:
        """Find the ways that a finding on a VM is about: the devices that its evidence names."""
        host = self._report.host
        uplinks = {
            name for nic in vm.nics if isinstance(nic.uplinks, Known) for name in nic.uplinks.value
        }
        found = []
        for gpu in self._shown.gpus:
            if gpu.address not in result.observed:
                continue
            here = view.node_of(host, gpu)
            far = [
                nic.name
                for nic in self._shown.nics
                if nic.name in uplinks and view.node_of(host, nic) != here
            ]
            if far:
                cost = words.one_line(result.note)
                found.append(LongWay(mark, vm.name, gpu.address, tuple(far), cost))
        return found

    def _anchor(self, result: Result) -> str:
        """Return the anchor of its finding: the worst status of a check has the plain one."""
        if words.WORST_FIRST.index(result.status) == self._worst[result.check]:
            return result.check
        return f"{result.check}:{result.status.value}"


def _told(result: Result) -> str:
    if result.status is Status.FAIL:
        return result.observed
    if result.unseen is not None:
        return words.reason(result.unseen.why, result.unseen.detail)
    return result.trace or result.note
