"""Views of a run: each format is one module with `render(run) -> str`, pure and deterministic.

A format is imported when it is first rendered, so that naming the formats costs nothing.
"""

from collections.abc import Callable
from importlib import import_module

from hostcheck.model.run import Run

Render = Callable[[Run], str]


def _later(module: str) -> Render:
    """Return a renderer that imports its module on the first call."""

    def render(run: Run) -> str:
        """Render the run in this format."""
        made: str = import_module(f"hostcheck.reports.{module}").render(run)
        return made

    return render


FORMATS: dict[str, Render] = {
    "text": _later("text"),
    "line": _later("line"),
    "html": _later("html"),
    "json": _later("json_report"),
    "junit": _later("junit"),
}
"""Format name to renderer, in the order they are offered."""
