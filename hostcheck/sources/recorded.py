"""A recording, or a folder of them."""

from collections.abc import Iterable
from pathlib import Path

from hostcheck import recording
from hostcheck.collectors import second_opinion, vsphere
from hostcheck.collectors.vsphere import Target
from hostcheck.errors import UsageError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.run import Asked
from hostcheck.parsers import vim_virtual_machine
from hostcheck.recording import Recording
from hostcheck.sources.asking import finish
from hostcheck.sources.base import SMOKE_WIRES, About, Ask, Collector
from hostcheck.sources.walls import unread
from hostcheck.transports.replay import ReplayTransport


class RecordedSource:
    """A recording, or a folder of them."""

    one_by_one = False

    def __init__(self, folder: Path, *, hosts: Iterable[str] = ()) -> None:
        """Find the recordings. Raises UsageError when there is none."""
        self._folders: dict[tuple[str, str], Path] = {}
        self._sick: dict[str, Unknown] = {}
        found, names, smokes = [], set(), False
        patterns = tuple(hosts)
        for path in recording.find(folder):
            try:
                manifest = recording.load_manifest(path)
            except UsageError as error:
                if path == folder:
                    raise
                if vsphere.matches(path.name, patterns):
                    self._sick[path.name] = Unknown(Why.UNPARSED, str(error), recording.MANIFEST)
                continue
            if vsphere.matches(manifest.host, patterns):
                there = self._folders.setdefault((manifest.target, manifest.host), path)
                if there != path:
                    raise UsageError(f"{path} and {there} are of one host")
                names.add(manifest.target)
                smokes |= any(one.wire.value in SMOKE_WIRES for one in manifest.answers)
                found.append(
                    Target(
                        manifest.host,
                        manifest.host_id,
                        manifest.cluster_kind,
                        manifest.cluster_id,
                        manifest.vms,
                        manifest.pool_ids,
                        manifest.target,
                    )
                )
        if not found and self._sick:
            raise UsageError("; ".join(one.detail for one in self._sick.values()))
        found += [Target(name, "", "", "", ()) for name in self._sick]
        if not found:
            raise UsageError(f"{folder}: no recorded host matches {', '.join(patterns)}")
        several = tuple(Asked(name) for name in sorted(names)) if len(names) > 1 else ()
        self.about = About(", ".join(sorted(names)), several, smokes=smokes)
        self._machines = sorted(found, key=lambda target: target.key)

    def machines(self) -> list[Target]:
        """List the recorded hosts by name."""
        return self._machines

    def vms_called(self, name: str) -> list[tuple[Target, str]]:
        """Find a VM in the answers about VMs."""
        found = []
        for target in self.machines():
            if target.name in self._sick and not target.target:
                continue
            keys = {vim_virtual_machine.REQUEST.of(vm_id).key: vm_id for vm_id in target.vm_ids}
            captures = recording.load(self._folders[target.target, target.name], keys).captures
            for key, vm_id in keys.items():
                capture = captures.get(key)
                if capture is not None and vim_virtual_machine.name_in(capture.text) == name:
                    found.append((target, vm_id))
        return found

    def collector(self, targets: Iterable[Target], *, of: int = 0) -> Collector:  # noqa: ARG002
        """Return what collects any machine: everything is there already."""
        return Collector(self.collect, self.read, finish)

    def collect(self, target: Target) -> Recording:
        """Put the questions of today to the recording."""
        return finish(target, self.read(target))

    def read(self, target: Target) -> Recording:
        """Load the recording; one that cannot be read is a machine of which nothing is known."""
        if target.name in self._sick and not target.target:
            return unread(target, self._sick[target.name])
        return recording.load(self._folders[target.target, target.name])

    def asker(self, target: str, ahead: Iterable[Request] = ()) -> Ask:  # noqa: ARG002
        """Return what puts questions to the recordings."""
        return self._asked

    def _asked(self, recorded: Recording, questions: Iterable[Request]) -> Recording:
        asked = {one.key: one for one in questions}
        folder = self._folders.get((recorded.target, recorded.host))
        if folder is None:
            return recorded
        replay = ReplayTransport(recording.load(folder, asked))
        return recorded.with_answers(second_opinion.ask(replay, asked.values()))
