"""The programs that read what the formats write, found or named as missing."""

import os
import shutil

import pytest


def program(*names: str) -> str:
    """Return a program that is here, else skip; in CI, fail."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        missing = f"no {names[0]} to read what was written"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return str(found)
