"""The weights as CSV: a row for each, for spreadsheets; what was not judged has its reason."""

from collections.abc import Iterator

from hostcheck.model.sparsity import Sparsity
from hostcheck.reports import PAPER, Screen
from hostcheck.reports.cells import cell, row

HEAD = (
    "name", "file", "dtype", "shape", "role", "axis", "pattern", "fits", "zeros", "lost_l1",
    "lost_l2", "regained_at_most", "note",
)  # fmt: skip


def pieces(found: Sparsity, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the lines."""
    yield row(HEAD)
    for one in found.weights:
        share = "" if one.regained is None else f"{one.regained.share:.6f}"
        yield row(
            (cell(one.name), cell(one.file), one.dtype, "x".join(map(str, one.shape)),
             one.role.value, str(one.axis), one.pattern, "yes" if one.fits else "no",
             f"{one.zeros:.6f}", f"{one.lost.l1:.6f}",
             f"{one.lost.l2:.6f}", share, cell(one.keeps_from_running))
        )  # fmt: skip
    for left in found.skipped:
        cells = ["" for _ in HEAD]
        cells[0], cells[-1] = cell(left.name), cell(f"not judged: {left.why}")
        yield row(tuple(cells))
