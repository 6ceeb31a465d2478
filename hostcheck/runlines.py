"""A run file for whoever needs a few fields of each host: read line by line, in little memory.

Most of a line is results that pass and facts that a plan never opens. They are skipped, not made
into objects, and the pages of the file that were read are given back.
"""

import mmap
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, get_origin, get_type_hints

import msgspec
from msgspec import Raw, Struct

from hostcheck import runfile
from hostcheck.errors import damaged
from hostcheck.model.fact import Known, Unknown, Why
from hostcheck.model.host import Host, PhysicalGpu
from hostcheck.model.result import Answer, Result, Status, Subject
from hostcheck.model.run import SCHEMA as PLAIN
from hostcheck.model.run import HostReport, OpenedOneByOne, Run, odd_times, upheld_preflight
from hostcheck.model.traits import FIELDS, GPU_FIELDS
from hostcheck.model.unreadable import DAMAGED, UNREADABLE
from hostcheck.model.vm import Vm
from hostcheck.runfile import OWN, SCHEMA, StoredHosts, StoredRun, ToldResult, upheld_by

HOSTS = b'"hosts":[\n'
COMMA = ord(",")
SHARED = b'],\n"shared":['
PAGES = 16 * 1024 * 1024
"""So much of the file is kept in memory behind the place that is read."""


class Kept(NamedTuple):
    """The fields of hosts, GPUs and VMs that are opened; all others are skipped."""

    host: tuple[str, ...]
    gpu: tuple[str, ...]
    vm: tuple[str, ...]


PLAN = Kept(
    host=(
        "build", "cluster", "driver_packages", "driver_version", "drs_automation",
        "drs_evacuation", "gpus", "hot_migration", "id", "image", "name", "profiles_offered",
        "smi_answers", "target", "version", "vgpu_abilities", "vgpu_instances", "vms",
    ),
    gpu=(
        "address", "architecture", "catalogue_key", "ecc_current", "framebuffer_bytes",
        "graphics_memory_bytes", "mig_current", "mig_instances", "name", "own_types",
        "passthrough", "pci_id", "profiles_creatable", "profiles_supported", "smi_seen",
        "vgpu_mode", "vm_ids",
    ),
    vm=("devices", "id", "name", "passthroughs", "power_state", "vgpus"),
)  # fmt: skip
"""What a plan opens, and the counting of room for it."""
CLASSES = Kept(
    host=(
        *PLAN.host, "memory_bytes", "memory_dram_bytes", "memory_hypervisor_bytes",
        "memory_overhead_bytes", "memory_reserved_bytes", "offered_devices", "offered_groups",
        "per_vm_limits",
    ),
    gpu=(*PLAN.gpu, "graphics_active", "hardware_label"),
    vm=(*PLAN.vm, "memory_bytes"),
)  # fmt: skip
"""What VM classes are judged by beside that."""
LISTING = Kept(
    host=(
        "cluster", "connection_state", "gpus", "id", "in_maintenance_mode", "name", "target",
        "version", "vms",
    ),
    gpu=("name",),
    vm=("devices", "gpu_addresses", "id", "name", "passthroughs", "power_state", "vgpus"),
)  # fmt: skip
"""What lists of hosts and VMs open."""
DRIFT = Kept(host=("bmc", "cluster", "name", "target", *FIELDS), gpu=GPU_FIELDS, vm=())
"""What the hosts of a cluster are compared by."""
TEXT = Kept(
    host=(*DRIFT.host, "asked_with", "logins", "roles", "ssh_service"),
    gpu=(*GPU_FIELDS, "address", "smoke"), vm=(),
)  # fmt: skip
"""What the text of a run tells of hosts, beside that."""
TRUCE = Kept(
    host=("id", "name", "services", "target", "version", "vms"), gpu=(),
    vm=("id", "name", "passthroughs", "vgpus"),
)  # fmt: skip
"""What a hardening audit finds fault with."""
NOT_OPENED = Unknown(Why.NOT_ASKED, "it was not opened")
TOLD = (Status.FAIL, Status.UNKNOWN, Status.ERROR)
HEAD = b'{"check":"'
"""A result begins so."""
MOST_MADE = 4096
"""Shared values that are kept as objects."""


class _Subject(Struct, frozen=True):
    kind: str
    id: str


class _Result(Struct, frozen=True):
    check: str
    status: Status
    subject: int
    told: Raw


class Top(StoredRun, frozen=True, kw_only=True):
    """The document, its hosts aside."""

    hosts: tuple[Raw, ...] = ()
    shared: tuple[Raw, ...] = ()


