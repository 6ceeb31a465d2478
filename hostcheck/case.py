"""Case sheets: each judgement beside the lines of the answers that it was made from."""

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256

from msgspec.structs import replace

from hostcheck import __version__, catalog
from hostcheck.checks.engine import all_checks
from hostcheck.model.capture import Capture, Origin
from hostcheck.model.case import SCHEMA, Case, CaseItem, RawLines
from hostcheck.model.recording import Recording
from hostcheck.model.result import Manual, Result, Severity, Status
from hostcheck.model.run import HostReport

MOST = 14
"""Lines of one answer that a judgement shows."""
FEW = 6
"""Lines that are shown where none is about the judgement: what the answer begins with."""
WIDEST = 400
"""Signs of a line."""
ORDER = (Status.FAIL, Status.ERROR, Status.UNKNOWN)
GRAVITY = tuple(Severity)
_ADDRESS = re.compile(r"(?:[0-9a-f]{4,8}:)?([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z-]{2,}|\d[\d.]*")
_PLAIN = frozenset(
    ("and", "are", "for", "has", "have", "its", "not", "off", "one", "that", "the", "this", "was",
     "with", "host", "gpu")
)  # fmt: skip
FAMILIES = {
    "GFX": ("graphics", "sharedpassthru"), "DRV": ("driver", "nvidia"), "VGPU": ("vgpu", "profile"),
    "PCI": ("sriov", "passthru", "passthrough"), "LOC": ("numa", "uplink"),
    "MEM": ("memory",), "VM": ("memory", "pcipassthru"), "HOST": ("connection", "maintenance"),
}  # fmt: skip
"""Words that answers use for what a family of checks is about, where its name is none of them."""


def case_of(recorded: Recording, report: HostReport, run_sha256: str = "") -> Case:
    """Join the judgements of a host with what it answered."""
    manuals = {one.manual.id: one.manual for one in all_checks()}
    edition = catalog.requirements().edition
    told = [one for one in report.results if one.status in ORDER]
    told.sort(key=lambda one: (ORDER.index(one.status), GRAVITY.index(one.severity), one.check))
    shown: set[RawLines] = set()
    items = []
    for one in told:
        manual = manuals.get(one.check)
        raw = _raw(one, report, recorded, manual)
        items.append(
            CaseItem(one, manual, tuple(replace(each, again=each in shown) for each in raw))
        )
        shown.update(raw)
    return Case(SCHEMA, __version__, edition, report, tuple(items), run_sha256)


def _raw(
    result: Result, report: HostReport, recorded: Recording, manual: Manual | None
) -> tuple[RawLines, ...]:
    sources = report.host.sources
    named = [sources[at] for at in result.sources if 0 <= at < len(sources)]
    return tuple(_answer(one, recorded, result, manual) for one in named)


def _answer(source: Origin, recorded: Recording, result: Result, manual: Manual | None) -> RawLines:
    capture = recorded.captures.get((source.wire, source.asked, source.subject))
    if capture is None:
        return RawLines(source, "", 0, (), "the recording does not hold it")
    digest = sha256(capture.text.encode("utf-8", "surrogatepass")).hexdigest()
    if capture.failure is not None:
        return RawLines(source, digest, 0, (), capture.failure.detail)
    lines = _lines(capture)
    return RawLines(source, digest, len(lines), excerpt(lines, result, manual))


def _lines(capture: Capture) -> list[str]:
    text = capture.text or capture.stderr
    lines = text.splitlines()
    if len(lines) < 4 and text.lstrip().startswith("<"):
        return re.split(r"(?<=>)(?=<)", text.strip())
    if len(lines) < 4 and text.lstrip().startswith("{"):
        return re.split(r"(?<=,)\s*(?=\")", text.strip())
    return lines


def excerpt(
    lines: Sequence[str], result: Result, manual: Manual | None = None
) -> tuple[tuple[int, str], ...]:
    """Return the numbered lines of an answer that are about a judgement.

    They are looked for below the subject's own address or name, by the words of what was observed
    and expected; a line is never changed, but for its end where it is very long.
    """
    first, last = _part(lines, result)
    words = _words(result, manual)
    heard = {at: told for at in range(first, last) if (told := _hears(lines[at], words))}
    found = sorted(sorted(heard, key=lambda at: (-heard[at], at))[:MOST])
    if not found:
        found = [at for at in range(first, last) if lines[at].strip()][:FEW]
    elif first not in found and last - first < len(lines):
        found.insert(0, first)  # the line that says whose they are
    return tuple((at + 1, lines[at].rstrip()[:WIDEST]) for at in found)


def _part(lines: Sequence[str], result: Result) -> tuple[int, int]:
    """Return where the answer speaks of the subject: from its address or name to the next one's."""
    about = result.subject
    address = _ADDRESS.search(about.id)
    if address is not None:
        mine = address[1].lower()
        marks = [(at, found[1].lower()) for at, one in enumerate(lines)
                 if (found := _ADDRESS.search(one))]  # fmt: skip
        first = next((at for at, other in marks if other == mine), None)
        if first is not None:
            head = _ADDRESS.split(lines[first])[0]
            rest = (at for at, other in marks if at > first and other != mine
                    and _ADDRESS.split(lines[at])[0] == head)  # fmt: skip
            return first, next(rest, len(lines))
    return 0, len(lines)


def _words(result: Result, manual: Manual | None) -> frozenset[str]:
    said = f"{result.observed} {result.expected} {result.subject.values.get('vm', '')}"
    words = {one.lower() for one in _WORD.findall(said)}
    family = manual.family if manual is not None else result.check.partition("-")[0]
    return frozenset((words - _PLAIN) | set(FAMILIES.get(family, (family.lower(),))))


def _hears(line: str, words: Iterable[str]) -> int:
    low = line.lower()
    return sum(bool(re.search(rf"(?<![a-z0-9.]){re.escape(word)}", low)) for word in words)
