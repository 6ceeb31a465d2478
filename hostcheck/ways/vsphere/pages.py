"""Which property questions travel together, and the answers that came with them.

Questions are announced in the order in which they will be put. The first one takes those that
follow along: as many objects as make an answer of a few megabytes, whatever an object weighs. A
small host is a few kilobytes, one full of adapters a hundred times that.
"""

from collections import Counter, deque
from collections.abc import Iterable

from hostcheck.model.capture import Capture, Path, Request

ANSWER_BYTES = 4 * 1024 * 1024
"""Aimed at for one answer: a server refuses answers of half a million elements, about ten times
this; more objects at a time save nothing and cost memory."""
FIRST = 50
"""Objects in the first question of a kind, before it is known what they weigh."""
FEWEST, MOST = 10, 1000

Key = tuple[str, str, str]
Kind = tuple[str, tuple[str, ...]]
"""Managed object type and paths: what one question can ask of many objects."""


_kinds: dict[tuple[str, int], tuple[tuple[Path, ...], Kind]] = {}
"""By the identity of paths: requests that are made of one another have the same."""


def kind_of(request: Request) -> Kind:
    """Return what requests must share to travel together."""
    paths = request.paths
    key = (request.template, id(paths))
    found = _kinds.get(key)
    if found is None:
        if len(_kinds) >= MOST:
            _kinds.clear()
        found = _kinds[key] = paths, (request.template, tuple(path.name for path in paths))
    return found[1]


class Pages:
    """Announced questions by kind, and answers that wait for theirs. Not for several threads."""

    def __init__(self) -> None:
        self._wanted: Counter[Key] = Counter()
        self._expected: dict[Kind, deque[Request]] = {}
        self._ready: dict[Key, Capture] = {}
        self._bytes_each: dict[Kind, float] = {}

    def expect(self, requests: Iterable[Request]) -> None:
        """Note questions that will follow; one that several hosts put is asked once."""
        for request in requests:
            self._wanted[request.key] += 1
            if self._wanted[request.key] == 1:
                self._expected.setdefault(kind_of(request), deque()).append(request)

    def next(self, kind: Kind, first: Request | None = None) -> dict[str, Request]:
        """Take the questions of the next page off the list, by managed object id."""
        queue = self._expected.get(kind, deque())
        page = {} if first is None else {first.subject: first}
        size = self.size(kind)
        while queue and len(page) < size:
            following = queue.popleft()
            if following.key not in self._ready:
                page[following.subject] = following
        return page

    def size(self, kind: Kind) -> int:
        """Return how many objects the next question of a kind asks for."""
        if kind not in self._bytes_each:
            return FIRST
        return max(FEWEST, min(MOST, int(ANSWER_BYTES / self._bytes_each[kind])))

    def weigh(self, kind: Kind, objects: int, size: int) -> None:
        """Learn from an answer of `size` bytes how many objects the next should hold."""
        if objects:
            self._bytes_each[kind] = max(1.0, size / objects)

    def put(self, capture: Capture) -> None:
        """Keep an answer until its question is put."""
        self._ready[capture.request.key] = capture

    def take(self, request: Request) -> Capture | None:
        """Return an answer that came with a page, and let it go with its last expected use."""
        key = request.key
        capture = self._ready.get(key)
        if capture is not None:
            self._wanted[key] -= 1
            if self._wanted[key] <= 0:
                del self._ready[key], self._wanted[key]
        return capture

    def waiting(self) -> int:
        """Return how many answers are kept."""
        return len(self._ready)

    def clear(self) -> None:
        """Forget everything."""
        self._ready.clear()
        self._expected.clear()
        self._wanted.clear()
