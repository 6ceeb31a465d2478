"""A recording is a directory: one machine, its answers as files anyone can read, and a manifest.

    2n-2xA100-80-esxi803/
        manifest.json              schema, target, host, one entry per answer
        api/HostSystem.xml         answers of vSphere, as the server sent them
        shell/nvidia-smi_-q_-x.txt standard output of a command

A folder of such directories is a fleet. Nothing in it is secret: no credential is an answer, and
advanced settings of VMs that this tool does not know are dropped before an answer is kept.

The manifest tells the length and the SHA-256 of each file: a copy that was cut on its way is no
answer. Recordings that were written before it did are believed as they are.
"""

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Container
from functools import cache
from itertools import chain, count
from pathlib import Path

import msgspec

from hostcheck import __version__, files, ways
from hostcheck.errors import UsageError
from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.model.seal import NO_SEAL, Seal
from hostcheck.model.unreadable import UNREADABLE

SCHEMA = "hostcheck.recording/1"
MANIFEST = "manifest.json"
LIMIT_BYTES = 64 << 20
"""The largest file that is read: a shell's answer is cut there too."""
_PLAINLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
NAMED_BY_ID = ("VirtualMachine", "ResourcePool")
"""Of these one machine may have several."""


class RecordedEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer. `file` is relative to the recording; empty when nothing came back.

    Standard error is `stderr`, or in a file of its own: the script that asks a host offline writes
    nothing a host says into a manifest. `bytes` are -1, and digests empty, where nobody noted them.
    """

    wire: str
    asked: str
    subject: str = ""
    file: str = ""
    taken_at: str = ""
    duration_ms: int = 0
    exit_status: int = 0
    stderr: str = ""
    failure: Unknown | None = None
    bytes: int = -1
    sha256: str = ""
    stderr_file: str = ""
    stderr_bytes: int = -1
    stderr_sha256: str = ""


class Manifest(msgspec.Struct, frozen=True):
    """What the directory holds. `host_id` and `cluster_id` are managed object ids."""

    schema: str
    tool_version: str
    target: str
    host: str
    host_id: str
    cluster_kind: str
    cluster_id: str
    vm_ids: tuple[str, ...]
    answers: tuple[RecordedEntry, ...]
    pool_ids: tuple[str, ...] = ()
    seal: Seal = NO_SEAL

    @property
    def ref(self) -> HostRef:
        """Return the host that it is of, with the VMs that are listed."""
        return HostRef(
            self.host, self.target, self.host_id, self.cluster_kind, self.cluster_id,
            self.vm_ids, self.pool_ids,
        )  # fmt: skip

    @property
    def vms(self) -> tuple[str, ...]:
        """Return the VMs that are listed or that an answer is about: none is lost."""
        asked = (one.subject for one in self.answers if one.asked == NAMED_BY_ID[0])
        told = {about.partition(" ")[0] for about in asked}  # the object comes before arguments
        return tuple(sorted({*self.vm_ids, *told}))


def _file_name(capture: Capture) -> str:
    request = capture.request
    wiring = ways.wirings()[request.wire]
    stem = f"{request.text}-{request.about}" if request.about else request.text
    if request.about.startswith("/"):
        stem = request.about
    if request.wire == Wire.PROPERTIES and request.template not in NAMED_BY_ID:
        stem = request.text
    return f"{wiring.folder}/{files.safe(stem).strip('_')}.{wiring.suffix}"


def save(recording: Recording, folder: Path) -> None:
    """Write a recording; a new folder appears when it is whole.

    Raises UsageError when the folder holds something else, or cannot be written.
    """
    try:
        if (folder / MANIFEST).is_file():
            there = load_manifest(folder)
            if not _is_of(there, recording):
                raise UsageError(
                    f"{folder} is of {there.host} of {there.target}; give another folder"
                )
        elif folder.exists() and any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty and holds no recording; give another folder")
        if folder.exists():
            _write(recording, folder)
            return
        fresh = folder.with_name(folder.name + files.UNFINISHED)
        shutil.rmtree(fresh, ignore_errors=True)
        _write(recording, fresh)
        fresh.rename(folder)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}; give another folder") from None


class Shelf:
    """A folder that fills with recordings. One that cannot be written never stops the others."""

    def __init__(self, folder: Path) -> None:
        """Make the folder. Raises UsageError when that cannot be done."""
        self._folder = folder
        self._failure: UsageError | None = None
        self.replaced: list[str] = []
        """Hosts of which an earlier recording lay here, and does no more."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder}: {error.strerror}; give another folder") from None

    def add(self, recording: Recording) -> Path | None:
        """Save into a folder of its own and return it; None when that failed."""
        try:
            place = self._place(recording)
            there = (place / MANIFEST).is_file()
            save(recording, place)
            if there:
                self.replaced.append(recording.ref.name)
        except UsageError as error:
            self._failure = self._failure or error
            return None
        return place

    def close(self) -> None:
        """Raise the first UsageError that there was, if any."""
        if self._failure is not None:
            raise self._failure

    def _place(self, recording: Recording) -> Path:
        """Return the folder of the host.

        Names that differ in odd letters only are numbered, and so is a name of two vCenters.
        """
        name = files.directory_name(recording.ref.name)
        places = (self._folder / one for one in chain([name], (f"{name}-{n}" for n in count(2))))
        return next(
            place
            for place in places
            if not (place / MANIFEST).is_file() or _is_of(load_manifest(place), recording)
        )


