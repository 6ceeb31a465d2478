"""A case sheet as text, to paste into a vendor's form."""

from collections.abc import Iterator

from hostcheck.model.case import Case
from hostcheck.reports import PAPER, Screen
from hostcheck.reports import case_words as told
from hostcheck.reports.topology import text as tree


def pieces(made: Case, _screen: Screen = PAPER) -> Iterator[str]:
    """Yield the sheet."""
    yield from (f"{line}\n" for line in _lines(made))


def _lines(made: Case) -> Iterator[str]:
    yield f"CASE SHEET {told.title(made)}"
    yield ""
    yield from (f"{name + ':':26}{value}" for name, value in told.identity(made))
    yield ""
    for row in told.gpus(made):
        yield "; ".join(
            f"{name} {value}" for name, value in zip(told.GPU_COLUMNS, row, strict=True)
        )
    if not made.items:
        yield "Nothing fails, and nothing is unknown."
    for item in made.items:
        yield ""
        yield told.head(item)
        yield f"  {told.said(item)}"
        if item.manual is not None and item.manual.source:
            yield f"  Expectation from: {item.manual.source}"
        for raw in item.raw:
            yield f"  {told.of(raw)}"
            yield from (f"  | {line}" for line in told.numbered(raw))
    yield ""
    yield tree.render(made.report).rstrip("\n")
