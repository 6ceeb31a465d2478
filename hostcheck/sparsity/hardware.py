"""Which sparse matrices the sparse units of a GPU take.

The pattern belongs to the instruction (PTX ISA 9.1, `mma.sp` and `tcgen05.mma.sp`): 2:4 of 16-bit
and 8-bit numbers, 1:2 of tf32, 4:8 with zeros in adjacent pairs of `mxf4` and `nvf4`. Which types a
GPU's sparse instructions have was seen by assembling them for it (ptxas 12.9 and 13.5): `kind::i8`
not for sm_103, 4-bit floats from sm_100 on. Multiples: the table of `torch.sparse.semi_structured`
for cuSPARSELt; of 4-bit floats the shape of the instruction, m16n8k128.
"""

from msgspec import Struct

from hostcheck.sparsity.survey import PAIRS, TWO_FOUR

_HALF, _BYTE = {"F16", "BF16"}, {"F8_E4M3", "F8_E5M2"}
_FP4 = {"F4", "nvfp4", "mxfp4"}
_MULTIPLES = {
    **dict.fromkeys(_HALF, (16, 16)),
    **dict.fromkeys(_BYTE | {"I8"}, (32, 32)),
    "F32": (8, 8),
    **dict.fromkeys(_FP4, (16, 128)),
}


class SparseGpu(Struct, frozen=True):
    """A GPU as `--for` names it, and the types that its sparse instructions have."""

    name: str
    takes: frozenset[str]


_ADA = frozenset(_HALF | _BYTE | {"F32", "I8"})
GPUS = {
    "h100": SparseGpu("H100", _ADA),
    "l40s": SparseGpu("L40S", _ADA),
    "b200": SparseGpu("B200", _ADA | _FP4),
    "b300": SparseGpu("B300", (_ADA | _FP4) - {"I8"}),
    "rtx-pro-6000": SparseGpu("RTX PRO 6000", _ADA | _FP4),
}


def pattern_of(kind: str) -> str:
    """Return the pattern that the hardware takes for numbers of a type."""
    return PAIRS if kind in _FP4 else TWO_FOUR


def keeps_from_running(
    gpu: SparseGpu, kind: str, rows: int, columns: int, *, fits: bool, one_two: bool
) -> str:
    """Say why the sparse units of a GPU do not take a matrix; nothing if they do."""
    if not fits:
        return f"it is not {pattern_of(kind)}"
    # What is packed in integers is widened to 16 bits by the kernels that read it.
    multiplied = kind if kind in _MULTIPLES else "F16" if kind != "F64" else kind
    if multiplied not in gpu.takes:
        return f"{gpu.name} has no sparse instruction for {kind}"
    if multiplied == "F32" and not one_two:
        return "tf32 units take 1:2; cast it to fp16 or bf16"
    high, wide = _MULTIPLES[multiplied]
    if rows % high or columns % wide:
        return f"{rows} x {columns} is no multiple of {high} x {wide} ({multiplied})"
    return ""