def _is_of(there: Manifest, recording: Recording) -> bool:
    return (there.target, there.host) == (recording.ref.vcenter, recording.ref.name)


def _write(recording: Recording, folder: Path) -> None:
    entries, taken = [], set()
    for key in sorted(recording.captures):
        capture = recording.captures[key]
        name, data = "", capture.text.encode()
        if data:
            name = _file_name(capture)
            while name in taken:
                stem, _, suffix = name.rpartition(".")
                name = f"{stem}+.{suffix}"
            taken.add(name)
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        entries.append(
            RecordedEntry(
                wire=capture.request.wire,
                asked=capture.request.text,
                subject=capture.request.about,
                file=name,
                taken_at=capture.taken_at,
                duration_ms=capture.duration_ms,
                exit_status=capture.exit_status,
                stderr=capture.stderr,
                failure=capture.failure,
                bytes=len(data) if name else -1,
                sha256=hashlib.sha256(data).hexdigest() if name else "",
            )
        )
    ref = recording.ref
    manifest = Manifest(
        SCHEMA, __version__, ref.vcenter, ref.name, ref.id, ref.cluster_kind, ref.cluster_id,
        ref.vm_ids, tuple(entries), ref.pool_ids, recording.seal,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(msgspec.to_builtins(manifest), indent=1, ensure_ascii=False)
    files.write(folder / MANIFEST, [f"{text}\n".encode()])


def find(folder: Path) -> list[Path]:
    """Return the recordings in a folder, or the folder itself, sorted by name.

    What is left of a recording counts, for its host was there. Raises UsageError when none has a
    manifest.
    """
    if os.path.lexists(folder / MANIFEST):
        return [folder]
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; give a recording or a folder of recordings")
    try:
        inside = sorted(one for one in folder.iterdir() if one.suffix != files.UNFINISHED)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}; give another folder") from None
    if not any(os.path.lexists(one / MANIFEST) for one in inside):
        raise UsageError(f"{folder}: holds no {MANIFEST}, nor does any folder in it")
    return [one for one in inside if _is_or_was_one(one)]


def _is_or_was_one(folder: Path) -> bool:
    """Say whether a folder is a recording, what is left of one, or holds some.

    A manifest that was lost on the way must not take its host out of sight.
    """
    if not folder.is_dir():
        return folder.is_symlink() and not folder.exists()
    try:
        there = {one.name for one in folder.iterdir()}
    except OSError:
        return True
    remains = {one.folder for one in ways.wirings().values()} & there
    holds_some = any(os.path.lexists(folder / name / MANIFEST) for name in there)
    return not there or bool(remains) or holds_some or MANIFEST in {one.lower() for one in there}


