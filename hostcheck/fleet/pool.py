"""Processes beside this one, which judge hosts on all cores of this machine."""

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, TypeVar

from hostcheck.fleet import CLOSE_SECONDS

T = TypeVar("T")
R = TypeVar("R")

COLLECTED_AT = 10_000
"""How many objects are made before cycles are looked for: hosts die by their reference counts."""


class _Spawning(SpawnContext):
    """Starts processes afresh, as every system can, and knows those that it has started."""

    def __init__(self) -> None:
        super().__init__()
        self.children: list[SpawnProcess] = []

    def Process(self, *given: Any, **named: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
        child = SpawnProcess(*given, **named)
        self.children.append(child)
        return child


class Processes(Executor):
    """A pool of processes that is made when there is work, and anew where one of them died.

    A run of few hosts has none for it: that needs nothing of what the system must lend for a pool.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._spawning = _Spawning()
        self._pool: ProcessPoolExecutor | None = None

    def _made(self, count: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(count, self._spawning, _begin)

    def submit(self, work: Callable[..., R], /, *given: Any, **named: Any) -> "Future[R]":
        """Hand work over; a process is started when there is some for it."""
        with _held():
            try:
                self._pool = self._pool or self._made(self._count)
                return self._pool.submit(work, *given, **named)
            except BrokenExecutor:
                self._pool = self._made(self._count)
                return self._pool.submit(work, *given, **named)

    def alone(self, work: Callable[[T], R], item: T) -> R:
        """Do it in a process of its own. Raises BrokenExecutor where that died too."""
        with self._made(1) as pool:
            with _held():
                future = pool.submit(work, item)
            return future.result()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """End all processes: in order within a time, and then at once."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        end = time.monotonic() + CLOSE_SECONDS
        for child in self._spawning.children:
            child.join(max(end - time.monotonic(), 0))
            child.kill()


def _of_terminals() -> set[signal.Signals]:
    """Return what a terminal sends to all its processes: only the first one ends work in order."""
    return {signal.Signals[one] for one in ("SIGINT", "SIGHUP") if hasattr(signal, one)}


@contextmanager
def _held() -> Iterator[None]:
    """Keep a terminal's signals until later. A process started meanwhile never gets them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _of_terminals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """Begin a process: interrupts are for its parent, and it ends when that is gone."""
    for one in _of_terminals():
        signal.signal(one, signal.SIG_IGN)
    gc.set_threshold(COLLECTED_AT)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)
