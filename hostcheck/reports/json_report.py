"""The run file itself: indented JSON in the order the model declares, newline at the end."""

import msgspec

from hostcheck.model.run import Run


def render(run: Run) -> str:
    """Return the run as JSON; the same run is always the same text."""
    return document(run)


def document(thing: object) -> str:
    """Return anything of the model as indented JSON with a newline at the end."""
    packed = msgspec.json.encode(thing, order="deterministic")
    return msgspec.json.format(packed, indent=2).decode() + "\n"
