"""A recording, or a folder of them."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import msgspec

from hostcheck import recording, ways
from hostcheck.errors import UsageError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.model.run import Asked
from hostcheck.parsers import vim_virtual_machine
from hostcheck.sources.asking import SMOKE, finish
from hostcheck.sources.base import About, Ask, Collector
from hostcheck.sources.walls import unread
from hostcheck.ways.replay import ReplayTransport
from hostcheck.ways.vsphere import inventory, second_opinion


class RecordedSource:
    """A recording, or a folder of them."""

    one_by_one = False

    def __init__(self, folder: Path, *, hosts: Iterable[str] = ()) -> None:
        """Find the recordings. Raises UsageError when there is none."""
        self._folders: dict[tuple[str, str], Path] = {}
        self._sick: dict[str, Unknown] = {}
        found, names, smokes = [], set(), False
        patterns, visited = tuple(hosts), ways.named(SMOKE).wires
        for path in recording.find(folder):
            try:
                manifest = recording.load_manifest(path)
            except UsageError as error:
                if path == folder:
                    raise
                if inventory.matches(path.name, patterns):
                    self._sick[path.name] = Unknown(Why.UNPARSED, str(error), recording.MANIFEST)
                continue
            if inventory.matches(manifest.host, patterns):
                there = self._folders.setdefault((manifest.target, manifest.host), path)
                if there != path:
                    raise UsageError(f"{path} and {there} are of one host")
                names.add(manifest.target)
                smokes |= any(one.wire in visited for one in manifest.answers)
                found.append(msgspec.structs.replace(manifest.ref, vm_ids=manifest.vms))
        if not found and self._sick:
            raise UsageError("; ".join(one.detail for one in self._sick.values()))
        found += [HostRef(name, "", "") for name in self._sick]
        if not found:
            raise UsageError(f"{folder}: no recorded host matches {', '.join(patterns)}")
        several = tuple(Asked(name) for name in sorted(names)) if len(names) > 1 else ()
        self.about = About(", ".join(sorted(names)), several, smokes=smokes)
        self._machines = sorted(found, key=lambda ref: ref.key)

    def machines(self) -> list[HostRef]:
        """List the recorded hosts by name."""
        return self._machines

    def vms_called(self, name: str) -> list[tuple[HostRef, str]]:
        """Find a VM in the answers about VMs."""
        found = []
        for ref in self.machines():
            if ref.name in self._sick and not ref.vcenter:
                continue
            keys = {vim_virtual_machine.REQUEST.of(vm_id).key: vm_id for vm_id in ref.vm_ids}
            captures = recording.load(self._folders[ref.vcenter, ref.name], keys).captures
            for key, vm_id in keys.items():
                capture = captures.get(key)
                if capture is not None and vim_virtual_machine.name_in(capture.text) == name:
                    found.append((ref, vm_id))
        return found

    def collector(self, targets: Iterable[HostRef], *, of: int = 0) -> Collector:  # noqa: ARG002
        """Return what collects any machine: everything is there already."""
        return Collector(self.collect, self.read, partial(finish, openers={}))

    def collect(self, ref: HostRef) -> Recording:
        """Put the questions of today to the recording."""
        return finish(ref, self.read(ref), {})

    def read(self, ref: HostRef) -> Recording:
        """Load the recording; one that cannot be read is a machine of which nothing is known."""
        if ref.name in self._sick and not ref.vcenter:
            return unread(ref, self._sick[ref.name])
        return recording.load(self._folders[ref.vcenter, ref.name])

    def asker(self, vcenter: str, ahead: Iterable[Request] = ()) -> Ask:  # noqa: ARG002
        """Return what puts questions to the recordings."""
        return self._asked

    def _asked(self, recorded: Recording, questions: Iterable[Request]) -> Recording:
        asked = {one.key: one for one in questions}
        folder = self._folders.get((recorded.ref.vcenter, recorded.ref.name))
        if folder is None:
            return recorded
        replay = ReplayTransport(recording.load(folder, asked))
        return recorded.with_answers(second_opinion.ask(replay, asked.values()))
