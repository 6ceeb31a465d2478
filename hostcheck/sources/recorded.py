"""A recording, or a folder of them."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from hostcheck import recording, ways
from hostcheck.bundles import places
from hostcheck.bundles.joined import Joined, joined
from hostcheck.bundles.label import Keys, Label
from hostcheck.bundles.places import AnswersPlace
from hostcheck.errors import UsageError
from hostcheck.model.capture import Capture, Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef, VmRef
from hostcheck.model.recording import Recording
from hostcheck.model.run import Asked
from hostcheck.parsers import vim_compute_resource, vim_virtual_machine
from hostcheck.sources.asking import BMC, SMOKE, finish
from hostcheck.sources.base import AboutSource, Ask, Collector
from hostcheck.sources.walls import unread
from hostcheck.syntax.opened import opened
from hostcheck.ways.replay import ReplayTransport
from hostcheck.ways.vsphere import inventory, second_opinion
from hostcheck.ways.vsphere.vms import goes_by

ON_ITSELF = "hosts on themselves"
"""What was asked where nobody asked a vCenter."""


def _cluster(host: Joined) -> str | None:
    """Return the name of a host's cluster: "" where it is in none, None where it is not told."""
    ref = host.label.ref
    if not ref.cluster_id:
        return ""
    asked = vim_compute_resource.request_for(ref.cluster_kind).of(ref.cluster_id)
    capture = _answers(host, {asked.key}).get(asked.key)
    told = None if capture is None else opened(capture, vim_compute_resource.parse)
    name = told.name if isinstance(told, vim_compute_resource.ComputeResource) else None
    return name if isinstance(name, str) else None


def _answers(host: Joined, keys: Keys) -> Mapping[tuple[str, str, str], Capture]:
    """Return the answers to some questions; none where the files cannot be read, told later."""
    try:
        return host.load(keys).captures
    except UsageError:
        return {}


def _loaded(ref: HostRef, parts: Joined, *, alone: bool) -> Recording:
    """Load a recording. Raises UsageError for one that is all that was given."""
    try:
        return parts.load()
    except UsageError as error:
        if alone:
            raise
        return unread(ref, Unknown(Why.UNPARSED, str(error), recording.MANIFEST))


