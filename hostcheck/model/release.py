"""Releases of ESXi, of drivers and of vGPU as numbers that compare. What is none has none."""

import re
from functools import lru_cache

_NUMBERS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){1,5}")


@lru_cache(4096)
def release_of(version: str) -> tuple[int, ...]:
    """Return (8, 0, 3) of `8.0.3`, and nothing of what is no version."""
    if _NUMBERS.fullmatch(version) is None:
        return ()
    return tuple(int(part) for part in version.split("."))


def is_before(version: str, first: tuple[int, ...]) -> bool:
    """Say whether a version is surely older than a release."""
    release = release_of(version)
    return bool(release) and release < first
