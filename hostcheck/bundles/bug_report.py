"""`nvidia-bug-report.log`, plain or as .gz: what NVIDIA's own script gathers, nvidia-smi among it.

    ____________________________________________

    Start of NVIDIA bug report log file.  Please include this file, along
    Date: Sat Nov 28 09:20:11 UTC 2026
    uname: VMkernel esx-01.example.com 8.0.3 #1 SMP Release build-24022510 ...

    ____________________________________________

    *** /usr/bin/nvidia-smi -q -x
    *** ls: -rwxr-xr-x 1 root root 610344 /usr/bin/nvidia-smi

    <?xml version="1.0" ?>

Sections are parted by a line of underscores. The form is that of Linux; that ESXi's is the same is
inferred. A section is believed when it is announced with the very words of a listed question and
another one follows it: the last of a file may be cut.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from hostcheck.bundles import archive, vm_support
from hostcheck.bundles.label import Keys, Label
from hostcheck.errors import UsageError
from hostcheck.model.capture import Wire
from hostcheck.model.fact import Unknown
from hostcheck.model.host_ref import HostRef
from hostcheck.model.recording import Recording
from hostcheck.ways.shell import order

START = "Start of NVIDIA bug report log file"
NAME = re.compile(r"nvidia-bug-report.*\.log(?:\.gz)?", re.IGNORECASE)
_RULE = re.compile(r"_{40,}\s*")
_UNAME = re.compile(r"uname:\s*\S+ (\S+) .*")
_DATE = re.compile(r"Date:\s*\w{3} (\w{3}) +(\d{1,2}) (\d\d:\d\d:\d\d) UTC (\d{4})\s*")
_LONG = {"--query": "-q", "--xml-format": "-x"}


class Report(NamedTuple):
    """One report on disk."""

    path: Path

    def label(self) -> Label:
        """Say whose it is, by what uname said."""
        return self._label(self._text())

    def load(self, keys: Keys | None = None) -> Recording:
        """Read the answers of nvidia-smi that it holds."""
        text = self._text()
        asked = [one for one in order.REQUESTS if one.text.startswith("nvidia-smi")]
        said = _said(text)
        texts: dict[tuple[str, str, str], bytes | Unknown] = {
            one.key: said[words] for one in asked if (words := _words(one.text)) in said
        }
        found = vm_support.answers(texts, asked, _taken_at(text))
        kept = {key: one for key, one in found.items() if keys is None or key in keys}
        return Recording(self._label(text).ref, kept)

    def _label(self, text: str) -> Label:
        match = next((one for line in _head(text) if (one := _UNAME.fullmatch(line))), None)
        if START not in text or match is None:
            raise UsageError(
                f"{self.path}: no report of nvidia-bug-report.sh that names its host; give the "
                "file as the host wrote it"
            )
        return Label(HostRef(match[1], "", ""), frozenset({Wire.SHELL}), log=True)

    def _text(self) -> str:
        most = archive.BUNDLE.member
        try:
            with self.path.open("rb") as file:
                packed = file.read(2) == b"\x1f\x8b"
                file.seek(0)
                data = gzip.GzipFile(fileobj=file).read(most + 1) if packed else file.read(most + 1)
        except (OSError, EOFError, zlib.error) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"{self.path}: cannot be read ({said}); copy it again") from None
        if len(data) > most:
            raise UsageError(f"{self.path}: larger than {most >> 20} MiB; give the file itself")
        return data.decode(errors="replace")


def _head(text: str) -> Iterator[str]:
    """Yield the lines of the first section."""
    yield from (line for line in text[:65536].splitlines()[:100])


def _said(text: str) -> dict[tuple[str, ...], bytes]:
    """Return the sections that another follows, by their announcements: the first of each."""
    found: dict[tuple[str, ...], bytes] = {}
    announced: tuple[str, ...] = ()
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if _RULE.fullmatch(line):
            if announced:
                found.setdefault(announced, "".join(lines).strip("\n").encode() + b"\n")
            announced, lines = (), []
        elif line.startswith("*** ") and not any(one.strip() for one in lines):
            announced = announced or _words(line[4:])
        else:
            lines.append(line)
    return found


def _words(command: str) -> tuple[str, ...]:
    """Return a command in a spelling in which equal ones are equal: no folder, options in order."""
    program, *rest = command.split() or [""]
    told = [_LONG.get(one, one) for one in rest]
    verbs = [one for one in told if not one.startswith("-")]
    return (PurePosixPath(program).name, *verbs, *sorted(set(told) - set(verbs)))


def _taken_at(text: str) -> str:
    match = next((one for line in _head(text) if (one := _DATE.fullmatch(line))), None)
    if match is None:
        return ""
    words = f"{match[1]} {match[2]} {match[3]} {match[4]}"
    try:
        when = datetime.strptime(words, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return ""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
