"""Compare a text with the file that holds what it should be, or rewrite that file."""

from difflib import unified_diff
from itertools import islice
from pathlib import Path


def check(path: Path, text: str, *, update: bool) -> None:
    """Fail when `text` is not what the file holds; with --update, rewrite the file."""
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    assert path.is_file(), f"{path} is missing: run pytest --update and review it"
    held = path.read_text(encoding="utf-8")
    lines = unified_diff(held.splitlines(), text.splitlines(), "held", "made", lineterm="", n=1)
    told = "\n".join(islice(lines, 40))
    assert text == held, f"{path} is not current: run pytest --update and review it\n{told}"
