"""Where the answers of one host lie: a folder, or an archive that somebody sent."""

from collections.abc import Container, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

import msgspec

from hostcheck import recording
from hostcheck.bundles import archive
from hostcheck.errors import UsageError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.recording import MANIFEST, Manifest

Keys = Container[tuple[str, str, str]]
PACKED = (".tgz", ".tar.gz")


class Label(NamedTuple):
    """What is written on a place: whose answers they are, and the wires that they came over."""

    ref: HostRef
    wires: frozenset[str]

    @property
    def offline(self) -> bool:
        """Whether the host was asked on itself: it has no id of a vCenter, nor a vCenter."""
        return not self.ref.id and not self.ref.vcenter


class Place(Protocol):
    """One host's answers on disk."""

    @property
    def path(self) -> Path:
        """Where they lie."""

    def label(self) -> Label:
        """Say whose they are. Raises UsageError where that cannot be read."""

    def load(self, keys: Keys | None = None) -> Recording:
        """Read them, or those to these questions. Raises UsageError like `label`."""


class Folder(NamedTuple):
    """A recording, as `hostcheck record` leaves it."""

    path: Path

    def label(self) -> Label:
        """Read the manifest."""
        return _label(recording.load_manifest(self.path))

    def load(self, keys: Keys | None = None) -> Recording:
        """Read the answers."""
        return recording.load(self.path, keys)


class Packed(NamedTuple):
    """A recording in one .tgz, as the script leaves it; it is never unpacked onto a disk."""

    path: Path

    def label(self) -> Label:
        """Read the manifest."""
        return _label(self._manifest(self._files(only_manifest=True))[0])

    def load(self, keys: Keys | None = None) -> Recording:
        """Read the answers."""
        files = self._files()
        manifest, home = self._manifest(files)

        def file_of(name: str) -> bytes | Unknown:
            data = files.get(str(home / name))
            if data is None:
                return Unknown(Why.NOT_RECORDED, f"its file {name!r} is not in the archive")
            return data

        return recording.loaded(manifest, file_of, keys)

    def _files(self, *, only_manifest: bool = False) -> dict[str, bytes]:
        def wanted(name: str) -> bool:
            return not only_manifest or PurePosixPath(name).name == MANIFEST

        return dict(archive.members_of(self.path, archive.RECORDING, wanted))

    def _manifest(self, files: dict[str, bytes]) -> tuple[Manifest, PurePosixPath]:
        found = [PurePosixPath(name) for name in files if PurePosixPath(name).name == MANIFEST]
        if len(found) != 1:
            told = "no" if not found else f"{len(found)} files called"
            raise UsageError(f"{self.path}: it holds {told} {MANIFEST}; give one recording a file")
        where = f"{self.path}: {found[0]}"
        return recording.manifest_in(files[str(found[0])], where), found[0].parent


def _label(manifest: Manifest) -> Label:
    wires = frozenset(one.wire for one in manifest.answers)
    return Label(msgspec.structs.replace(manifest.ref, vm_ids=manifest.vms), wires)


def find(given: Path) -> list[Place]:
    """Return the places in a folder, sorted by name, or what was given itself.

    Raises UsageError where there is none.
    """
    if not given.is_dir():
        found = _sent(given)
        if found is not None:
            return [found]
        if given.exists():
            kinds = ", ".join(PACKED)
            raise UsageError(f"{given}: not a folder, nor a file of a host ({kinds})")
    sent = [one for one in _inside(given) if one is not None]
    try:
        folders: list[Place] = [Folder(path) for path in recording.find(given)]
    except UsageError:
        if not sent:
            raise
        folders = []
    if [one.path for one in folders] == [given]:
        return folders
    return sorted([*folders, *sent], key=lambda one: one.path.name)


def _inside(folder: Path) -> Iterator[Place | None]:
    if folder.is_dir():
        yield from (_sent(path) for path in folder.iterdir())


def _sent(path: Path) -> Place | None:
    """Return what a file holds by its name; None for a file of something else."""
    if path.is_dir() or not path.name.lower().endswith(PACKED):
        return None
    return Packed(path)