class Lines:
    """The hosts of a file by their places, opened as far as it is wanted."""

    def __init__(self, data: mmap.mmap, start: int, end: int, shared: tuple[Raw, ...]) -> None:
        self._data = data
        self._view = memoryview(data)
        self._shared = tuple(map(bytes, shared))
        self._seen = start
        self._told: dict[bytes, ToldResult] = {}
        self.places: list[tuple[int, int]] = []
        at = start
        while at < end:
            stop = data.find(b"\n", at, end)
            stop = end if stop < 0 else stop
            self.places.append((at, stop))
            at = stop + 1
            self._forget(at)
        self._seen = start

    def _forget(self, at: int) -> None:
        """Give back the pages that were read."""
        if at - self._seen > PAGES:
            first = self._seen // mmap.PAGESIZE * mmap.PAGESIZE
            self._data.madvise(
                mmap.MADV_DONTNEED, first, (at - first) // mmap.PAGESIZE * mmap.PAGESIZE
            )
            self._seen = at

    def value(self, raw: Raw) -> bytes:
        """Return a value, which may be shared."""
        text = bytes(raw)
        return self.shared(text) if text[:1].isdigit() else text

    def shared(self, number: bytes) -> bytes:
        """Return a value that is shared."""
        return self._shared[int(number)]

    def told(self, raw: Raw) -> ToldResult:
        """Return the words of a result; those that many share are made once."""
        text = bytes(raw)
        found = self._told.get(text)
        if found is None:
            found = _told(self.value(raw))
            if text[:1].isdigit():
                self._told[text] = found
        return found

    def line(self, number: int) -> memoryview:
        """Return the text of a line."""
        start, stop = self.places[number]
        self._seen = min(self._seen, start)
        self._forget(start)
        stop -= self._data[stop - 1] == COMMA
        return self._view[start:stop]


def opened(path: Path) -> tuple[Top, Lines] | None:
    """Return the document and its hosts by their lines; None of what is laid out in another way.

    That is for `runfile.read`, which also says what is wrong with a file.
    """
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None
    start, end = data.find(HOSTS, 0, PAGES), data.rfind(SHARED)
    if start < 0 or end < start:
        return None
    try:
        rest = data[end + len(SHARED) - 1 :]
        top = msgspec.json.decode(data[:start] + b'"hosts":[],"shared":' + rest, type=Top)
    except UNREADABLE:
        return None
    if top.schema != SCHEMA or odd_times(top.first_answer_at, top.last_answer_at):
        return None
    top = msgspec.structs.replace(top, preflight=upheld_preflight(top.preflight))
    return top, Lines(data, start + len(HOSTS), end, top.shared)


def whole(path: Path) -> Run:
    """Read a run as `runfile.read` does; its hosts are found by their lines, in less memory.

    A host that is damaged is found out when it is opened.
    """
    found = opened(path)
    if found is None:
        return runfile.read(path)
    top, lines = found
    return _run(top, StoredHosts(len(lines.places), lines.line, top.shared))


def _run(top: Top, hosts: Sequence[HostReport]) -> Run:
    told = {name: getattr(top, name) for name in Run.__struct_fields__ if name not in OWN}
    return Run(schema=PLAIN, hosts=hosts, **told)


def read(path: Path, checks: Collection[str], kept: Kept = PLAN) -> Run:
    """Read a run of which each host has what is kept, and of these checks what is no pass.

    All other fields are Unknown, and no fact tells where it was read. Raises UsageError as
    `runfile.read` does, which also reads what is laid out in another way.
    """
    found = opened(path)
    if found is None:
        return runfile.read(path)
    top, lines = found
    opener = _Opener(lines, kept, checks)

    def report(number: int) -> HostReport:
        try:
            return opener.report(number)
        except (*DAMAGED, TypeError) as error:
            raise damaged(error) from None

    return _run(top, OpenedOneByOne(len(lines.places), report))


