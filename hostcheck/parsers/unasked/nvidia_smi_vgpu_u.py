"""`nvidia-smi vgpu -u`: how busy each vGPU is, in percent.

    # gpu    vgpu    sm   mem   enc   dec
    # Idx      Id     %     %     %     %
        0   13107    12     4     0     0
        1       -     -     -     -     -

The second GPU has no vGPU. The tool may repeat itself; the last time counts.
"""

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request, Wire
from hostcheck.model.fact import Reading
from hostcheck.syntax import smi_words as words
from hostcheck.syntax.smi_words import Noticed

REQUEST = Request(Wire.SHELL, "nvidia-smi vgpu -u", "utilization of each vGPU")

_LONGEST = 18


class VgpuUtilization(Struct, frozen=True, kw_only=True):
    """One vGPU, in percent of its GPU."""

    gpu_index: int
    vgpu_id: int
    sm_percent: Reading[int]
    memory_percent: Reading[int]
    encoder_percent: Reading[int]
    decoder_percent: Reading[int]


class VgpuUtilizations(Noticed, frozen=True, kw_only=True):
    """The GPUs that were listed, idle ones too, and the vGPUs on them."""

    gpu_indexes: tuple[int, ...]
    vgpus: tuple[VgpuUtilization, ...]


def parse(text: str) -> VgpuUtilizations:
    """Read the columns by their names."""
    what = REQUEST.template
    peeled = words.peel(text, what=what)
    columns: list[str] = []
    gpus: dict[int, None] = {}
    vgpus: dict[tuple[int, int], VgpuUtilization] = {}
    none = peeled.no_devices
    for line in peeled.lines:
        cells = line.split()
        if cells[:2] == ["#", "gpu"]:
            columns = [cell.lower() for cell in cells[1:]]
            if "vgpu" not in columns:
                raise ParseError(
                    f"{what}: expected a column 'vgpu' in {words.quoted(line.strip())}"
                )
        elif words.says_no_vgpu_devices(line):
            none = True
        elif columns and cells and cells[0] != "#" and len(cells) > 1:
            row = dict(zip(columns, cells, strict=False))
            index = _whole(row.get("gpu", ""))
            vgpu = row.get("vgpu", "")
            if index is None or len(cells) != len(columns):
                raise ParseError(
                    f"{what}: expected {len(columns)} columns, not {words.quoted(line.strip())}"
                )
            gpus[index] = None
            if vgpu != "-":
                vgpus[index, _vgpu_id(vgpu, line)] = _vgpu(index, _vgpu_id(vgpu, line), row)
    if not gpus and not none:
        raise words.refuse(peeled, what=what, expected="'# gpu vgpu ...' and a line per vGPU")
    return VgpuUtilizations(
        gpu_indexes=tuple(gpus),
        vgpus=tuple(vgpus.values()),
        lost=peeled.notices.lost,
        lost_unnamed=peeled.notices.lost_unnamed,
        inforom_corrupted=peeled.notices.inforom_corrupted,
    )


def _whole(cell: str) -> int | None:
    return int(cell) if cell.isascii() and cell.isdecimal() and len(cell) <= _LONGEST else None


def _vgpu_id(cell: str, line: str) -> int:
    number = _whole(cell)
    if number is None:
        raise ParseError(f"{REQUEST.template}: no vGPU id in {words.quoted(line.strip())}")
    return number


def _vgpu(index: int, vgpu: int, row: dict[str, str]) -> VgpuUtilization:
    def percent(column: str) -> Reading[int]:
        asked = f"{REQUEST.template}: {column}"
        if column not in row:
            return words.absent(asked, f"the answer has no column '{column}'")
        return words.number(row[column], asked)

    return VgpuUtilization(
        gpu_index=index,
        vgpu_id=vgpu,
        sm_percent=percent("sm"),
        memory_percent=percent("mem"),
        encoder_percent=percent("enc"),
        decoder_percent=percent("dec"),
    )
