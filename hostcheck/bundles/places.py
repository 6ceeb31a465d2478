"""Where the answers of one host lie: a folder, or an archive that somebody sent."""

import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

import msgspec

from hostcheck import recording, ways
from hostcheck.bundles import archive, bug_report, vm_support
from hostcheck.bundles.label import Keys, Label
from hostcheck.errors import UsageError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.recording import Recording
from hostcheck.recording import MANIFEST, Manifest

PACKED = (".tgz", ".tar.gz")
ZIP = ".zip"
MOST_IN_A_ZIP = 10_000


class AnswersPlace(Protocol):
    """One host's answers on disk."""

    @property
    def path(self) -> Path:
        """Where they lie."""

    def label(self) -> Label:
        """Say whose they are. Raises UsageError where that cannot be read."""

    def load(self, keys: Keys | None = None) -> Recording:
        """Read them, or those to these questions. Raises UsageError like `label`."""


class Bad(NamedTuple):
    """A file that cannot even be looked into: one host of which nothing is known."""

    path: Path
    why: str

    def label(self) -> Label:
        """Say why."""
        raise UsageError(self.why)

    def load(self, keys: Keys | None = None) -> Recording:  # noqa: ARG002
        """Say why."""
        raise UsageError(self.why)


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


def find(given: Path) -> list[AnswersPlace]:
    """Return the places in a folder, sorted by name, or what was given itself.

    Raises UsageError where there is none.
    """
    if not given.is_dir():
        found = _sent(given)
        if not found and given.exists():
            kinds = ", ".join((*PACKED, ZIP, "nvidia-bug-report.log.gz"))
            raise UsageError(f"{given}: not a folder, nor a file of a host ({kinds})")
        if found:
            return found
    if vm_support.is_folder(given):
        return [vm_support.Folder(given)]
    sent = [place for path in _inside(given) for place in _sent(path)]
    try:
        folders: list[AnswersPlace] = [Folder(path) for path in recording.find(given)]
    except UsageError:
        if not sent:
            raise
        folders = []
    if [one.path for one in folders] == [given]:
        return folders
    return sorted([*folders, *sent], key=lambda one: one.path.name)


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}; give another folder") from None


def _sent(path: Path) -> list[AnswersPlace]:
    """Return what a file, or an unpacked bundle, holds; nothing for a file of something else."""
    name = path.name.lower()
    if path.is_dir():
        return [vm_support.Folder(path)] if vm_support.is_folder(path) else []
    report = bug_report.NAME.fullmatch(name)
    if not report and not name.endswith((ZIP, *PACKED)):
        return []
    if path.exists() and not path.is_file():  # a pipe would be waited for, a device never ends
        return [Bad(path, f"{path}: not a regular file; give the file itself")]
    if report:
        return [bug_report.Report(path)]
    if name.endswith(ZIP):
        return _zipped(path)
    return [_bundle(path) if _is_bundle(path) else Packed(path)]


def _bundle(path: Path) -> vm_support.Packed:
    return vm_support.Packed(path, partial(archive.members_of, path, archive.BUNDLE))


def _is_bundle(path: Path) -> bool:
    """Tell a bundle from a recording by its first file; what cannot be read is told later."""
    try:
        first = next(archive.members_of(path, archive.BUNDLE, lambda _: True), None)
    except UsageError:
        return False
    parts = PurePosixPath(first[0]).parts if first else ()
    own = {MANIFEST, "expected.json", *(one.folder for one in ways.wirings().values())}
    return len(parts) > 1 and parts[0] not in own and parts[1] not in own


def _zipped(path: Path) -> list[AnswersPlace]:
    """Return the bundles in the export of a vCenter, which is a zip of .tgz files."""
    try:
        with zipfile.ZipFile(path) as whole:
            inside = [one for one in whole.infolist() if one.filename.lower().endswith(PACKED)]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        return [Bad(path, f"{path}: not a whole .zip ({error}); copy it again")]
    if not inside or len(inside) > MOST_IN_A_ZIP:
        told = f"it holds {len(inside)} bundles; give an export of a vCenter with ESXi hosts in it"
        return [Bad(path, f"{path}: {told}")]
    return [
        vm_support.Packed(path / one.filename, partial(_members_in, path, one.filename))
        for one in inside
    ]


def _members_in(
    path: Path, name: str, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    where = f"{path}: {name}"
    try:
        with zipfile.ZipFile(path) as whole, whole.open(name) as packed:
            size = whole.getinfo(name).file_size
            yield from archive.members(where, packed, size, archive.BUNDLE, wanted)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, KeyError) as error:
        raise UsageError(f"{where}: cannot be read ({error}); copy it again") from None
