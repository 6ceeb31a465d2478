"""`nvidia-smi vgpu`: a table of GPUs and the vGPUs that run on them.

|===============================+================================+============|
|   0  NVIDIA A40               | 00000000:3B:00.0               |   4%       |
|      3251634213  NVIDIA A4... | 2098311  cad-07                |      4%    |
+-------------------------------+--------------------------------+------------+
"""

import re

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.model.pci import PciAddress
from hostcheck.syntax import smi_words as words
from hostcheck.syntax.ascii_table import TableRow, rows_of
from hostcheck.syntax.smi_words import Noticed
from hostcheck.syntax.vgpu_types import address_of

REQUEST = Request(
    Wire.SHELL, "nvidia-smi vgpu", "GPUs and their vGPUs, as an administrator sees it"
)

_WHAT = REQUEST.template
_CELLS = 3
_DRIVER = re.compile(r"(?:Driver|KMD) Version: *(\S+)")
_NUMBERED = re.compile(r"([0-9]{1,18}) +(\S.*)")
_ADDRESS = re.compile(r"[0-9a-fA-F]+:[0-9a-fA-F:]+\.[0-9a-fA-F]+")
_VM = re.compile(r"(\S+)(?: +(\S.*))?")


class SummaryVgpu(Struct, frozen=True, kw_only=True):
    """One vGPU. Names and ids that did not fit end in `...`."""

    vgpu_id: int
    type_name: str
    vm_id: str
    vm_name: Reading[str]


class SummaryGpu(Struct, frozen=True, kw_only=True):
    """One GPU. A name that did not fit ends in `...`."""

    index: int
    name: str
    address: PciAddress
    vgpus: tuple[SummaryVgpu, ...]


class VgpuSummary(Noticed, frozen=True, kw_only=True):
    """The table."""

    driver_version: Reading[str]
    gpus: tuple[SummaryGpu, ...]


def parse(text: str) -> VgpuSummary:
    """Read the table in any of its widths."""
    peeled = words.peel(text, what=_WHAT)
    rows = list(rows_of(peeled.lines))
    none = peeled.no_devices or any(map(words.says_no_vgpu_devices, peeled.lines))
    driver = next((m[1] for row in rows for m in [_DRIVER.search(row.cells[0])] if m), None)
    gpus: list[tuple[TableRow, list[SummaryVgpu]]] = []
    is_summary = False
    for row in rows:
        if len(row.cells) == _CELLS and not row.in_body:
            is_summary = is_summary or row.cells[2] in ("GPU-Util", "vGPU-Util")
        elif len(row.cells) == _CELLS and row.in_body and not row.title:
            _take(row, gpus)
    if not none and not (is_summary and gpus):
        raise words.refuse(peeled, what=_WHAT, expected="a table of GPUs with 'vGPU-Util'")
    asked = f"{_WHAT}: Driver Version"
    return VgpuSummary(
        driver_version=words.absent(asked, "the answer has no 'Driver Version'")
        if driver is None
        else words.word(driver, asked),
        gpus=tuple(_gpu(row, vgpus) for row, vgpus in gpus),
        lost=peeled.notices.lost,
        lost_unnamed=peeled.notices.lost_unnamed,
        inforom_corrupted=peeled.notices.inforom_corrupted,
    )


def _take(row: TableRow, gpus: list[tuple[TableRow, list[SummaryVgpu]]]) -> None:
    named = _NUMBERED.fullmatch(row.cells[0])
    if named and _ADDRESS.fullmatch(row.cells[1]):
        gpus.append((row, []))
        return
    vm = _VM.fullmatch(row.cells[1])
    if named is None or vm is None or not gpus or row.after_rule:
        raise ParseError(
            f"{_WHAT}: expected a GPU or a vGPU below its GPU, "
            f"not {words.quoted(' | '.join(row.cells))}"
        )
    gpus[-1][1].append(
        SummaryVgpu(
            vgpu_id=int(named[1]),
            type_name=named[2],
            vm_id=vm[1],
            vm_name=words.word(vm[2] or "", f"{_WHAT}: VM Name"),
        )
    )


def _gpu(row: TableRow, vgpus: list[SummaryVgpu]) -> SummaryGpu:
    index, _, name = row.cells[0].partition(" ")
    return SummaryGpu(
        index=int(index),
        name=name.strip(),
        address=address_of(row.cells[1], what=_WHAT),
        vgpus=tuple(vgpus),
    )