def load_manifest(folder: Path) -> Manifest:
    """Read the manifest of a recording.

    Raises UsageError when it is missing, broken, or of another schema.
    """
    path = folder / MANIFEST
    try:
        return manifest_in(_plain(str(path)) or _bytes(path), str(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; give a recording") from None


def manifest_in(data: bytes, where: str) -> Manifest:
    """Read a manifest; `where` names it. Raises UsageError when it is broken or of another kind."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except UNREADABLE as error:
        raise UsageError(f"{where}: not a manifest of a recording ({error})") from None
    if manifest.schema != SCHEMA:
        raise UsageError(f"{where}: schema {manifest.schema!r}, this version reads {SCHEMA!r}")
    return manifest


def _bytes(path: Path) -> bytes:
    """Read a file that a stranger may have sent. Raises OSError for what is none, or too large."""
    there = path.stat()
    if not stat.S_ISREG(there.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    if there.st_size > LIMIT_BYTES:
        raise OSError(errno.EFBIG, f"larger than {LIMIT_BYTES >> 20} MiB")
    return path.read_bytes()


def _within(root: Path, path: Path) -> Path | None:
    """Return the real path of what lies in a folder, itself real; None of what lies elsewhere."""
    if path.parent == root and path.name != ".." and not path.is_symlink():
        return path
    real = path.resolve()
    return real if real.is_relative_to(root) else None


def _file_of(root: Path, name: str, folder_of: Callable[[str], Path | None]) -> bytes | Unknown:
    """Read the file of an answer, which lies in the recording; `folder_of` finds its real folder.

    A name without dots that is no link lies where its folder does.
    """
    try:
        folder, last = os.path.split(name)
        there = folder_of(folder)
        if there and last not in ("", ".", "..") and (data := _plain(f"{there}{os.sep}{last}")):
            return data
        file = there and there / last
        if file and (file.name != last or last == ".." or file.is_symlink()):
            file = _within(root, file)
        if file is None:
            return Unknown(Why.UNPARSED, f"its file {name!r} lies outside the recording")
        return _bytes(file)
    except OSError as error:
        return Unknown(Why.NOT_RECORDED, f"its file {name!r} cannot be read: {error.strerror}")
    except (ValueError, RuntimeError) as error:  # a name that no file has, a link to itself
        return Unknown(Why.NOT_RECORDED, f"its file {name!r} cannot be read: {error}")


def _plain(path: str) -> bytes:
    """Read a file that is no link, as nearly all are; nothing where it is anything else.

    A pipe is not waited for. To look first, and then to open, takes twice as long.
    """
    try:
        descriptor = os.open(path, _PLAINLY)
    except OSError:
        return b""
    try:
        there = os.fstat(descriptor)
        small = stat.S_ISREG(there.st_mode) and there.st_size <= LIMIT_BYTES
        data = os.read(descriptor, there.st_size) if small else b""
        return data if len(data) == there.st_size else b""
    finally:
        os.close(descriptor)


def load(folder: Path, keys: Container[tuple[str, str, str]] | None = None) -> Recording:
    """Read a recording, or of it only the answers to these questions.

    A file that is gone, unreadable, cut or elsewhere is an answer that failed.

    Raises UsageError when the manifest is missing, broken, or of another schema.
    """
    root = folder.resolve()
    folder_of = cache(lambda name: _within(root, root / name))
    return loaded(load_manifest(folder), lambda name: _file_of(root, name, folder_of), keys)


def loaded(
    manifest: Manifest,
    file_of: Callable[[str], bytes | Unknown],
    keys: Container[tuple[str, str, str]] | None = None,
) -> Recording:
    """Join a manifest with the files that it names, wherever they lie."""
    captures = {}
    for entry in manifest.answers:
        key = (entry.wire, entry.asked, entry.subject)
        if keys is not None and key not in keys:
            continue
        text = _whole(file_of, entry.file, entry.bytes, entry.sha256)
        stderr = (
            _whole(file_of, entry.stderr_file, entry.stderr_bytes, entry.stderr_sha256)
            if entry.stderr_file
            else entry.stderr
        )
        lost = next((one for one in (text, stderr) if isinstance(one, Unknown)), None)
        request = Request(entry.wire, entry.asked, "", subject=entry.subject)
        captures[key] = Capture(
            request, "" if isinstance(text, Unknown) else text,
            "" if isinstance(stderr, Unknown) else stderr, entry.exit_status,
            lost or entry.failure, entry.taken_at, entry.duration_ms,
        )  # fmt: skip
    return Recording(manifest.ref, captures, manifest.seal)


def _whole(
    file_of: Callable[[str], bytes | Unknown], name: str, count: int, sha256: str
) -> str | Unknown:
    """Read a stream of an answer. What is damaged is no silence: it may have been an objection."""
    data = file_of(name) if name else b""
    if isinstance(data, Unknown):
        return data
    if count >= 0 and len(data) != count:
        told = f"its file {name!r} has {len(data)} of {count} bytes"
        return Unknown(Why.UNPARSED, told)
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        return Unknown(Why.UNPARSED, f"its file {name!r} is not what was recorded (SHA-256)")
    return data.decode(errors="replace")
