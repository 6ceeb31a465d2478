"""docs/reliability.md, of what the tools left in a folder."""

from pathlib import Path


def write(work: Path) -> None:
    """Write the page anew."""