class _Opener:
    """Makes hosts of lines. Values that many share are made once, and no result that passes is."""

    def __init__(self, lines: Lines, kept: Kept, checks: Collection[str]) -> None:
        self._lines = lines
        self._decoders = _decoders(kept)
        self._made: dict[tuple[str, bytes], Any] = {}
        ids = b"|".join(re.escape(one.encode()) for one in sorted(checks)) or b"-"
        words = b"|".join(one.value.encode() for one in TOLD)
        self._wanted = frozenset(checks)
        self._found = re.compile(rb'\{"check":"(?:%s)","status":"(?:%s)"' % (ids, words)).finditer

    def report(self, number: int) -> HostReport:
        line = self._decoders.line(self._lines.line(number))
        facts = {}
        for name, decode in self._decoders.fields:
            text = bytes(getattr(line.host, name))
            if text:
                facts[name] = self._value(name, text, decode)
        verdict = upheld_by(line.verdict, line.results, self._lines.told)
        return HostReport(verdict, self._decoders.host(**facts), tuple(self._results(line)))

    def _value(self, name: str, text: bytes, decode: Any) -> Any:
        if not text[:1].isdigit():
            return decode(text)
        key = (name, text)
        if key not in self._made:
            if len(self._made) >= MOST_MADE:
                self._made.clear()
            self._made[key] = decode(self._lines.shared(text))
        return self._made[key]

    def _results(self, line: Any) -> Iterator[Result]:
        """Yield what is no pass, of the checks that are wanted."""
        text = bytes(line.results)
        subjects: tuple[_Subject, ...] | None = None
        for one in self._told(text):
            if one.status not in TOLD or one.check not in self._wanted:
                continue
            subjects = subjects or _subjects(line.subjects)
            told, about = self._lines.told(one.told), subjects[one.subject]
            yield Result(
                one.check, told.severity, one.status, Subject(about.kind, about.id, "", {}),
                told.observed, told.expected, told.note, (), told.unseen, (), told.trace,
            )  # fmt: skip

    def _told(self, text: bytes) -> Iterable[_Result]:
        """Find results by their text: quotes inside of texts are escaped, and look otherwise.

        What is not laid out as this program does is read whole.
        """
        if text.count(HEAD) != text.count(b'"status":"'):
            return _whole(text)
        pieces = []
        for found in self._found(text):
            end = text.find(b"}," + HEAD, found.end())
            pieces.append(text[found.start() : end + 1 if end >= 0 else len(text) - 1])
        return map(_one, pieces)


def narrow(whole: Any, kept: Collection[str], **types: Any) -> Any:
    """Return a kind of a struct that reads some fields of a document and no others.

    A field that is not kept has a name that no document has, and is Unknown. `types` are those of
    fields that are narrow themselves.
    """
    hints = get_type_hints(whole)
    told = [
        (one.name, types.get(one.name, hints[one.name]), *_default(one, hints[one.name], kept))
        for one in msgspec.structs.fields(whole)
    ]
    away = {
        one.name: f"-{one.name}" for one in msgspec.structs.fields(whole) if one.name not in kept
    }
    return msgspec.defstruct(
        f"_{whole.__name__}", told, bases=(whole,), frozen=True, kw_only=True, rename=away
    )


def _default(field: Any, hint: Any, kept: Collection[str]) -> tuple[Any, ...]:
    if field.name in kept:
        return () if field.required else (field.default,)
    return ((),) if get_origin(hint) is tuple else (NOT_OPENED,)


def kind_of(kept: Kept) -> type[Host]:
    """Return a kind of host that reads what is kept; all else of it is Unknown."""
    kind: type[Host] = _decoders(kept).host
    return kind


class _Decoders(NamedTuple):
    """What opens the fields that are kept, and makes a host of them."""

    line: Any
    fields: tuple[tuple[str, Any], ...]
    host: Any


@cache
def _decoders(kept: Kept) -> _Decoders:
    gpu: Any = narrow(PhysicalGpu, kept.gpu)
    vm: Any = narrow(Vm, kept.vm)
    gpus: Any = Known[tuple[gpu, ...]] | Unknown
    vms: Any = Known[tuple[vm, ...]] | Unknown
    hints = {**get_type_hints(Host), "gpus": gpus, "vms": vms}
    fields = msgspec.defstruct("_Fields", [(one, Raw, Raw(b"")) for one in kept.host], frozen=True)
    parts: list[tuple[str, Any]] = [
        ("verdict", Answer), ("host", fields), ("subjects", Raw), ("results", Raw),
    ]  # fmt: skip
    return _Decoders(
        msgspec.json.Decoder(msgspec.defstruct("_Line", parts, frozen=True)).decode,
        tuple((one, msgspec.json.Decoder(hints[one]).decode) for one in kept.host),
        narrow(Host, kept.host, gpus=gpus, vms=vms),
    )


_told = msgspec.json.Decoder(ToldResult).decode
_one = msgspec.json.Decoder(_Result).decode
_whole = msgspec.json.Decoder(tuple[_Result, ...]).decode
_subjects = msgspec.json.Decoder(tuple[_Subject, ...]).decode
