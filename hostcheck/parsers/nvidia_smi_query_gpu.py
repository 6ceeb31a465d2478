"""`nvidia-smi --query-gpu=index,uuid,... --format=csv,noheader,nounits`: the core facts as CSV.

    0, GPU-8ae1d3f5-..., NVIDIA A40, 00000000:3B:00.0, 0x223510DE, 0x145A10DE, 550.54.16, \
Enabled, Enabled, [N/A], [N/A], 46068, 0

Administrators paste other selections, with a heading:

    pci.bus_id, ecc.mode.current, memory.total [MiB]
    00000000:3B:00.0, Enabled, 46068 MiB
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading, Unknown
from hostcheck.model.host import Mode
from hostcheck.model.pci import PciAddress, PciId
from hostcheck.syntax import smi_words as words
from hostcheck.syntax.smi_words import Noticed

T = TypeVar("T")

COLUMNS = (
    "index",
    "uuid",
    "name",
    "pci.bus_id",
    "pci.device_id",
    "pci.sub_device_id",
    "driver_version",
    "ecc.mode.current",
    "ecc.mode.pending",
    "mig.mode.current",
    "mig.mode.pending",
    "memory.total",
    "memory.used",
)
REQUEST = Request(
    Wire.SHELL,
    f"nvidia-smi --query-gpu={','.join(COLUMNS)} --format=csv,noheader,nounits",
    "identity, ECC, MIG and framebuffer of every GPU",
)

HEALTH_COLUMNS = (
    "ecc.errors.uncorrected.volatile.total",
    "ecc.errors.uncorrected.aggregate.total",
    "gpu_recovery_action",
    "reset_status.reset_required",
    "remapped_rows.pending",
    "remapped_rows.failure",
    "retired_pages.pending",
    "fabric.state",
    "fabric.status",
    "fabric.health.summary",
)
"""Read where administrators paste them. They are not asked: a driver refuses a query that has a
column it does not know."""
_WHAT = "nvidia-smi --query-gpu"
_KNOWN = {*COLUMNS, *HEALTH_COLUMNS}
_ALIASES = {"gpu_uuid": "uuid", "gpu_name": "name", "gpu_bus_id": "pci.bus_id",
            "kmd_version": "driver_version"}  # fmt: skip
_HEADING = re.compile(r"([a-zA-Z][a-zA-Z0-9_.]*)(?: \[([^\]]*)\])?")
_EXIT_STATUS = re.compile(r"[0-9]{1,3}")
_NO_HEADING = "the answer has no heading, so its column cannot be told"
_SHAPES = {
    "uuid": re.compile(r"GPU-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "pci.bus_id": re.compile(r"[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]"),
    "driver_version": re.compile(r"[0-9]{3}\.[0-9]{2,3}\.[0-9]{2}"),
    "name": re.compile(r"(?:NVIDIA|Tesla|GRID|Quadro|GeForce) .+"),
}
_IDENTITY = {"uuid", "pci.bus_id"}


class QueriedGpu(Struct, frozen=True, kw_only=True):
    """One line. Columns that were not asked for are Unknown."""

    index: Reading[int]
    uuid: Reading[str]
    name: Reading[str]
    address: Reading[PciAddress]
    pci_id: Reading[PciId]
    driver_version: Reading[str]
    ecc_current: Reading[Mode]
    ecc_pending: Reading[Mode]
    mig_current: Reading[Mode]
    mig_pending: Reading[Mode]
    framebuffer_total_bytes: Reading[int]
    framebuffer_used_bytes: Reading[int]
    ecc_uncorrected_volatile: Reading[int]
    ecc_uncorrected_aggregate: Reading[int]
    recovery_action: Reading[str]
    reset_required: Reading[bool]
    rows_remap_pending: Reading[bool]
    rows_remap_failed: Reading[bool]
    pages_retire_pending: Reading[bool]
    fabric_state: Reading[str]
    fabric_status: Reading[str]
    fabric_health: Reading[str]
    gave_up: str
    """`GPU is lost` or `GPU requires reset`, where that stands in any column; else empty."""


class GpuQuery(Noticed, frozen=True, kw_only=True):
    """The GPUs in the order of nvidia-smi."""

    gpus: tuple[QueriedGpu, ...]


class _Cells(Struct, frozen=True):
    """The cells of one line by column, the unit of each column, and why others are missing."""

    values: Mapping[str, str]
    units: Mapping[str, str]
    missing: str

    def read(self, reader: Callable[[str, str], Reading[T]], column: str) -> Reading[T]:
        asked = f"{_WHAT}: {column}"
        value = self.values.get(column)
        return words.absent(asked, self.missing) if value is None else reader(value, asked)

    def size(self, column: str) -> Reading[int]:
        unit = self.units.get(column, "")
        return self.read(lambda value, asked: words.size(value, asked, unit=unit), column)


def parse(text: str) -> GpuQuery:
    """Read the columns of `REQUEST` without a heading, or any columns with one.

    Without a heading other selections are read by the shape of their cells, as far as a shape has
    one meaning: `Enabled` may be ECC or MIG and stays Unknown.
    """
    peeled = words.peel(text, what=_WHAT)
    rows = [_split(line) for line in peeled.lines if line.strip()]
    if not rows and (peeled.no_devices or peeled.names_lost):
        cells: list[_Cells] = []
    elif not rows:
        raise words.refuse(peeled, what=_WHAT, expected="CSV")
    elif any(_is_heading(row) for row in rows):
        cells = _with_headings(rows)
    else:
        cells = _without_heading(rows)
    if not (cells or peeled.no_devices or peeled.names_lost):
        raise ParseError(f"{_WHAT}: expected a line for each GPU below the heading")
    gpus = tuple(_gpu(one) for one in cells)
    words.each_once((gpu.address for gpu in gpus), what=_WHAT)
    notices = words.with_trouble(peeled.notices, ((gpu.address, gpu.gave_up) for gpu in gpus))
    return GpuQuery(
        gpus=gpus,
        lost=notices.lost,
        lost_unnamed=notices.lost_unnamed,
        inforom_corrupted=notices.inforom_corrupted,
        reset_needed=notices.reset_needed,
    )


def _split(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.split(","))


def _column(cell: str) -> str:
    match = _HEADING.fullmatch(cell)
    return _ALIASES.get(match[1], match[1]) if match else ""


def _is_heading(row: tuple[str, ...]) -> bool:
    columns = [_column(cell) for cell in row]
    return all(columns) and any(column in _KNOWN for column in columns)


def _with_headings(rows: list[tuple[str, ...]]) -> list[_Cells]:
    """Read one table, or several that were pasted together, whose lines then meet by position."""
    tables = _tables(rows)
    count = len(tables[0][1])
    if any(len(lines) != count for _, lines in tables):
        raise ParseError(f"{_WHAT}: several tables with different numbers of GPUs")
    units: dict[str, str] = {}
    values: list[dict[str, str]] = [{} for _ in range(count)]
    for heading, lines in tables:
        for position, cell in enumerate(heading):
            column = _column(cell)
            if column in units:
                raise ParseError(f"{_WHAT}: the column {column} is there twice")
            units[column] = cell.partition("[")[2].removesuffix("]")
            for gpu, line in zip(values, lines, strict=True):
                gpu[column] = line[position]
    return [_Cells(gpu, units, "this column was not asked for") for gpu in values]


def _tables(rows: list[tuple[str, ...]]) -> list[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """Cut the answer at its headings. What stands before the first one is a banner."""
    tables: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = []
    for row in rows:
        if _is_heading(row):
            tables.append((row, []))
        elif tables:
            tables[-1][1].append(row)
    for heading, lines in tables:
        if len(heading) > 1 and lines and _is_exit_status(lines[-1]):
            lines.pop()
        for line in lines:
            if len(line) != len(heading):
                raise ParseError(
                    f"{_WHAT}: expected {len(heading)} columns as in the heading, "
                    f"not {words.quoted(', '.join(line))}"
                )
    return tables


def _without_heading(rows: list[tuple[str, ...]]) -> list[_Cells]:
    table = [row for row in rows if len(row) > 1]
    junk = [row for row in rows if len(row) == 1 and not _is_exit_status(row)]
    if not table or (junk and len(table[0]) != len(COLUMNS)):
        first = ", ".join((junk or rows)[0])
        raise ParseError(
            f"{_WHAT}: expected CSV with a heading or with the columns of this tool, "
            f"not {words.quoted(first)}: keep the heading (--format=csv)"
        )
    if len(table[0]) == len(COLUMNS) and all(map(_is_requested, table)):
        units = {"memory.total": "MiB", "memory.used": "MiB"}
        return [_Cells(dict(zip(COLUMNS, row, strict=True)), units, _NO_HEADING) for row in table]
    return [_by_shape(row, len(table[0])) for row in table]


def _is_exit_status(row: tuple[str, ...]) -> bool:
    return len(row) == 1 and _EXIT_STATUS.fullmatch(row[0]) is not None


def _is_requested(row: tuple[str, ...]) -> bool:
    """Tell whether the cells with an unmistakable shape are where `REQUEST` has them."""
    if len(row) != len(COLUMNS) or not row[0].isdigit():
        return False
    cells = dict(zip(COLUMNS, row, strict=True))
    return all(
        _SHAPES[column].fullmatch(cells[column]) or words.no_value(cells[column], "")
        for column in ("uuid", "pci.bus_id")
    )


def _by_shape(row: tuple[str, ...], width: int) -> _Cells:
    shaped = [
        (column, cell) for cell in row for column, shape in _SHAPES.items() if shape.fullmatch(cell)
    ]
    values = dict(shaped)
    if len(row) != width or len(values) != len(shaped) or not values.keys() & _IDENTITY:
        raise ParseError(
            f"{_WHAT}: cannot tell the columns of {words.quoted(', '.join(row))}: "
            "keep the heading (--format=csv)"
        )
    return _Cells(values, {}, _NO_HEADING)


def _gpu(cells: _Cells) -> QueriedGpu:
    return QueriedGpu(
        index=cells.read(words.number, "index"),
        uuid=cells.read(words.word, "uuid"),
        name=cells.read(words.word, "name"),
        address=cells.read(words.pci_address, "pci.bus_id"),
        pci_id=_pci_id(cells),
        driver_version=cells.read(words.version, "driver_version"),
        ecc_current=cells.read(words.switch, "ecc.mode.current"),
        ecc_pending=cells.read(words.switch, "ecc.mode.pending"),
        mig_current=cells.read(words.switch, "mig.mode.current"),
        mig_pending=cells.read(words.switch, "mig.mode.pending"),
        framebuffer_total_bytes=cells.size("memory.total"),
        framebuffer_used_bytes=cells.size("memory.used"),
        ecc_uncorrected_volatile=cells.read(words.number, "ecc.errors.uncorrected.volatile.total"),
        ecc_uncorrected_aggregate=cells.read(
            words.number, "ecc.errors.uncorrected.aggregate.total"
        ),
        recovery_action=cells.read(words.word_or_none, "gpu_recovery_action"),
        reset_required=cells.read(words.yes_or_no, "reset_status.reset_required"),
        rows_remap_pending=cells.read(words.yes_or_no, "remapped_rows.pending"),
        rows_remap_failed=cells.read(words.yes_or_no, "remapped_rows.failure"),
        pages_retire_pending=cells.read(words.yes_or_no, "retired_pages.pending"),
        fabric_state=cells.read(words.word_or_none, "fabric.state"),
        fabric_status=cells.read(words.error, "fabric.status"),
        fabric_health=cells.read(words.word_or_none, "fabric.health.summary"),
        gave_up=words.gravest(cells.values.values()),
    )


def _pci_id(cells: _Cells) -> Reading[PciId]:
    device = cells.read(words.word, "pci.device_id")
    if isinstance(device, Unknown):
        return device
    subsystem = cells.read(words.word, "pci.sub_device_id")
    return words.pci_id(device, subsystem, f"{_WHAT}: pci.device_id")
