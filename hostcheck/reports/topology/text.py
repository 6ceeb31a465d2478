"""One host for a terminal: the boxes of its picture as a tree, then the matrix of distances."""

from collections.abc import Iterator, Sequence

from hostcheck.model.run import HostReport
from hostcheck.reports import PAPER, Screen, view, words
from hostcheck.reports.topology.svg import layout
from hostcheck.reports.topology.svg.drawing import Box, Drawing, Flag


def pieces(report: HostReport, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the whole text."""
    yield render(report)


def render(
    report: HostReport, *, ascii_only: bool = False, drawn: Drawing | None = None,
    table: view.Matrix | None = None,
) -> str:  # fmt: skip
    """Return the picture as a tree of what is in it, then the distance matrix.

    `drawn` is the layout and `table` that matrix, where they are there already.
    """
    drawn = drawn or layout(report)
    told = list(drawn.told())
    lines = [words.plain(one) if ascii_only else one for one in map(_line, (b for _, b in told))]
    shown = [lines[0], *_tree([depth for depth, _ in told[1:]], lines[1:], ascii_only=ascii_only)]
    if drawn.shown.note:
        shown += ["", drawn.shown.note]
    table = table or view.matrix(report.host, drawn.shown)
    return "\n".join([*shown, *_matrix(table, ascii_only=ascii_only)]) + "\n"


def _line(box: Box) -> str:
    name, *facts = box.says
    return "  ".join(filter(None, (name, ", ".join(facts), *_marks(box.marks))))


def _marks(marks: Sequence[Flag]) -> Iterator[str]:
    yield from dict.fromkeys(f"{words.MARK[m.status]} {m.check}" for m in marks if m.fails)
    unsure = len({one.check for one in marks if not one.fails})
    if unsure:
        yield f"? {unsure} not known"


def _tree(depths: Sequence[int], lines: Sequence[str], *, ascii_only: bool) -> Iterator[str]:
    """Draw lines as a tree, each at its depth."""
    fork, last, rail = ("|-- ", "`-- ", "|   ") if ascii_only else ("├─ ", "└─ ", "│  ")
    open_below = [False] * (max(depths, default=0) + 2)
    drawn = []
    for depth, line in zip(reversed(depths), reversed(lines), strict=True):
        for deeper in range(depth + 1, len(open_below)):
            open_below[deeper] = False
        before = "".join(rail if open_below[at] else " " * len(rail) for at in range(depth))
        drawn.append(before + (fork if open_below[depth] else last) + line)
        open_below[depth] = True
    yield from reversed(drawn)


def _matrix(table: view.Matrix, *, ascii_only: bool) -> Iterator[str]:
    if not table.rows:
        return
    names = [words.cut(words.one_line(name), 10) for name in table.columns]
    if ascii_only:
        names = [words.plain(name) for name in names]
    entries = [[_entry(cell) for cell in row] for row in table.cells]
    widths = [
        max(len(name), *(len(row[column]) for row in entries)) for column, name in enumerate(names)
    ]
    first = max(len(name) for name in table.rows)
    yield ""
    yield "  ".join(
        [" " * first, *(name.ljust(width) for name, width in zip(names, widths, strict=True))]
    ).rstrip()
    for name, row in zip(table.rows, entries, strict=True):
        yield "  ".join(
            [name.ljust(first), *(e.ljust(w) for e, w in zip(row, widths, strict=True))]
        ).rstrip()
    yield ""
    for code in table.used:
        yield f"  {code.value:<5} {view.LEGEND[code]}"
    if any(cell.nvlink for row in table.cells for cell in row):
        yield "  NV#   that many NVLinks join them as well, directly or by NVSwitches"


def _entry(cell: view.MatrixCell) -> str:
    return f"{cell.nvlink}/{cell.distance.value}" if cell.nvlink else cell.distance.value
