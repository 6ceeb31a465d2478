"""`nvidia-smi`: the table that administrators paste. Asked by people, not by preference.

| NVIDIA-SMI 550.54.16    Driver Version: 550.54.16   CUDA Version: N/A       |
|-------------------------------+----------------------+----------------------+
| GPU  Name        Persistence-M| Bus-Id        Disp.A | Volatile Uncorr. ECC |
|===============================+======================+======================|
|   0  NVIDIA A40          On   | 00000000:3B:00.0 Off |                    0 |
|  0%   28C    P8    22W / 300W |      0MiB / 46068MiB |      0%      Default |
|                               |                      |                  N/A |
+-------------------------------+----------------------+----------------------+
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.model.host import Mode
from hostcheck.model.pci import PciAddress
from hostcheck.syntax import smi_words as words
from hostcheck.syntax.ascii_table import TableRow, rows_of
from hostcheck.syntax.smi_words import Noticed

REQUEST = Request(Wire.SHELL, "nvidia-smi", "GPUs and running VMs, as an administrator sees them")

_WHAT = REQUEST.template
_GPU_CELLS = 3
_HEADING = "Memory-Usage"
_DRIVER = re.compile(r"(?:Driver|KMD) Version: *(\S+)")
_GPU = re.compile(r"([0-9]{1,4}) +(\S.*?)(?:(?<! ) +(?:On|Off|N/A|ERR!|WDDM|TCC|MCDM))?")
_ADDRESS = re.compile(r"([0-9a-fA-F]+:[0-9a-fA-F:]+\.[0-9a-fA-F])(?: .*)?")
_MEMORY = re.compile(r"(\S{1,40}) */ *(\S+)")
_MEMORY_SIZE = re.compile(r"([0-9])(MiB)")
_PROCESS = re.compile(
    r"([0-9]{1,4}) +(?:([0-9]+|N/A) +([0-9]+|N/A) +)?([0-9]{1,18}) +([CGM+]+) ++(.*\S) +(\S+)"
)
_NO_MIG_COLUMN = "the table has no MIG column"


class TableGpu(Struct, frozen=True, kw_only=True):
    """One GPU. A name that did not fit ends in `...`."""

    index: int
    name: str
    address: PciAddress
    framebuffer_total_bytes: Reading[int]
    framebuffer_used_bytes: Reading[int]
    ecc: Reading[Mode]
    """A count or `On` in the ECC column means enabled, `Off` disabled, `N/A` no ECC."""
    ecc_uncorrected_volatile: Reading[int]
    mig: Reading[Mode]


class TableProcess(Struct, frozen=True, kw_only=True):
    """One process; on ESXi each is a running VM and `name` its name."""

    gpu_index: int
    gpu_instance_id: Reading[int]
    pid: int
    kind: str
    name: str
    memory_bytes: Reading[int]


class SmiTable(Noticed, frozen=True, kw_only=True):
    """The table. `processes` is Unknown when its box is missing."""

    driver_version: Reading[str]
    gpus: tuple[TableGpu, ...]
    processes: Reading[tuple[TableProcess, ...]]


def parse(text: str) -> SmiTable:
    """Read the table in any of its widths."""
    peeled = words.peel(text, what=_WHAT)
    rows = list(rows_of(peeled.lines))
    driver = next((m[1] for row in rows for m in [_DRIVER.search(row.cells[0])] if m), None)
    blocks = _blocks(rows)
    gpus = [_gpu(block) for block in blocks]
    gave_up = (words.gravest(cell for row in block for cell in row.cells) for block in blocks)
    notices = words.with_trouble(
        peeled.notices, zip((gpu.address for gpu in gpus), gave_up, strict=True)
    )
    headed = any(row.cells[1:2] == (_HEADING,) and not row.in_body for row in rows)
    if not (headed or peeled.no_devices or (peeled.names_lost and not rows)):
        raise words.refuse(peeled, what=_WHAT, expected=f"a table with '{_HEADING}'")
    if not (gpus or peeled.no_devices or peeled.names_lost):
        raise ParseError(f"{_WHAT}: the table has no GPU")
    words.each_once((gpu.address for gpu in gpus), what=_WHAT)
    asked = f"{_WHAT}: Driver Version"
    return SmiTable(
        driver_version=words.absent(asked, "the answer has no 'Driver Version'")
        if driver is None
        else words.word(driver, asked),
        gpus=tuple(gpus),
        processes=_processes(rows),
        lost=notices.lost,
        lost_unnamed=notices.lost_unnamed,
        inforom_corrupted=notices.inforom_corrupted,
        reset_needed=notices.reset_needed,
    )


def _blocks(rows: Iterable[TableRow]) -> list[list[TableRow]]:
    """Gather the lines of each GPU: the one with its address and up to two below it."""
    blocks: list[list[TableRow]] = []
    for row in rows:
        if row.title or not row.in_body or len(row.cells) != _GPU_CELLS:
            continue
        if _ADDRESS.fullmatch(row.cells[1]) and _GPU.fullmatch(row.cells[0]):
            blocks.append([row])
        elif blocks and not row.after_rule:
            blocks[-1].append(row)
        else:
            raise ParseError(
                f"{_WHAT}: expected a GPU with its index, name and bus id, "
                f"not {words.quoted(' | '.join(row.cells))}"
            )
    return blocks


def _gpu(block: list[TableRow]) -> TableGpu:
    first, *others = block
    named, placed = _GPU.fullmatch(first.cells[0]), _ADDRESS.fullmatch(first.cells[1])
    where = words.pci_address(placed[1] if placed else "", f"{_WHAT}: Bus-Id")
    if named is None or isinstance(where, Unknown):
        raise ParseError(f"{_WHAT}: {words.quoted(first.cells[1])} is not a PCI address")
    used, total = _memory([row.cells[1] for row in others])
    return TableGpu(
        index=int(named[1]),
        name=named[2],
        address=where,
        framebuffer_total_bytes=total,
        framebuffer_used_bytes=used,
        ecc=_ecc(first.cells[2]),
        ecc_uncorrected_volatile=_ecc_count(first.cells[2]),
        mig=_mig([row.cells[2] for row in others if not row.cells[0]]),
    )


def _memory(cells: list[str]) -> tuple[Reading[int], Reading[int]]:
    asked = f"{_WHAT}: Memory-Usage"
    found = [match for cell in cells if (match := _MEMORY.fullmatch(cell))]
    if len(found) != 1:
        unknown = words.absent(asked, f"{len(found)} cells look like 'used / total'")
        return unknown, unknown
    used, total = (_MEMORY_SIZE.sub(r"\1 \2", found[0][part]) for part in (1, 2))
    return words.size(used, asked), words.size(total, asked)


def _ecc(cell: str) -> Reading[Mode]:
    if cell.isdecimal() or cell == "On":
        return Mode.ENABLED
    if cell == "Off":
        return Mode.DISABLED
    return words.switch(cell, f"{_WHAT}: Volatile Uncorr. ECC")


def _ecc_count(cell: str) -> Reading[int]:
    asked = f"{_WHAT}: Volatile Uncorr. ECC"
    if cell in ("On", "Off"):
        return words.absent(asked, f"nvidia-smi says '{cell}', not a count")
    return words.number(cell, asked)


def _mig(cells: list[str]) -> Reading[Mode]:
    asked = f"{_WHAT}: MIG M."
    if len(cells) != 1:
        return words.absent(asked, _NO_MIG_COLUMN)
    return words.switch(cells[0], asked)


def _processes(rows: list[TableRow]) -> Reading[tuple[TableProcess, ...]]:
    asked = f"{_WHAT}: Processes"
    box = [row for row in rows if row.title == "Processes"]
    if not box:
        return words.absent(asked, "the answer has no list of processes")
    found: list[TableProcess] = []
    none = False
    for row in box:
        if not row.in_body:
            continue
        match = _PROCESS.fullmatch(row.cells[0])
        if row.cells[0].startswith("No running"):
            none = True
        elif match is None or len(row.cells) != 1:
            return words.unparsed(" | ".join(row.cells), asked, "a process")
        else:
            found.append(_process(match))
    if not (found or none):
        return Unknown(Why.UNPARSED, "the list of processes is cut off", asked)
    return tuple(found)


def _process(match: re.Match[str]) -> TableProcess:
    asked = f"{_WHAT}: Processes"
    instance = match[2]
    return TableProcess(
        gpu_index=int(match[1]),
        gpu_instance_id=words.absent(f"{asked}: GI", "the table has no GI column")
        if instance is None
        else words.number(instance, f"{asked}: GI"),
        pid=int(match[4]),
        kind=match[5],
        name=match[6],
        memory_bytes=words.size(_MEMORY_SIZE.sub(r"\1 \2", match[7]), f"{asked}: GPU Memory"),
    )
