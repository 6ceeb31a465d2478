"""Reads equal texts once: most values of a fleet are those of its neighbours.

A list of PCI devices or of services is the same text on every host of a kind, so that what was read
of it is kept and handed out again. What is kept is bounded, and of a text that does not come again
(names, serial numbers) it is no more than a hash; where nearly none does, nothing.
"""

from collections.abc import Hashable
from typing import Any

TRIAL = 1024
"""Texts after which is decided whether they repeat."""
WORTH = 4
"""Of so many texts one must have been seen before, or keeping them is not worth the memory."""
LIMIT_CHARACTERS = 2 * 1024 * 1024
"""Texts kept of one property. When they are more, all are dropped and those in use come back."""

Reads = dict[Hashable, Any]
"""What one text was read as, by who read it."""


class Repeats:
    """The values of one property, by their text. Threads may share it: at worst one reads again."""

    def __init__(self) -> None:
        self.on = True
        """Off once the texts have turned out to differ; for good, the fleet will not change."""
        self.characters = 0
        self._kept: dict[str, Reads] = {}
        self._seen = 0
        self._hits = 0
        self._met: set[int] = set()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, text: str) -> Reads:
        """Return what the text was read as so far: to be filled in by whoever reads it first.

        It is kept from the second time on that the text comes.
        """
        if not self.on:
            return {}
        self._seen += 1
        reads = self._kept.get(text)
        if reads is not None:
            self._hits += 1
            return reads
        met, mark = self._met, hash(text)
        came = mark in met
        met.add(mark)
        self._hits += came
        if self._seen >= TRIAL:
            self.on = self._hits * WORTH >= self._seen
            self._seen = self._hits = 0
            self._met = set()
        if not self.on or self.characters + len(text) > LIMIT_CHARACTERS:
            self._kept = {}
            self.characters = 0
        if not came or not self.on or len(text) > LIMIT_CHARACTERS:
            return {}
        self.characters += len(text)
        reads = self._kept[text] = {}
        return reads
