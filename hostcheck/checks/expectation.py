"""What a check expects that is a site's choice: a value with a name, which a policy may change."""

from typing import Any, Generic, TypeVar

from msgspec import Struct

from hostcheck.model.policy import Expected

T = TypeVar("T")


class Expectation(Struct, Generic[T], frozen=True):
    """One value. Its kind is that of `default`: a whole number, a number, a word, whole numbers."""

    name: str
    default: T
    what: str
    """What it is, with its unit."""
    least: float = 0
    most: float = 0
    """Of numbers."""
    words: tuple[str, ...] = ()
    """Of a word: those that it may be."""

    def read(self, given: Any) -> Expected:
        """Return a value that somebody wrote. Raises ValueError that says what it may be."""
        if isinstance(self.default, str):
            if given not in self.words:
                raise ValueError(f"give {' or '.join(map(repr, self.words))}")
            return str(given)
        if isinstance(self.default, tuple):
            several = given if isinstance(given, list) else [given]
            if not several:
                raise ValueError("the list must not be empty")
            return tuple(sorted({int(self._number(one)) for one in several}))
        number = self._number(given)
        return number if isinstance(self.default, float) else int(number)

    def _number(self, given: Any) -> float:
        whole = not isinstance(self.default, float)
        kinds = (int,) if whole else (int, float)
        if type(given) not in kinds or not self.least <= given <= self.most:
            kind = "a whole number" if whole else "a number"
            raise ValueError(f"give {kind} from {self.least:g} to {self.most:g}")
        return float(given)


def said(value: object) -> str:
    """Return a value as people write it: `1, 2`."""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
