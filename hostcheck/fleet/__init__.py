"""Hosts side by side: the only module with threads and processes, and the only one that knows Dask.

Work is handed to a standard `concurrent.futures.Executor`, and no more of it than the workers can
soon do, so that memory does not grow with the fleet. Threads of this process, processes beside it
and those of a Dask cluster are all such executors.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from hostcheck import __version__, extras
from hostcheck.errors import UsageError
from hostcheck.fleet.beside import BESIDE, Ahead, Places, Threads, lent, share_heaps
from hostcheck.urls import is_here, without_secrets

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Ahead", "Workers", "dask", "each", "lent", "processes", "tended", "threads"]

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 2
"""Tasks in hand per worker."""
PATIENCE_SECONDS = 30
"""How long a cluster may be without any worker."""
LOOK_SECONDS = 1
"""How often who waits looks up: a signal that another thread took wakes nobody."""
CLOSE_SECONDS = 5
MANY = 200
"""Fewer hosts are judged here before processes have started, which takes half a second of each."""
SCHEMES = ("dask", "dask+tls", "dask+tcp")


@dataclass(frozen=True)
class Workers:
    """Where work is done: in `count` places at once; in this thread where there is no executor."""

    count: int
    executor: Executor | None = None
    away: bool = False
    """Whether work leaves this process: it and its results are pickled then."""
    alive: Callable[[], bool] = lambda: True
    """Whether anybody is there to do it."""
    lost: Callable[[], None] = lambda: None
    """Called before what was lost is done once more."""
    least: int = 0
    """How many items are worth it."""
    alone: Callable[[Callable[[Any], Any], Any], Any] | None = None
    """Does work that a dead process had, out of the way of all other; may raise BrokenExecutor."""


def each(
    items: Iterable[T],
    work: Callable[[T], R],
    *,
    workers: Workers,
    killing: Callable[[T], R] | None = None,
) -> Iterator[R]:
    """Yield `work(item)` for every item, each as soon as it is done.

    What a cluster lost or failed at is done in this process: a worker that dies takes no host with
    it, and an error of the work itself shows here. Where workers are processes of this machine, it
    is done in one of its own; what kills that too becomes `killing(item)`.
    """
    pool = workers.executor
    if pool is None:
        for item in items:  # not map: a StopIteration of the work would end it like the last item
            yield work(item)
        return
    again = partial(_again, work, killing or work, workers.alone)
    running: dict[Future[R], T] = {}
    done: SimpleQueue[Future[R]] = SimpleQueue()
    places = Places(workers.count, lambda: done.put(Future()))
    job = work if workers.away else partial(places.do, work)
    gone = False
    try:
        for item in items:
            gone = gone and not workers.alive()
            if gone:
                yield work(item)
                continue
            future = _submitted(pool, job, item)
            running[future] = item
            future.add_done_callback(done.put)
            while len(running) >= workers.count * AHEAD + places.lent:
                gone = yield from _finished(running, done, again, workers)
        while running:
            yield from _finished(running, done, again, workers)
    finally:
        places.close()
        _cancel(*running)


def _submitted(pool: Executor, work: Callable[[T], R], item: T) -> "Future[R]":
    try:
        return pool.submit(work, item)
    except Exception as error:  # noqa: BLE001  found below, where its result is asked for
        refused: Future[R] = Future()
        refused.set_exception(error)
        return refused


def _again(
    work: Callable[[T], R],
    killing: Callable[[T], R],
    alone: Callable[[Callable[[T], R], T], R] | None,
    item: T,
    error: BaseException | None,
) -> R:
    """Do once more what was lost with that error, or with none."""
    if alone is None or not isinstance(error, BrokenExecutor):
        return work(item)
    try:
        return alone(work, item)
    except BrokenExecutor:
        return killing(item)


def _finished(
    running: dict[Future[R], T],
    done: "SimpleQueue[Future[R]]",
    again: Callable[[T, BaseException | None], R],
    workers: Workers,
) -> Generator[R, None, bool]:
    """Wait for a task and yield it, or all where all workers are gone. Returns whether they are.

    A queue is waited for, not the futures: an interrupt in the middle of `concurrent.futures.wait`
    leaves them locked, and their workers waiting for ever.
    """
    first = _next(done, workers)
    for future in tuple(running) if first is None else (first,):
        if future not in running:
            continue  # a place was lent; or told late: given up, and its work done here
        item = running.pop(future)
        if workers.away and (first is None or future.cancelled() or future.exception()):
            error = future.exception() if future.done() and not future.cancelled() else None
            _cancel(future)
            workers.lost()
            yield again(item, error)
        else:
            yield future.result()
    return first is None


def _next(done: "SimpleQueue[Future[R]]", workers: Workers) -> "Future[R] | None":
    """Return the next task that is done; None when nobody is left to do any."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return done.get(timeout=min(LOOK_SECONDS, PATIENCE_SECONDS))
        except Empty:
            if time.monotonic() < until:
                continue
            if workers.away and not workers.alive():
                return None
            until = time.monotonic() + PATIENCE_SECONDS


def _cancel(*futures: "Future[Any]") -> None:
    for future in futures:
        with suppress(Exception):  # a cluster that is gone takes no word of it
            future.cancel()


