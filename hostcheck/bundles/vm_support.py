"""A vm-support bundle: an archive of what commands printed and of files of one host, or its folder.

    esx-esx-01.example.com-2026-11-28--09.12-2460058/
        README                                 Captured on: 2026-11-28 09:12:44.100000
        commands/vmware_-vl.txt                VMware ESXi 8.0.3 build-24022510
        commands/localcli_hardware-pci-list.txt
        commands/uname_-a.txt                  VMkernel esx-01.example.com 8.0.3 ...

Standard error is in the same files, and no exit status is kept: an answer is what its parser makes
of it. What no file answers was not recorded. Nothing of it is run or evaluated.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from hostcheck.bundles import archive, names
from hostcheck.bundles.label import Keys, Label
from hostcheck.errors import UsageError
from hostcheck.model.capture import Capture, Request, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording

Files = Mapping[str, bytes]
"""Wanted files by their path below the top folder."""

README = "README"
UNAME = f"{names.COMMANDS}/{names.name_of(['uname', '-a'])}"
NOT_THERE = "not in the bundle"
_TOP = re.compile(r"esx-(.+?)\.?-(\d{4}-\d\d-\d\d)--(\d\d)\.(\d\d)(?:-\d+)?")
_CAPTURED = re.compile(r"Captured on\s*:\s*(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)?\s*")
_UNAME = re.compile(r"VMkernel (\S+) ")
_README_LINES = 20


class Packed(NamedTuple):
    """A bundle in one .tgz, on disk or in the zip of a vCenter, read as a stream."""

    path: Path
    members: Callable[[Callable[[str], bool]], Iterator[tuple[str, bytes]]]
    """Yields the wanted files of the archive."""

    def label(self) -> Label:
        """Say whose it is, by the name of the top folder, else by what uname said."""
        for name, _ in self.members(lambda _: True):
            match = _TOP.fullmatch(PurePosixPath(name).parts[0])
            return _label(match[1]) if match else _label(_name_in(self._read()[1], self.path))
        raise UsageError(f"{self.path}: an empty archive; copy it again")

    def load(self, keys: Keys | None = None) -> Recording:
        """Read the answers."""
        top, files = self._read()
        return _recording(self.label().ref, top, files, keys)

    def _read(self) -> tuple[str, Files]:
        found: dict[str, bytes] = {}
        tops: set[str] = set()
        for name, data in self.members(_wanted):
            top, _, inside = name.partition("/")
            tops.add(top)
            found[inside] = data
        if len(tops) != 1:
            told = "no answer of a command" if not tops else "files of more than one host"
            raise UsageError(f"{self.path}: it holds {told}; give vm-support bundles of ESXi hosts")
        return tops.pop(), found


class Folder(NamedTuple):
    """A bundle that somebody unpacked. No link in it is followed."""

    path: Path

    def label(self) -> Label:
        """Say whose it is."""
        match = _TOP.fullmatch(self.path.name)
        return _label(match[1] if match else _name_in(self._files(), self.path))

    def load(self, keys: Keys | None = None) -> Recording:
        """Read the answers."""
        return _recording(self.label().ref, self.path.name, self._files(), keys)

    def _files(self) -> Files:
        try:
            inside = sorted(one.name for one in (self.path / names.COMMANDS).iterdir())
        except OSError as error:
            raise UsageError(f"{self.path}: {error.strerror}; copy it again") from None
        wanted = [f"{names.COMMANDS}/{one}" for one in inside if _wanted(f"x/commands/{one}")]
        found = {}
        for name in (README, *wanted):
            data = _regular(self.path / name)
            if data is not None:
                found[name] = data
        return found


def is_folder(path: Path) -> bool:
    """Say whether a folder is an unpacked bundle."""
    commands = path / names.COMMANDS
    return not commands.is_symlink() and commands.is_dir()


def _regular(path: Path) -> bytes | None:
    """Read a regular file without following a link; None for anything else."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as file:
        there = os.fstat(file.fileno())
        if not stat.S_ISREG(there.st_mode) or there.st_size > archive.BUNDLE.member:
            return None
        return file.read()


def _wanted(name: str) -> bool:
    """Say whether a file of the archive is one that is read: below the top folder, by its name."""
    _, _, inside = name.partition("/")
    if inside in (README, UNAME):
        return True
    folder, _, file = inside.rpartition("/")
    match = names.FRAGMENT.fullmatch(file)
    return folder == names.COMMANDS and (match[1] if match else file) in names.files()


def _label(host: str) -> Label:
    return Label(HostRef(host, "", ""), frozenset({Wire.SHELL}), bundle=True)


def _name_in(files: Files, path: Path) -> str:
    match = _UNAME.match(files.get(UNAME, b"").decode(errors="replace"))
    if match is None:
        raise UsageError(
            f"{path}: neither the name of its top folder nor {UNAME} says which host it is of; "
            "give a vm-support bundle of an ESXi host"
        )
    return match[1]


def _recording(ref: HostRef, top: str, files: Files, keys: Keys | None) -> Recording:
    taken_at = _taken_at(top, files)
    found = answers(_texts(files), names.files().values(), taken_at)
    kept = {key: one for key, one in found.items() if keys is None or key in keys}
    return Recording(ref, kept)


def answers(
    texts: Mapping[tuple[str, str, str], bytes | Unknown], asked: Iterable[Request], taken_at: str
) -> dict[tuple[str, str, str], Capture]:
    """Return an answer to every question that may have one; what is not there says so."""
    found = {}
    for request in asked:
        text = texts.get(request.key, Unknown(Why.NOT_RECORDED, NOT_THERE, request.text))
        if isinstance(text, Unknown):
            found[request.key] = Capture(request, failure=text, taken_at=taken_at)
        else:
            said = text.decode(errors="replace")
            found[request.key] = Capture(request, said, taken_at=taken_at)
    return found


def _texts(files: Files) -> dict[tuple[str, str, str], bytes | Unknown]:
    """Return what the files say by question, fragments joined; a whole file comes first."""
    parts: dict[str, dict[int, bytes]] = {}
    for path, data in files.items():
        match = names.FRAGMENT.fullmatch(PurePosixPath(path).name)
        if match:
            parts.setdefault(match[1], {})[int(match[2])] = data
    joined: dict[str, bytes | Unknown] = {name: names.whole(one) for name, one in parts.items()}
    for path, data in files.items():
        joined[PurePosixPath(path).name] = data
    return {one.key: joined[name] for name, one in names.files().items() if name in joined}


def _taken_at(top: str, files: Files) -> str:
    """Return when it was captured, in UTC as ESXi counts, else what its folder is called by."""
    lines = files.get(README, b"").decode(errors="replace").splitlines()[:_README_LINES]
    told = next((match for line in lines if (match := _CAPTURED.fullmatch(line))), None)
    match = _TOP.fullmatch(top)
    if told is not None:
        words = f"{told[1]} {told[2]}"
    elif match is not None:
        words = f"{match[2]} {match[3]}:{match[4]}:00"
    else:
        return ""
    try:
        when = datetime.strptime(words, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return ""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
