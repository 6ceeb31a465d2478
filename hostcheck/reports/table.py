"""Columns of a table for a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from hostcheck.reports import words


def columns(head: Sequence[str], rows: Iterable[Sequence[str]], indent: int = 2) -> Iterator[str]:
    """Yield lines in which every column but the last is as wide as its widest cell."""
    table = [[words.one_line(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[at]) for row in table) for at in range(len(head) - 1)]
    for row in table:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield (" " * indent + "  ".join((*padded, row[-1]))).rstrip()