@contextmanager
def tended(tend: Callable[[], float], close: Callable[[], None]) -> Iterator[None]:
    """Call `tend` beside the work, each time after as many seconds as it returned last.

    At the end `close` is called: it cuts off a call that is under way, and none comes after it.
    """
    over = threading.Event()

    def work() -> None:
        while not over.wait(tend()):
            pass

    beside = threading.Thread(target=work, name="hostcheck-tend", daemon=True)
    beside.start()
    try:
        yield
    finally:
        over.set()
        try:
            close()
        finally:
            beside.join()


@contextmanager
def threads(count: int) -> Iterator[Workers]:
    """Work in threads of this process; in the calling one when one is enough.

    So many work at a time, and as many more as there are places `lent`.
    """
    if count <= 1:
        yield Workers(1)
        return
    share_heaps(count)
    pool = Threads(count + BESIDE, thread_name_prefix="hostcheck")
    workers = Workers(count, pool)
    try:
        pool.submit(int)  # with one thread now all goes on where no more can be started later
    except RuntimeError:
        workers = Workers(1)
    try:
        yield workers
    finally:
        # Not waited for: after an interrupt the source is closed next, which ends what runs.
        pool.shutdown(wait=False, cancel_futures=True)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def processes(count: int, lost: Callable[[], None] = lambda: None) -> Iterator[Workers]:
    """Work in so many processes beside this one; `lost` is called when one of them died."""
    if count <= 1:
        yield Workers(1)
        return
    from hostcheck.fleet.pool import Processes  # noqa: PLC0415  threads and one core need none

    pool = Processes(count)
    try:
        yield Workers(count, pool, away=True, lost=lost, least=MANY, alone=pool.alone)
    finally:
        pool.shutdown()


@contextmanager
def dask(url: str, lost: Callable[[], None] = lambda: None) -> Iterator[Workers]:
    """Work in the processes of a Dask cluster: `dask://HOST[:PORT]`, with TLS beyond this machine.

    `lost` is called each time before work that the cluster lost is done here. Raises UsageError
    where the cluster cannot be used.
    """
    address = address_of(url)
    client = _client(url, address)
    try:
        versions = client.run(_version)
        other = {version for version in versions.values() if version != __version__}
        if other:
            raise UsageError(
                f"{url}: its workers have hostcheck {', '.join(sorted(other))}, this is "
                f"{__version__}; install the same"
            )
        count = sum(client.nthreads().values())

        def alive() -> bool:
            with suppress(Exception):  # a client that is closed has no scheduler to ask
                return bool(client.status == "running" and client.scheduler_info()["workers"])
            return False

        pool = client.get_executor(pure=False)
        try:
            yield Workers(count, pool, away=True, alive=alive, lost=lost)
        finally:
            with suppress(Exception):  # it is gone already
                pool.shutdown(wait=False)
    finally:
        client.close(timeout=CLOSE_SECONDS)


def _version() -> str:
    return __version__


def address_of(url: str) -> str:
    """Return the address of a scheduler as Dask writes it. Raises UsageError that says why not.

    `dask://` is TLS, with the certificates of Dask's own configuration, except on this machine;
    `dask+tls://` is TLS there too, and `dask+tcp://` says that a connection which others can read
    is wanted.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 8786
    except ValueError:
        told = without_secrets(url)
        raise UsageError(f"--workers {told}: its port is not a number from 1 to 65535") from None
    host = parts.hostname or ""
    more = "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in SCHEMES or not host or more:
        told = without_secrets(url)
        raise UsageError(f"--workers {told}: give a number, or dask://SCHEDULER[:PORT]")
    plain = parts.scheme == "dask+tcp" or (parts.scheme == "dask" and is_here(host))
    shown = f"[{host}]" if ":" in host else host
    return f"{'tcp' if plain else 'tls'}://{shown}:{port}"


def _client(url: str, address: str) -> "Client":
    try:
        from distributed import Client, Security  # noqa: PLC0415  an extra, and heavy
    except ImportError:
        raise UsageError(
            f"--workers {url}: needs the library distributed: {extras.install('dask')}"
        ) from None
    # concurrent.futures logs what a callback of Dask raises when its scheduler is gone.
    _silence("distributed", "tornado", "asyncio", "concurrent")
    # Before a client is made: one that failed half made waits a minute when it is let go.
    if address.startswith("tls:") and not Security().get_connection_args("client")["ssl_context"]:
        raise UsageError(
            f"--workers {url}: Dask has no TLS certificates (distributed.comm.tls in its "
            "configuration); dask+tcp:// would send credentials in clear"
        )
    try:
        client = Client(address, timeout=PATIENCE_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"--workers {url}: no scheduler answers at {address}: {error}") from None
    try:
        client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
    except TimeoutError:
        client.close(timeout=CLOSE_SECONDS)
        raise UsageError(f"--workers {url}: the cluster has no workers") from None
    return client


def _silence(*libraries: str) -> None:
    """Keep a library's log, with its tracebacks, from the terminal: what is lost is told by us."""
    for name in (*libraries, *tuple(logging.root.manager.loggerDict)):
        if name.split(".")[0] in libraries:
            logging.getLogger(name).setLevel(logging.CRITICAL)
