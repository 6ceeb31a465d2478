"""What a picture consists of: boxes, labels and lines, and how wide a text is.

A box also says what it stands for and carries what was found about it: the text beside the picture
and its description are made from the same boxes. Widths of text are estimated generously, because
the reader's font is not known.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from hostcheck.model.result import Status
from hostcheck.reports import view, words

WIDTH = 1120
GAP = 14
PAD = 14
ROUNDING = 0.01
BOLD = 1.07
"""How much wider bold text is than regular."""


class Flag(Struct, frozen=True):
    """A result that does not pass, on the box that it is about."""

    check: str
    status: Status
    told: str
    """What was observed, or why that is not known."""
    target: str
    """The anchor of its finding, without what follows the `@`."""

    @property
    def fails(self) -> bool:
        """Whether it fails; else it is not known."""
        return self.status is Status.FAIL

    @property
    def words(self) -> str:
        """The mark as one line: `✕ ECC-001 fails: off`."""
        if self.fails:
            return f"{words.MARK[self.status]} {self.check} fails: {self.told}"
        return f"{words.MARK[self.status]} {self.check} is {words.STATUS[self.status]}"


class Box(Struct, frozen=True):
    """A rectangle and the box it lies in: an index, or -1 for the canvas."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    inside: int
    says: tuple[str, ...] = ()
    """What it stands for and what is known of it; empty of mere ornament."""
    marks: tuple[Flag, ...] = ()
    link: str = ""
    """The anchor of a finding to link to, without what follows the `@`."""
    solid: bool = True
    """Whether other boxes and labels must keep clear of it."""

    @property
    def bottom(self) -> float:
        """Where it ends."""
        return self.y + self.height

    @property
    def right(self) -> float:
        """Where it ends to the right."""
        return self.x + self.width

    @property
    def tip(self) -> str:
        """What a pointer over it shows."""
        return "\n".join(filter(None, (", ".join(self.says), *(one.words for one in self.marks))))


class DrawnLabel(Struct, frozen=True):
    """One line of text. `x` is its left end, or its right end when `end` is set."""

    x: float
    y: float
    text: str
    size: float
    kind: str
    inside: int
    end: bool = False

    @property
    def width(self) -> float:
        """The estimated width."""
        return text_width(self.text, self.size, kind=self.kind)

    @property
    def left(self) -> float:
        """Where the text begins."""
        return self.x - self.width if self.end else self.x


class Line(Struct, frozen=True):
    """A path in SVG's words. `ends` are the devices that it joins, a `mark` what is wrong with it.

    A device's way up to the root has its own address for both ends.
    """

    path: str
    kind: str
    tip: str = ""
    ends: tuple[str, ...] = ()
    mark: Flag | None = None


@dataclass(slots=True)
class Drawing:
    """Everything that is drawn, parents before what lies in them."""

    shown: view.Layout
    """The places and devices that it shows."""
    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    labels: list[DrawnLabel] = field(default_factory=list)
    dots: list[tuple[float, float, str]] = field(default_factory=list)
    """Centres, and what each is: an end of an NVLink, a switch, the place of a GPU."""

    def box(self, made: Box) -> int:
        """Add a box and return its index."""
        self.boxes.append(made)
        return len(self.boxes) - 1

    def stretch(self, index: int, bottom: float) -> None:
        """Let a box reach down to `bottom`."""
        box = self.boxes[index]
        self.boxes[index] = replace(box, height=bottom - box.y)

    def text(
        self, at: tuple[float, float], text: str, room: float, inside: int, size: float = 11,
        *, kind: str = "", end: bool = False,
    ) -> float:  # fmt: skip
        """Add a label, cut to the room there is, and return its width."""
        label = DrawnLabel(*at, fit(text, room, size, kind=kind), size, kind, inside, end=end)
        if label.text:
            self.labels.append(label)
        return label.width

    def told(self) -> Iterator[tuple[int, Box]]:
        """Yield the boxes that say something, each behind what it lies in, with its depth from 0.

        What lies in a box that says nothing lies in the next one around it.
        """
        below: dict[int, list[int]] = {}
        for index, box in enumerate(self.boxes):
            below.setdefault(box.inside, []).append(index)

        def walk(parent: int, depth: int) -> Iterator[tuple[int, Box]]:
            for index in below.get(parent, ()):
                box = self.boxes[index]
                if box.says:
                    yield depth, box
                yield from walk(index, depth + bool(box.says))

        return walk(-1, 0)


@lru_cache(4096)
def text_width(text: str, size: float, *, kind: str = "") -> float:
    """Estimate the width of text, on the wide side of common fonts."""
    advance = _MONO if "mono" in kind else _PLAIN
    width = sum(map(advance.__getitem__, text)) * size
    return width * BOLD if "strong" in kind else width


class _Advances(dict[str, float]):
    """How wide each sign is, looked up when it is met."""

    def __init__(self, *, mono: bool) -> None:
        self._mono = mono

    def __missing__(self, sign: str) -> float:
        self[sign] = found = _advance(sign, mono=self._mono)
        return found


def _advance(sign: str, *, mono: bool) -> float:
    if unicodedata.combining(sign):
        return 0
    if unicodedata.east_asian_width(sign) in "WF" or ord(sign) > 0x2FFF:
        return 1.25
    if mono:
        return 0.615 if sign.isascii() else 0.9
    if sign in " .,:;'|!ijlI()[]ftr/-·":
        return 0.36
    if sign in "mwMW@%" or not sign.isascii():
        return 0.92
    return 0.7 if sign.isupper() else 0.6


_PLAIN, _MONO = _Advances(mono=False), _Advances(mono=True)


@lru_cache(4096)
def fit(text: str, room: float, size: float, *, kind: str = "") -> str:
    """Return the text on one line, cut with an ellipsis where it would not fit."""
    line = words.one_line(text[:500])
    if text_width(line, size, kind=kind) <= room + ROUNDING:
        return line
    while line and text_width(line + "…", size, kind=kind) > room:
        line = line[:-1]
    return line.rstrip() + "…" if line else ""
