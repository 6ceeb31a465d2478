"""Views of a run: each format is one module, pure and deterministic.

`render(run)` is the whole text; `pieces(run)` yields it bit by bit, so that no more than one host
of a large fleet is in memory.

A format is imported when it is first rendered, so that naming the formats costs nothing.
"""

from collections.abc import Callable, Iterable
from importlib import import_module

from hostcheck.model.run import Run

Render = Callable[[Run], Iterable[str]]


def _later(module: str) -> Render:
    """Return a renderer that imports its module on the first call."""

    def pieces(run: Run) -> Iterable[str]:
        """Render the run in this format, bit by bit."""
        made: Iterable[str] = import_module(f"hostcheck.reports.{module}").pieces(run)
        return made

    return pieces


FORMATS: dict[str, Render] = {
    "text": _later("text"),
    "line": _later("line"),
    "html": _later("site"),
    "json": _later("json_report"),
    "junit": _later("junit"),
}
"""Format name to renderer, in the order they are offered."""
