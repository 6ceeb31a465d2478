"""Which values of a run come more than once, and the numbers that stand for them in its file."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Raw

from hostcheck.runfile.stored import NAMING, SHORT


class _Told(Protocol):
    @property
    def told(self) -> Raw: ...


class _Valued(Protocol):
    """A host whose facts, and the words of whose results, are values that nobody has opened."""

    @property
    def host(self) -> Mapping[str, Raw]: ...
    @property
    def results(self) -> Sequence[_Told]: ...


class Numbering:
    """Gives a number to each value that is shared, in the order in which they come."""

    def __init__(self, repeated: set[int]) -> None:
        self._repeated = repeated
        self.numbers: dict[bytes, Raw] = {}

    def __call__(self, raw: Raw) -> Raw:
        """Return what stands for a value in the file: a number, or itself."""
        value = bytes(raw)
        number = self.numbers.get(value)
        if number is None:
            if len(value) <= SHORT or hash(value) not in self._repeated:
                return raw
            number = self.numbers[value] = Raw(b"%d" % len(self.numbers))
        return number


class Sharing:
    """The values of hosts that were seen, by their hashes: which come more than once."""

    def __init__(self) -> None:
        self._met: set[int] = set()
        self._repeated: set[int] = set()

    def add(self, line: _Valued) -> None:
        """See a host."""
        met, repeated = self._met, self._repeated
        values = [raw for name, raw in line.host.items() if name not in NAMING]
        values += [one.told for one in line.results]
        for mark in map(hash, map(bytes, values)):
            (repeated if mark in met else met).add(mark)

    def numbering(self) -> Numbering:
        """Return what shares them. Nothing that is seen later is shared."""
        return Numbering(self._repeated)