class RecordedSource:
    """A recording, a folder of them, or files that somebody sent from a host."""

    one_by_one = False

    def __init__(
        self, given: Path, *, hosts: Iterable[str] = (), clusters: Iterable[str] = ()
    ) -> None:
        """Find the recordings. Raises UsageError when there is none.

        A host of a cluster whose name its recording does not tell is in any: it may be the one that
        is meant.
        """
        self._sick: dict[str, Unknown] = {}
        patterns = tuple(hosts)
        labels: list[tuple[AnswersPlace, Label]] = []
        for place in places.find(given):
            try:
                labels.append((place, place.label()))
            except UsageError as error:
                if place.path == given:
                    raise
                self._sick[place.path.name] = Unknown(Why.UNPARSED, str(error), recording.MANIFEST)
        self._given = given
        clear, twice = joined(labels)
        for name, both in twice.items():
            self._sick[name] = Unknown(Why.UNPARSED, both, recording.MANIFEST)
        hosts_found = self._wanted(clear, patterns, tuple(clusters), str(given))
        self._parts = {(one.label.ref.vcenter, one.label.ref.name): one for one in hosts_found}
        names = {one.label.ref.vcenter or ON_ITSELF for one in hosts_found}
        asked = {wire for one in hosts_found for wire in one.label.wires}
        found = [one.label.ref for one in hosts_found]
        if not found and self._sick:
            raise UsageError("; ".join(one.detail for one in self._sick.values()))
        found += [HostRef(name, "", "") for name in self._sick]
        if not found:
            raise UsageError(f"{given}: no recorded host matches {', '.join(patterns)}")
        several = tuple(Asked(name) for name in sorted(names)) if len(names) > 1 else ()
        self.about = AboutSource(
            ", ".join(sorted(names)),
            several,
            smokes=bool(asked & ways.named(SMOKE).wires),
            bmcs=bool(asked & ways.named(BMC).wires),
        )
        self._machines = sorted(found, key=lambda ref: ref.key)

    def _wanted(
        self, every: list[Joined], patterns: tuple[str, ...], clusters: tuple[str, ...], where: str
    ) -> list[Joined]:
        """Return the hosts that are meant, and let go of the sick ones that are not."""
        homes = {one.label.ref.key: _cluster(one) if clusters else None for one in every}
        if every:
            known = {home for home in homes.values() if home is not None}
            lost = {one.label.ref.name for one in every if homes[one.label.ref.key] is None}
            there = {(name, home) for name in lost | {*self._sick} for home in {"", *known}}
            there |= {(one.label.ref.name, homes[one.label.ref.key] or "") for one in every}
            inventory.refuse_strangers(there, patterns, clusters, where=where)
        self._sick = {
            name: told for name, told in self._sick.items() if inventory.is_host(name, patterns)
        }
        return [
            one
            for one in every
            if inventory.is_host(one.label.ref.name, patterns)
            and ((home := homes[one.label.ref.key]) is None or inventory.matches(home, clusters))
        ]

    def machines(self) -> list[HostRef]:
        """List the recorded hosts by name."""
        return self._machines

    def vms_called(self, name: str) -> list[VmRef]:
        """Find a VM in the answers about VMs, which hold neither UUIDs nor folders."""
        return [one for one in self.vms() if goes_by(name, one)]

    def vms(self) -> list[VmRef]:
        """List the VMs in the answers about VMs; one whose name cannot be read goes by its id."""
        found = []
        for ref in self.machines():
            if ref.name in self._sick and not ref.vcenter:
                continue
            keys = {vm_id: vim_virtual_machine.REQUEST.of(vm_id).key for vm_id in ref.vm_ids}
            captures = _answers(self._parts[ref.vcenter, ref.name], set(keys.values()))
            for vm_id, key in keys.items():
                capture = captures.get(key)
                told = "" if capture is None else vim_virtual_machine.name_in(capture.text)
                found.append(VmRef(ref, vm_id, told or vm_id))
        return found

    def clusters(self) -> list[str]:
        """List the clusters of the recorded hosts, as far as they are told."""
        return [name for one in self._parts.values() if (name := _cluster(one))]

    def collector(self, targets: Iterable[HostRef], *, of: int = 0) -> Collector:  # noqa: ARG002
        """Return what collects any machine: everything is there already."""
        return Collector(
            self.collect, self.read, partial(finish, openers={}), reader=self._reader
        )  # fmt: skip

    def collect(self, ref: HostRef) -> Recording:
        """Put the questions of today to the recording."""
        return finish(ref, self.read(ref), {})

    def read(self, ref: HostRef) -> Recording:
        """Load the recording; one that cannot be read is a machine of which nothing is known."""
        return self._reader(ref)()

    def _reader(self, ref: HostRef) -> Callable[[], Recording]:
        if ref.name in self._sick and not ref.vcenter:
            return partial(unread, ref, self._sick[ref.name])
        parts = self._parts[ref.vcenter, ref.name]
        return partial(
            _loaded, ref, parts, alone=[one.path for one in parts.parts] == [self._given]
        )

    def asker(self, vcenter: str, ahead: Iterable[Request] = ()) -> Ask:  # noqa: ARG002
        """Return what puts questions to the recordings."""
        return self._asked

    def _asked(self, recorded: Recording, questions: Iterable[Request]) -> Recording:
        asked = {one.key: one for one in questions}
        parts = self._parts.get((recorded.ref.vcenter, recorded.ref.name))
        if parts is None:
            return recorded
        replay = ReplayTransport(parts.load(asked))
        return recorded.with_answers(second_opinion.ask(replay, asked.values()))
