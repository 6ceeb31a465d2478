"""Pages of hosts, packed: each part as what differs from the same part of some hosts."""

import json
from binascii import b2a_base64
from collections import Counter
from collections.abc import Iterator, Sequence
from zlib import DEFLATED, MAX_WBITS, Z_SYNC_FLUSH, compressobj

from markupsafe import Markup

from hostcheck.model.run import Run
from hostcheck.reports.run.html.jinja import macros, rendered
from hostcheck.reports.run.html.pages import HostPages
from hostcheck.reports.run.html.pieces import CUT, Pieces
from hostcheck.reports.run.html.shapes import ALONE, Page
from hostcheck.reports.topology import svg

SAMPLES = 32
"""Hosts whose pages tell what most pages say."""
GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it are spread evenly, and never at the same distance for long."""
MOST_BOOKS, HOSTS_A_BOOK = 16, 32
"""Into so many books samples of one part are sorted by likeness: a book of them has to pay."""
LEVEL = 6
"""A tenth less CPU of packing than 9, and a twentieth more bytes."""
EVERY = 4
"""Of so many lines one tells which book a part is like."""
BEFORE = 24000
"""Bytes of a book a part can point back to: deflate reaches 32768, less what a part may be long."""


def _letters(data: bytes) -> str:
    """Return bytes as base 64, which browsers and Python read and write in one call."""
    return b2a_base64(data, newline=False).decode()


def _lines(markup: str) -> list[str]:
    return markup.splitlines(keepends=True)


def _spread(hosts: int) -> list[int]:
    """Return places all over a fleet, at no regular distance: like hosts may lie at any."""
    return sorted({int(turn * GOLDEN % 1 * hosts) for turn in range(SAMPLES)}) if hosts else []


def _part(topic: str) -> Markup:
    """Mark where a part begins."""
    return Markup(f"{CUT}{topic}{CUT}")  # noqa: S704  # ours


class _Book:
    """Samples of one part that are like each other."""

    def __init__(self, first: str) -> None:
        self.samples = [first]
        self.lines = set(_lines(first))

    def add(self, sample: str) -> None:
        self.samples.append(sample)
        self.lines.update(_lines(sample))

    def text(self) -> bytes:
        """Return its lines, in order; where not all have room, those that most samples have."""
        often = Counter(line for one in self.samples for line in set(_lines(one)))
        lines = dict.fromkeys(line for one in self.samples for line in _lines(one))
        kept, room = set(), BEFORE
        for line in sorted(lines, key=lambda one: -often[one]):
            size = len(line.encode())
            if size <= room:
                kept.add(line)
                room -= size
        return "".join(line for line in lines if line in kept).encode()


def _books(samples: Sequence[str], most: int) -> list[_Book]:
    """Sort samples into books: with the book that has most of its lines, or half of them."""
    books: list[_Book] = []
    for one in samples:
        lines = set(_lines(one))
        near = max(books, key=lambda book: len(lines & book.lines), default=None)
        alike = near is not None and 2 * len(lines & near.lines) >= len(lines)
        if near is None or (not alike and len(books) < most):
            books.append(_Book(one))
        else:
            near.add(one)
    return books


class Packer:
    """Packs the pages of hosts: each part as what differs from the same part of some hosts."""

    def __init__(self, run: Run, home: str, laid: HostPages) -> None:
        """Take the run, the link that leads from a page to the index, and who lays hosts out."""
        self._run = run
        self._home = home
        self._most = max(1, min(MOST_BOOKS, len(run.hosts) // HOSTS_A_BOOK))
        self._before: dict[str, list[tuple[set[str], bytes]]] = {}
        self._shared: dict[str, tuple[str, int]] = {}
        manuals = "checks.html" if home else ""
        self._pieces = Pieces(manuals)
        self._macros = macros(
            "_body.html", manuals=manuals, defs=Markup(svg.DEFS),  # noqa: S704
            pieces=self._pieces, part=_part,
        )  # fmt: skip
        self._short = macros("_short.html").short
        samples: dict[str, list[str]] = {}
        for at in _spread(len(run.hosts)):
            for name, markup in self._parts(laid.of(run.hosts[at], ALONE)):
                samples.setdefault(name, []).append(markup)
        for name, alike in samples.items():
            self._begin(name, alike)

    def page(self, page: Page) -> str:
        """Return the page of one host."""
        return rendered(
            "page.html", run=self._run, page=page, home=self._home, packed=self._whole(page),
            counts=self._macros.counts, short=self._short,
        )  # fmt: skip

    def folded(self, page: Page, at: int) -> str:
        """Return one host as a part of a page that has all: in short, and packed beside it."""
        return rendered(
            "folded.html", page=page, at=at, packed=self._whole(page),
            counts=self._macros.counts, short=self._short,
        )  # fmt: skip

    def _whole(self, page: Page) -> str:
        return " ".join(self._packed(name, markup) for name, markup in self._parts(page))

    def _parts(self, page: Page) -> Iterator[tuple[str, str]]:
        """Yield the body of a page part by part, each with its name."""
        own = self._pieces.turn_to(page)
        first, *parts = str(self._macros.alone(page)).split(CUT)
        yield "facts", first
        for name, markup in zip(parts[::2], parts[1::2], strict=True):
            yield name, own + markup if name == "rest" else markup

    def _begin(self, name: str, samples: Sequence[str]) -> None:
        """Deflate is a stream: what comes later may point back into what came before."""
        self._before[name] = []
        for number, book in enumerate(_books(samples, self._most)):
            before = book.text()
            packer = compressobj(9, DEFLATED, -MAX_WBITS)
            packed = packer.compress(before) + packer.flush(Z_SYNC_FLUSH)
            self._before[name].append((book.lines, before))
            self._shared[f"{name}~{number}"] = (_letters(packed), len(before))

    def _packed(self, name: str, markup: str) -> str:
        """Return a part, packed as what differs from the book that has most of its lines."""
        if name not in self._before:
            self._begin(name, [markup])
        lines, books = set(_lines(markup)[::EVERY]), self._before[name]
        number = max(range(len(books)), key=lambda one: len(lines & books[one][0]))
        packer = compressobj(LEVEL, DEFLATED, -MAX_WBITS, zdict=books[number][1])
        return f"{name}~{number}:{_letters(packer.compress(markup.encode()) + packer.flush())}"

    def before(self) -> str:
        """Return the script with what came before: letters and their length unpacked, by book."""
        return f"var packedBefore = {self.shared()};\n"

    def shared(self) -> str:
        """Return the same as JSON."""
        packer = compressobj(9, DEFLATED, -MAX_WBITS)
        pieces = packer.compress(self._pieces.text().encode()) + packer.flush()
        return json.dumps({"pieces": _letters(pieces), "books": self._shared})
