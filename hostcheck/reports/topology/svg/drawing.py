"""What a picture consists of: boxes, labels and lines, and how wide a text is.

Widths of text are estimated generously, because the reader's font is not known.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace

from hostcheck.reports import words

WIDTH = 1120
GAP = 14
PAD = 14


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle and the box it lies in: an index, or -1 for the canvas."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    inside: int
    tip: str = ""
    check: str = ""
    """The check to link to."""
    solid: bool = True
    """Whether other boxes and labels must keep clear of it."""


@dataclass(frozen=True, slots=True)
class Label:
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
        return text_width(self.text, self.size, mono="mono" in self.kind)

    @property
    def left(self) -> float:
        """Where the text begins."""
        return self.x - self.width if self.end else self.x


@dataclass(frozen=True, slots=True)
class Line:
    """A path in SVG's words."""

    path: str
    kind: str
    tip: str = ""


@dataclass(slots=True)
class Drawing:
    """Everything that is drawn, parents before what lies in them."""

    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    dots: list[tuple[float, float]] = field(default_factory=list)

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
        label = Label(*at, fit(text, room, size, mono="mono" in kind), size, kind, inside, end=end)
        if label.text:
            self.labels.append(label)
        return label.width


def text_width(text: str, size: float, *, mono: bool = False) -> float:
    """Estimate the width of text, on the wide side of common fonts."""
    return sum(_advance(sign, mono=mono) for sign in text) * size


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


def fit(text: str, room: float, size: float, *, mono: bool = False) -> str:
    """Return the text on one line, cut with an ellipsis where it would not fit."""
    line = words.one_line(text[:500])
    if text_width(line, size, mono=mono) <= room:
        return line
    while line and text_width(line + "…", size, mono=mono) > room:
        line = line[:-1]
    return line.rstrip() + "…" if line else ""
