"""The environment of this process: the one module that reads it."""

import os
from collections.abc import Mapping

OURS = ("GOVC_", "HOSTCHECK_")
"""Variables in which passwords may be begin so."""


def whole() -> Mapping[str, str]:
    """Return all variables."""
    return os.environ


def variable(name: str, other: str = "") -> str:
    """Return a variable, or the other where it is not set."""
    return os.environ.get(name, other)


def of_children() -> dict[str, str]:
    """Return the variables without what is ours, for commands that are started."""
    return {name: one for name, one in os.environ.items() if not name.startswith(OURS)}
