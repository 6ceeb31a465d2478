"""A mapping of a document that a person wrote: keys in any of their spellings, lines, slips.

Whoever reads asks for keys. What nobody asked for is told in the end: a key that is nearly one of
those that were asked for is a slip, and refused with the line and the key that was meant.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NoReturn

from msgspec import Struct

from hostcheck.errors import ParseError
from hostcheck.near import near
from hostcheck.syntax.quantity import quantity
from hostcheck.words import count, cut, one_line

"""How alike two keys are that one hand might have meant, by the measure of difflib."""
SHOWN = 60
KINDS = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false", int: "a number"}


class LineItem(Struct, frozen=True):
    """A value with the line that it begins on: a dictionary or list of items, or a plain value."""

    value: Any
    line: int


class Block:
    """A mapping; `what` is the file, `path` where in it: `spec.hardware`."""

    def __init__(self, item: LineItem, what: str, path: str = "") -> None:
        """Take a mapping. Raises ParseError for anything else; nothing is an empty mapping."""
        self.what, self.path, self.line = what, path, item.line
        if item.value is None:
            item = LineItem({}, item.line)
        if not isinstance(item.value, dict):
            self.refuse(f"{path or 'the document'} is {_kind(item.value)}, expected a mapping")
        self._items: dict[str, LineItem] = item.value
        self._asked: dict[str, None] = {}

    def refuse(self, told: str, line: int = 0) -> NoReturn:
        """Raise ParseError that names the file and the line."""
        at = line or self.line
        raise ParseError(f"{self.what}{f', line {at}' if at else ''}: {told}")

    def name(self, key: str) -> str:
        """Return a key with its path."""
        return f"{self.path}.{key}" if self.path else key

    def get(self, *names: str) -> LineItem | None:
        """Return what stands under one of the spellings of a key; None: nothing, or null.

        Raises ParseError where two spellings stand there.
        """
        self._asked.update(dict.fromkeys(names))
        found = [one for one in names if one in self._items]
        if len(found) > 1:
            self.refuse(
                f"{self.name(found[0])} and {found[1]} are one key", self._items[found[1]].line
            )
        item = self._items[found[0]] if found else None
        return None if item is None or item.value is None else item

    def has(self, *names: str) -> bool:
        """Say whether something stands under a key."""
        return self.get(*names) is not None

    def names(self) -> set[str]:
        """Return the keys that are there."""
        return set(self._items)

    def line_of(self, *names: str) -> int:
        """Return the line of a key, else that of the block."""
        item = self.get(*names)
        return item.line if item else self.line

    def text(self, *names: str) -> str:
        """Return a text, empty where there is none; a bare number is one too."""
        item = self.get(*names)
        if item is None:
            return ""
        value = item.value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self._wrong(names[0], item, "a text")
        return str(value)

    def whole(self, *names: str, least: int = 0) -> int | None:
        """Return a whole number, None where there is none."""
        item = self.get(*names)
        if item is None:
            return None
        value = item.value
        if isinstance(value, bool) or not isinstance(value, int):
            self._wrong(names[0], item, "a whole number")
        if not least <= value < 2**63:
            self.refuse(f"{self.name(names[0])} is {value}, expected {least} or more", item.line)
        return value

    def quantity(self, *names: str) -> Fraction | None:
        """Return a quantity of Kubernetes, None where there is none."""
        item = self.get(*names)
        if item is None:
            return None
        try:
            found = quantity(self.text(*names))
        except ValueError as error:
            self.refuse(f"{self.name(names[0])}: {error}", item.line)
        if found < 0:
            self.refuse(f"{self.name(names[0])} is negative", item.line)
        return found

    def truth(self, *names: str) -> bool:
        """Return whether something is true; what is not there is not."""
        item = self.get(*names)
        if item is None:
            return False
        if not isinstance(item.value, bool):
            self._wrong(names[0], item, "true or false")
        return bool(item.value)

    def block(self, *names: str) -> "Block":
        """Return the mapping under a key, an empty one where there is none."""
        item = self.get(*names)
        return Block(item or LineItem({}, self.line), self.what, self.name(names[0]))

    def blocks(self, *names: str) -> "list[Block]":
        """Return the mappings of a list, none where there is no list."""
        return [
            Block(one, self.what, f"{self.name(names[0])}[{at}]")
            for at, one in enumerate(self._list(*names))
        ]

    def texts(self, *names: str) -> tuple[str, ...]:
        """Return the texts of a list."""
        found = self._list(*names)
        for one in found:
            if not isinstance(one.value, str):
                self._wrong(names[0], one, "a list of texts")
        return tuple(one.value for one in found)

    def _list(self, *names: str) -> list[LineItem]:
        item = self.get(*names)
        if item is None:
            return []
        if not isinstance(item.value, list):
            self._wrong(names[0], item, "a list")
        return item.value

    def _wrong(self, key: str, item: LineItem, expected: str) -> NoReturn:
        self.refuse(f"{self.name(key)} is {_kind(item.value)}, expected {expected}", item.line)

    def close(self, *, closed: bool, ignored: Iterable[str] = ()) -> tuple[str, ...]:
        """Say what nobody asked for. Raises ParseError for a slip; `closed`: for any other key."""
        known = [*self._asked, *ignored]
        told = []
        for key, item in self._items.items():
            if key in known:
                continue
            like = near(key, known, 1)
            shown = one_line(cut(self.name(key), SHOWN))
            if like:
                self.refuse(f"no key {shown}; nearest: {like[0]}", item.line)
            if closed:
                self.refuse(f"no key {shown}; keys here: {', '.join(known)}", item.line)
            at = f"line {item.line}: " if item.line else ""
            told.append(f"{at}{shown} is not known here and was not read")
        return tuple(told)


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    kind = KINDS.get(type(value), type(value).__name__)
    if isinstance(value, list):
        return f"{kind} of {count(len(value), 'item')}"
    return kind if isinstance(value, dict) else f"{kind} ({one_line(cut(str(value), SHOWN))})"
