"""What makes a million inputs a matter of an hour: nothing is worked out twice.

Functions that return the same for the same words remember it, and readings of a damaged answer are
compared with those of the whole one by where they differ.
"""

import re
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from hostcheck.model.fact import Unknown
from hostcheck.syntax import esxcli, smi_words
from hostcheck.syntax.record import Record

SIZE = 1 << 15
_CRASH = re.compile(r"\w+: .*\(\w+\.py:\d+\)", re.DOTALL)


class _Pattern:
    """Stands in for a pattern: a line that was matched before is not matched again."""

    def __init__(self, pattern: Any) -> None:
        self.fullmatch = lru_cache(SIZE)(pattern.fullmatch)


def _by_headings(blocks: Callable[..., tuple[Record, ...]]) -> Callable[..., tuple[Record, ...]]:
    """Remember the records of a device: an address at the margin begins another, whatever was."""
    known = lru_cache(SIZE)(blocks)

    def again(lines: list[str], what: str, knows: tuple[str, ...]) -> tuple[Record, ...]:
        edges = [at for at, line in enumerate(lines) if line[0] != " " and esxcli._is_address(line)]
        if not edges or edges[0]:
            return blocks(lines, what, knows)
        ends = (*edges[1:], len(lines))
        parts = (tuple(lines[edge:end]) for edge, end in zip(edges, ends, strict=True))
        return tuple(record for part in parts for record in known(part, what, knows))

    return again


def remember() -> Callable[[], None]:
    """Let pure functions of the parsers remember; return what takes it back."""
    instead = [
        (esxcli, "_FIELD", _Pattern(esxcli._FIELD)),
        (esxcli, "_RULE", _Pattern(esxcli._RULE)),
        (esxcli, "_blocks", _by_headings(esxcli._blocks)),
        (esxcli, "_is_address", lru_cache(SIZE)(esxcli._is_address)),
        (smi_words, "trouble", lru_cache(SIZE)(smi_words.trouble)),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in instead]
    for module, name, value in instead:
        setattr(module, name, value)

    def forget() -> None:
        for module, name, value in before:
            setattr(module, name, value)

    return forget


def crashed(unknown: Unknown) -> bool:
    """Say whether a parser crashed on an answer."""
    return _CRASH.fullmatch(unknown.detail) is not None


def difference(before: object, after: object) -> Hashable:
    """Return where a reading differs from another and what stands there, but for words of reasons.

    Readings with the same difference are judged alike: no check looks at a reason's words.
    """
    if before is after or (type(before) is type(after) and before == after):
        return None
    if isinstance(after, Unknown):
        return "?", after.why, not after.detail, crashed(after)
    if isinstance(before, Struct) and type(before) is type(after):
        return tuple(
            (name, difference(was, now))
            for name in before.__struct_fields__
            if (was := getattr(before, name)) is not (now := getattr(after, name)) and was != now
        )
    if isinstance(before, tuple) and isinstance(after, tuple):
        return _of_lists(before, after)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return repr(sorted(after.items() ^ before.items(), key=repr))
    return repr(after)


def _of_lists(before: tuple[object, ...], after: tuple[object, ...]) -> Hashable:
    most = min(len(before), len(after))
    first = next((at for at in range(most) if before[at] != after[at]), most)
    behind = next(
        (at for at in range(most - first) if before[-1 - at] != after[-1 - at]), most - first
    )
    lost, new = before[first : len(before) - behind], after[first : len(after) - behind]
    if len(lost) == len(new):
        return first, tuple(difference(was, now) for was, now in zip(lost, new, strict=True))
    return first, behind, tuple(difference(None, one) for one in new)
