"""YAML that a user gives: plain data alone, of bounded size, with the line of what is wrong.

Aliases are refused: a few lines of them make gigabytes. So are tags and keys that stand twice, of
which one would be lost.
"""

from collections.abc import Callable
from typing import Any

import yaml

from hostcheck.errors import ParseError
from hostcheck.syntax.block import LineItem

MOST_BYTES = 4 * 1024 * 1024


class _Plain:
    """Composes nodes without aliases, and mappings without doubles."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):  # type: ignore[attr-defined]
            event = self.peek_event()  # type: ignore[attr-defined]
            raise yaml.MarkedYAMLError(
                problem=f"alias *{event.anchor} is not taken", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)  # type: ignore[misc]

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        met = set()
        for key, _ in node.value:
            if key.value in met:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value!r} stands twice", problem_mark=key.start_mark
                )
            if isinstance(key.value, str):
                met.add(key.value)
        return super().construct_mapping(node, deep)  # type: ignore[misc]


class _Words(_Plain, yaml.BaseLoader):
    """All values as they are written: `535` and `2026-11-28` stay text."""


class _Values(_Plain, yaml.SafeLoader):
    """Numbers, truth values and dates as YAML has them."""


class _Marked(_Values):
    """Keeps the line of each value."""

    def items(self) -> tuple[LineItem, ...]:
        """Return the documents."""
        found = []
        while self.check_node():
            found.append(self.item(self.get_node()))
        return tuple(found)

    def item(self, node: Any) -> LineItem:
        """Make an item of a node. Raises MarkedYAMLError."""
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return LineItem(self._keyed(node), line)
        if isinstance(node, yaml.SequenceNode):
            return LineItem([self.item(one) for one in node.value], line)
        return LineItem(self.construct_object(node), line)

    def _keyed(self, node: Any) -> dict[str, LineItem]:
        found: dict[str, LineItem] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in found:
                told = "stands twice" if isinstance(key, yaml.ScalarNode) else "is no name"
                raise yaml.MarkedYAMLError(
                    problem=f"{str(key.value)[:40]!r} {told}", problem_mark=key.start_mark
                )
            item = self.item(value)
            found[key.value] = LineItem(item.value, key.start_mark.line + 1)
        return found


def documents(data: bytes, what: str) -> tuple[LineItem, ...]:
    """Return all documents of a file of YAML or JSON, each value with its line.

    What a key holds has the line of the key. Raises ParseError, which names the file and the line.
    """
    return tuple(_guarded(data, what, lambda: _Marked(_untabbed(data)).items()))


def _untabbed(data: bytes) -> bytes:
    """Return JSON without tabs: YAML takes none for indentation, and texts of JSON have none."""
    return data.replace(b"\t", b" ") if data.lstrip()[:1] in (b"{", b"[") else data


def load(data: bytes, what: str, *, words: bool = False) -> Any:
    """Return the one document of a file: dictionaries, lists and values; as text with `words`.

    Raises ParseError, which names the file and the line.
    """
    return _guarded(
        data,
        what,
        lambda: yaml.load(data, Loader=_Words if words else _Values),  # noqa: S506  safe
    )


def _guarded(data: bytes, what: str, read: Callable[[], Any]) -> Any:
    if len(data) > MOST_BYTES:
        raise ParseError(f"{what}: {len(data)} bytes, more than {MOST_BYTES}: not such a file")
    try:
        return read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ParseError(f"{what}{line}: {error.problem or 'not YAML'}") from None
    except (yaml.YAMLError, ValueError, RecursionError, UnicodeError) as error:
        raise ParseError(f"{what}: not YAML: {str(error).splitlines()[0]}") from None
