"""Waiting for slow machines beside other work: it is begun early, and places are lent meanwhile."""

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

BESIDE = 1024
"""What waits for slow machines beside other work: so many threads cost little, for they sleep."""

SHARED_BY = 8
"""So many threads and fewer cost too little memory to do anything about it."""
HEAPS = 2
_M_ARENA_MAX = -8  # malloc.h

_here = threading.local()
"""Its `places` are those of which this thread has one."""


class Unwanted(BaseException):
    """Nobody wants any more what would come of this work: it ends, past the walls round it."""


class Threads(ThreadPoolExecutor):
    """Threads of which there are fewer where the system starts no more: the others do the work."""

    def _adjust_thread_count(self) -> None:
        try:
            super()._adjust_thread_count()
        except RuntimeError:
            if not self._threads:
                raise


def share_heaps(threads: int) -> None:
    """Let many threads take memory from few heaps.

    glibc makes heaps for eight threads of each core, and each keeps the most that its threads held
    at a time. Ours hold as much for a host, and run one at a time.
    """
    if threads <= SHARED_BY or sys.platform != "linux":
        return
    import ctypes  # noqa: PLC0415  it takes 10 ms

    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, HEAPS)


class Places:
    """So many threads work at a time; one that waits for a slow machine lends its place."""

    def __init__(self, count: int, told: Callable[[], None]) -> None:
        """Take how many; `told` is called when one was lent: there may be more work in hand."""
        self.lent = 0
        self._free = count
        self._told = told
        self._closed = False
        self._turn = threading.Condition()

    def do(self, work: Callable[[T], R], item: T) -> R:
        """Work as soon as there is a place. Raises Unwanted where there is none in the end."""
        self._take()
        _here.places = self
        try:
            return work(item)
        finally:
            _here.places = None
            self._give()

    @contextmanager
    def lending(self) -> Iterator[None]:
        """Let others work. Raises Unwanted at the end where there is no place any more."""
        _here.places = None  # what it waits for may lend too: there is nothing more to give
        self._give(lent=1)
        self._told()
        try:
            yield
        finally:
            self._take(lent=1)
            _here.places = self

    def _take(self, lent: int = 0) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._free or self._closed)
            if self._closed:
                raise Unwanted
            self._free -= 1
            self.lent -= lent

    def _give(self, lent: int = 0) -> None:
        with self._turn:
            self._free += 1
            self.lent += lent
            self._turn.notify()

    def close(self) -> None:
        """Give no more places: who waits for one, or comes back to it, ends."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()


@contextmanager
def lent() -> Iterator[None]:
    """Lend the place of this thread, if it has one, while it waits for a slow machine."""
    places: Places | None = getattr(_here, "places", None)
    with nullcontext() if places is None else places.lending():
        yield


class Ahead(Generic[T, R]):
    """Work that is begun before its turn, in threads of its own; whoever needs a result takes it.

    So much is begun in the order of the items, and no more before results are taken.
    """

    def __init__(self, items: Iterable[T], work: Callable[[T], R], count: int = BESIDE) -> None:
        """Begin. An item may be a key of a dictionary, and is there once."""
        self._work = work
        self._count = count
        self._waiting = dict.fromkeys(items)
        self._running: dict[T, Future[R]] = {}
        self._lock = threading.Lock()
        share_heaps(min(count, len(self._waiting)))
        self._pool = Threads(count, thread_name_prefix="hostcheck-beside")
        with suppress(RuntimeError):  # no thread can be started: who takes an item does it
            self._begin()

    def _begin(self) -> None:
        with self._lock:
            while self._waiting and len(self._running) < self._count:
                item = next(iter(self._waiting))
                del self._waiting[item]
                self._running[item] = self._pool.submit(self._work, item)

    def take(self, item: T) -> R:
        """Wait for the work on an item, and forget it. What was not begun is done here.

        A thread that has a place lends it meanwhile.
        """
        with self._lock:
            self._waiting.pop(item, None)
            running = self._running.get(item)
        try:
            with nullcontext() if running is not None and running.done() else lent():
                return self._work(item) if running is None else running.result()
        except CancelledError:
            return self._work(item)
        finally:
            with self._lock:
                self._running.pop(item, None)
            with suppress(RuntimeError):  # no more is begun once it was closed
                self._begin()

    def close(self) -> None:
        """Begin nothing more. What runs is left to who opened what it waits for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
