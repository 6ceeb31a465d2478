"""What a reader made of data objects of one shape, by the words that it looked at.

Ninety PCI devices of a host differ from those of its neighbour in a label that the reader of
pass-through passes over. What it makes of an object depends on the words that it looked at, and on
no others: where those are as they were, it is not asked again.
"""

from collections.abc import Callable, Hashable, Sequence
from operator import itemgetter
from typing import Any

from hostcheck.syntax.repeats import TRIAL, WORTH

LIMIT = 512
"""Objects of which is kept what they were read as, of one reader. Those in use come back."""
SETS = 8
"""Sets of words that one reader looks at: which, may depend on what stands there."""


class _Looked:
    """Words of an object; notes which are looked at."""

    __slots__ = ("_told", "at")

    def __init__(self, told: Sequence[str]) -> None:
        self._told = told
        self.at: dict[int, None] = {}

    def __getitem__(self, number: int) -> str:
        self.at[number] = None
        return self._told[number]


class Recall:
    """What one reader made of objects of one shape. Threads may share it: at worst one reads again.

    A reader returns a value that nobody changes, and no data object: words of that could be looked
    at later.
    """

    __slots__ = ("_hits", "_seen", "_sets", "_size", "on")

    def __init__(self) -> None:
        self.on = True
        """Off once the words that it looks at have turned out to differ, for good."""
        self._sets: dict[
            tuple[int, ...], tuple[Callable[[Any], Hashable], dict[Hashable, Any]]
        ] = {}
        self._size = self._seen = self._hits = 0

    def __len__(self) -> int:
        return self._size

    def read(self, told: Any, by: Callable[[Any], Any]) -> Any:
        """Return what a reader makes of words. It is given them, and raises what it raises."""
        self._seen += 1
        for words_of, known in tuple(self._sets.values()):
            words = words_of(told)
            if words in known:
                self._hits += 1
                return known[words]
        looked = _Looked(told)
        value = by(looked)
        if looked.at:
            self._keep(tuple(looked.at), told, value)
        if self._seen >= TRIAL:
            self.on = self._hits * WORTH >= self._seen
            self._seen = self._hits = 0
            if not self.on:
                self._forget()
        return value

    def _forget(self) -> None:
        self._sets, self._size = {}, 0

    def _keep(self, at: tuple[int, ...], told: Any, value: Any) -> None:
        if self._size >= LIMIT or (len(self._sets) >= SETS and at not in self._sets):
            self._forget()
        words_of, known = self._sets.setdefault(at, (itemgetter(*at), {}))
        known[words_of(told)] = value
        self._size += 1
