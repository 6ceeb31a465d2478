"""Hosts side by side: the only module with threads.

Work is handed to a standard `concurrent.futures.Executor`, and no more of it than the workers can
soon do, so that memory does not grow with the fleet.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 2
"""Tasks in hand per worker."""


def each(
    items: Iterable[T],
    work: Callable[[T], R],
    *,
    workers: int,
    executor: Executor | None = None,
) -> Iterator[R]:
    """Yield `work(item)` for every item, in the order of the items."""
    if workers <= 1 and executor is None:
        yield from map(work, items)
        return
    pool = executor or ThreadPoolExecutor(workers, thread_name_prefix="hostcheck")
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= workers * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
        if executor is None:
            # Not waited for: after an interrupt the source is closed next, which ends what runs.
            pool.shutdown(wait=False, cancel_futures=True)
