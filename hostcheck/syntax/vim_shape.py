"""Data objects of one shape: the parser reads the first, of the others only the words are cut.

Members of an array differ in their words alone: a thousand PCI devices have a dozen sequences of
tags. What stands where is learned of a sequence once, and holds for each text that has the same.
Neighbours mostly have the same: where all members are read, one is first matched with the tags of
those before it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar
from xml.etree import ElementTree as ET

from hostcheck.errors import ParseError
from hostcheck.model.fact import Reading, Unknown, Why
from hostcheck.syntax.recall import Recall
from hostcheck.syntax.vim_node import NOT_SET, TRUTHS, Node, empty, kind_of
from hostcheck.syntax.xml import root_of

T = TypeVar("T")

_BETWEEN = r">([^<>&\x00-\x1f]+)</"
_WORDS = re.compile(_BETWEEN)
_MARK = "\ue000"
"""Stands for words; a text that has it is left to the parser."""
_ODD = re.compile("[\ud800-\udfff\ue000\ufffe\uffff]")
"""Signs that no XML may hold, and the mark."""
LONGEST, REMEMBERED = 4096, 512
"""Characters of a text that is cut so, and how many sequences of tags are remembered."""
_START = re.compile(r"<(\w+)[ >]")
_ENDS = "</val>"
OFTEN, ROWS = 64, 4
"""Texts after which a sequence of tags is worth an expression of its own, which takes some 2 ms to
make, and how many of those are tried on a member."""

Path = tuple[str, ...]


class TagTree:
    """An element of a sequence of tags: its fields, and which of the words are its own."""

    __slots__ = ("_deep", "_lists", "fields", "recalls", "type", "words")

    def __init__(self, element: ET.Element) -> None:
        """Take an element in which each word is its number between marks.

        Raises ValueError for a name in a namespace: the parser's way to find that is another. So it
        does for words behind a `>` that is one of them, of which a part is told apart.
        """
        text = element.text or ""
        if "}" in element.tag or _MARK in text[1:-1].lstrip("0123456789"):
            raise ValueError(element.tag)
        self.type = kind_of(element)
        self.words: int | str = int(text.strip(_MARK)) if text[:1] == _MARK else text.strip()
        """A number of the words, or what stands there in all texts of the sequence."""
        self.fields = tuple((one.tag, TagTree(one)) for one in element)
        self._deep: dict[Path, int | str] = {}
        self._lists: dict[str, tuple[int | str, ...]] = {}
        self.recalls: dict[tuple[Callable[..., object], str], Recall] = {}
        """By the reader, and the name under which it was given the object."""

    def child(self, name: str) -> "TagTree | None":
        """Return the first field of a name."""
        return next((one for tag, one in self.fields if tag == name), None)

    def at(self, path: Path) -> int | str:
        """Return where the words at a path are; what is not there is -1 less its depth."""
        found = self._deep.get(path)
        if found is None:
            found = self._deep[path] = self._look(path)
        return found

    def _look(self, path: Path) -> int | str:
        there: TagTree | None = self
        for depth, name in enumerate(path):
            there = there.child(name) if there is not None else None
            if there is None:
                return -1 - depth
        return there.words if there is not None else ""

    def all_at(self, name: str) -> tuple[int | str, ...]:
        """Return where the words of every field of a name are."""
        found = self._lists.get(name)
        if found is None:
            found = self._lists[name] = tuple(one.words for tag, one in self.fields if tag == name)
        return found


class Shaped(Node):
    """A data object that was cut: it reads as the parser's would."""

    __slots__ = ("_shape", "_told")

    def __init__(self, asked: str, shape: TagTree, told: Sequence[str]) -> None:
        self.asked = asked
        self._shape = shape
        self._told = told

    def once(self, by: Callable[[Node], T]) -> T:
        """Return what a function makes of the object, from memory where it looked at such words."""
        key = (by, self.asked)
        recall = self._shape.recalls.get(key)
        if recall is None:
            recall = self._shape.recalls[key] = Recall()
        if not recall.on:
            return by(self)
        made: T = recall.read(self._told, lambda told: by(Shaped(self.asked, self._shape, told)))
        return made

    @property
    def type(self) -> str:
        """The `xsi:type` without its prefix, empty when the server sent none."""
        return self._shape.type

    @property
    def words(self) -> str:
        """The text of the element itself."""
        at = self._shape.words
        return at if isinstance(at, str) else self._told[at].strip()

    def child(self, name: str) -> Node | Unknown:
        """Return the field, or why it is not there."""
        found = self._shape.child(name)
        if found is None:
            return self._not_set(name)
        return Shaped(f"{self.asked}.{name}", found, self._told)

    def children(self, name: str) -> Iterator[Node]:
        """Yield every field of that name."""
        asked = f"{self.asked}.{name}"
        return (Shaped(asked, one, self._told) for tag, one in self._shape.fields if tag == name)

    def items(self) -> Iterator[Node]:
        """Yield all fields."""
        return (Shaped(self.asked, one, self._told) for _, one in self._shape.fields)

    def tells(self, *names: str) -> bool:
        """Say whether any of these fields is there."""
        return any(tag in names for tag, _ in self._shape.fields)

    def text(self, *path: str) -> Reading[str]:
        """Return the text of a field, however deep. An element that is empty is no value."""
        at = self._shape.at(path)
        if isinstance(at, str):
            return at or empty(self.asked, path)
        if at < 0:
            return self._not_set(*path[:-at])
        return self._told[at].strip() or empty(self.asked, path)

    def number(self, *path: str) -> Reading[int]:
        """Return an integer field."""
        at = self._shape.at(path)
        try:
            return int(at if isinstance(at, str) else self._told[at] if at >= 0 else "")
        except ValueError:
            return super().number(*path)

    def truth(self, *path: str) -> Reading[bool]:
        """Return a boolean field."""
        at = self._shape.at(path)
        told = TRUTHS.get(self._told[at]) if isinstance(at, int) and at >= 0 else None
        return super().truth(*path) if told is None else told

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a repeated integer field. Raises ParseError when a member is none."""
        told = self._told
        try:
            return tuple(
                [int(at if isinstance(at, str) else told[at]) for at in self._shape.all_at(name)]
            )
        except ValueError:
            return super().numbers(name)

    def _not_set(self, *path: str) -> Unknown:
        return Unknown(Why.ABSENT, NOT_SET, ".".join((self.asked, *path)))


class _Shape:
    """A sequence of tags: what its words are, and the expression that cuts them out of a text."""

    __slots__ = ("_tags", "pattern", "times", "tree")

    def __init__(self, tree: TagTree, tags: list[str]) -> None:
        self.tree = tree
        self.times = 0
        self.pattern: re.Pattern[str] | None = None
        self._tags = tags

    def often(self) -> bool:
        """Count a text of the sequence, and say whether it is worth the expression by now."""
        self.times += 1
        if self.pattern is None and self.times >= OFTEN:
            self.pattern = re.compile(_BETWEEN.join(map(re.escape, self._tags)))
        return self.pattern is not None


class _Latest:
    """The shapes that came last in one place, of those that come often; the latest is the first."""

    __slots__ = ("_shapes",)

    def __init__(self) -> None:
        self._shapes: tuple[_Shape, ...] = ()

    def cut(self, text: str, start: int) -> tuple[_Shape, re.Match[str]] | None:
        """Cut the object that begins there by one of them."""
        for shape in self._shapes:
            found = shape.pattern.match(text, start) if shape.pattern is not None else None
            if found is not None:
                if shape is not self._shapes[0]:
                    self.come(shape)
                return shape, found
        return None

    def come(self, shape: _Shape) -> None:
        """Let a shape be the first, where it comes often."""
        if shape.often():
            others = [one for one in self._shapes if one is not shape]
            self._shapes = (shape, *others[: ROWS - 1])


@lru_cache(REMEMBERED)
def _latest(_head: str, _tag: str) -> _Latest:
    return _Latest()


def shaped(text: str, head: str, asked: str) -> Shaped | None:
    """Cut a data object, from its start tag to its end tag.

    `head` are the start tags around it, of objects and of one value, which declare prefixes. None
    where it is spelt as servers do not write: the parser reads that.
    """
    found = _cut(text, head)
    return None if found is None else Shaped(asked, found[0].tree, found[1])


def all_shaped(value: str, start: int, head: str, asked: str) -> list[Shaped] | None:
    """Cut all members of an array, which begin there and end before its end tag.

    They are matched one behind the other. None where one is spelt as servers do not write.
    """
    first = _START.match(value, start)
    if first is None or not value.endswith(_ENDS) or not value.isascii():
        return None
    tag, made, last = f"</{first[1]}>", [], len(value) - len(_ENDS)
    starts = (f"<{first[1]}>", f"<{first[1]} ")
    latest = _latest(head, first[1])
    while start < last:
        found = latest.cut(value, start)
        if found is not None:
            made.append(Shaped(asked, found[0].tree, found[1].groups()))
            start = found[1].end()
            continue
        end = value.find(tag, start) + len(tag)
        member = value[start:end]
        cut = _cut(member, head) if member.startswith(starts) else None
        if cut is None:
            return None
        latest.come(cut[0])
        made.append(Shaped(asked, cut[0].tree, cut[1]))
        start = end
    return made if start == last else None


def _cut(text: str, head: str) -> tuple[_Shape, Sequence[str]] | None:
    """Return the shape of a data object and its words."""
    if len(text) > LONGEST or "!" in text or "?" in text or "&#" in text:
        return None  # a number of a sign may be that of the mark
    if not text.isascii() and _ODD.search(text) is not None:
        return None
    parts = _WORDS.split(text)
    shape = _shape(head, _MARK.join(parts[::2]))
    if shape is None:
        return None
    return shape, parts[1::2]


@lru_cache(REMEMBERED)
def _shape(head: str, tags: str) -> _Shape | None:
    """Return the shape of texts with these tags, None where they are none of one element."""
    first, *others = tags.split(_MARK)
    marked = (f">{_MARK}{number}{_MARK}</{one}" for number, one in enumerate(others))
    try:
        root = root_of(f"{head}{first}{''.join(marked)}</val></objects>", what="tags")
        ((element,),) = root
        return _Shape(TagTree(element), [first, *others])
    except (ParseError, ValueError):
        return None
