"""Waiting for slow machines: work begun before its turn, and places that are lent meanwhile."""

import threading
import time

import pytest

from hostcheck import fleet
from hostcheck.errors import UsageError
from hostcheck.fleet.beside import Places

LONG = 60
"""Seconds after which a test has failed that waits for what has to come."""


class Waiting:
    """Work that notes who began, waits beside other work until the gate opens, and goes on."""

    def __init__(self, count=1024):
        self.gate = threading.Event()
        self.begun, self.gone_on = [], []
        self.ahead = fleet.Ahead(range(200), self.slow, count)

    def slow(self, item):
        assert self.gate.wait(LONG)
        return item

    def __call__(self, item):
        self.begun.append(item)
        found = self.ahead.take(item)
        self.gone_on.append(item)
        return found

    def until(self, begun):
        """Wait until so many have begun, and a little longer, for more."""
        end = time.monotonic() + LONG
        while len(self.begun) < begun:
            assert time.monotonic() < end, self.begun
            time.sleep(0.01)
        time.sleep(0.2)


def everything(done):
    """Take what comes in a thread of its own: the list that it will be in, and the thread."""
    found = []
    taking = threading.Thread(target=lambda: found.extend(done))
    taking.start()
    return found, taking


# Places


def test_who_waits_for_a_slow_machine_keeps_no_other_from_work():
    work = Waiting()
    with fleet.threads(2) as workers:
        found, taking = everything(fleet.each(range(40), work, workers=workers))
        work.until(40)
        assert work.begun == list(range(40))
        assert (found, work.gone_on) == ([], [])
        work.gate.set()
        taking.join(LONG)
    assert sorted(found) == list(range(40))


def test_what_is_there_already_is_taken_without_lending_a_place():
    work = Waiting()
    work.gate.set()
    told = []
    places = Places(1, lambda: told.append(1))
    with fleet.threads(2) as workers:
        assert len(list(fleet.each(range(20), work, workers=workers))) == 20
    done = fleet.Ahead(["a"], str.upper)
    end = time.monotonic() + LONG
    while not done._running["a"].done():
        assert time.monotonic() < end
        time.sleep(0.01)
    assert places.do(done.take, "a") == "A"
    assert told == []


class Busy:
    """Work that counts how much of it is done at a time."""

    def __init__(self, seconds):
        self.seconds, self.most = seconds, 0
        self._lock, self._now = threading.Lock(), 0

    def __call__(self):
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self.seconds)
        with self._lock:
            self._now -= 1


@pytest.mark.parametrize("count", [2, 3])
def test_never_more_work_at_a_time_than_there_are_places(count):
    busy = Busy(0.002)

    def work(item):
        busy()
        with fleet.lent():
            time.sleep(0.005)
        busy()
        return item

    with fleet.threads(count) as workers:
        assert sorted(fleet.each(range(60), work, workers=workers)) == list(range(60))
    assert busy.most == count


def test_who_lends_its_place_already_has_none_to_lend_again():
    """Work that was not begun early waits where it is taken, and may itself lend."""

    def waiting(item):
        with fleet.lent():
            time.sleep(0.01)
        return item

    busy = Busy(0.005)
    ahead = fleet.Ahead(range(60), waiting, 1)

    def work(item):
        ahead.take(item)
        busy()
        return item

    with fleet.threads(2) as workers:
        assert sorted(fleet.each(range(60), work, workers=workers)) == list(range(60))
    assert busy.most == 2
    ahead.close()


def test_no_more_wait_than_memory_is_meant_for(monkeypatch):
    monkeypatch.setattr(fleet, "BESIDE", 5)
    work, taken = Waiting(), []

    def items():
        for number in range(200):
            taken.append(number)
            yield number

    with fleet.threads(2) as workers:
        found, taking = everything(fleet.each(items(), work, workers=workers))
        work.until(2 + 5)
        assert len(work.begun) == 2 + 5
        assert len(taken) <= 2 + 5 + 2 * fleet.AHEAD
        work.gate.set()
        taking.join(LONG)
    assert sorted(found) == list(range(200))


def test_one_that_was_not_begun_early_is_waited_for_without_its_place():
    """More may wait than were begun: who comes first to one of the others does it itself."""
    work = Waiting(count=3)
    with fleet.threads(2) as workers:
        found, taking = everything(fleet.each(range(40), work, workers=workers))
        work.until(40)
        assert len(work.begun) == 40
        work.gate.set()
        taking.join(LONG)
    assert sorted(found) == list(range(40))


def test_nobody_goes_on_when_the_results_are_not_wanted_any_more():
    work = Waiting()

    def items():
        yield from range(40)
        work.until(40)
        raise KeyboardInterrupt

    with fleet.threads(2) as workers, pytest.raises(KeyboardInterrupt):
        list(fleet.each(items(), work, workers=workers))
    work.gate.set()
    workers.executor.shutdown(wait=True)
    assert len(work.begun) == 40
    assert work.gone_on == []


def test_who_has_no_place_yet_begins_nothing_after_an_interrupt():
    gate, begun = threading.Event(), []

    def work(item):
        begun.append(item)
        assert gate.wait(LONG)

    def items():
        yield from range(3)
        end = time.monotonic() + LONG
        while len(begun) < 2:
            assert time.monotonic() < end
            time.sleep(0.01)
        raise KeyboardInterrupt

    with fleet.threads(2) as workers, pytest.raises(KeyboardInterrupt):
        list(fleet.each(items(), work, workers=workers))
    gate.set()
    workers.executor.shutdown(wait=True)
    assert begun == [0, 1]


def test_an_error_of_slow_work_shows_and_its_place_is_there_again():
    def slow(item):
        time.sleep(0.05)
        raise UsageError(f"no {item}")

    ahead = fleet.Ahead(range(9), slow, 1)

    def work(item):
        with pytest.raises(UsageError, match=f"no {item}"):
            ahead.take(item)
        return item

    with fleet.threads(2) as workers:
        assert sorted(fleet.each(range(9), work, workers=workers)) == list(range(9))
    ahead.close()


@pytest.mark.parametrize("more", [0, 1, 5])
def test_a_system_that_starts_no_more_threads_ends_no_run(monkeypatch, more):
    """A container may have so many and no more: those that are there do all the work."""
    started, start = [], threading.Thread.start

    def limited(thread):
        if len(started) >= more:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    def work(item):
        with fleet.lent():
            time.sleep(0.001)
        return item, ahead.take(item)

    monkeypatch.setattr(threading.Thread, "start", limited)
    with fleet.threads(3) as workers:
        ahead = fleet.Ahead(range(40), str)
        found = sorted(fleet.each(range(40), work, workers=workers))
    assert found == [(item, str(item)) for item in range(40)]
    assert len(started) == more
    ahead.close()


def test_one_thread_that_has_no_place_waits_as_it_is():
    with fleet.lent():
        assert fleet.Ahead(["a"], str.upper).take("a") == "A"


# Work begun before its turn


def test_what_is_begun_before_its_turn_is_done_once_and_taken_in_any_order():
    done = []

    def work(item):
        done.append(item)
        return item * 10

    beside = fleet.Ahead(range(20), work, 4)
    assert [beside.take(item) for item in (3, 0, 19, 7)] == [30, 0, 190, 70]
    assert sorted(beside.take(item) for item in set(range(20)) - {3, 0, 19, 7}) == sorted(
        item * 10 for item in set(range(20)) - {3, 0, 19, 7}
    )
    assert sorted(done) == list(range(20))
    beside.close()


def test_no_more_is_begun_than_is_taken():
    begun = []
    beside = fleet.Ahead(range(50), begun.append, 3)
    time.sleep(0.2)
    assert sorted(begun) == [0, 1, 2]
    beside.take(0)
    time.sleep(0.2)
    assert sorted(begun) == [0, 1, 2, 3]
    beside.close()


def test_the_last_one_is_not_waited_for_behind_the_others():
    beside = fleet.Ahead(range(50), lambda item: item, 2)
    assert beside.take(49) == 49
    beside.close()


def test_an_error_of_early_work_shows_where_it_is_taken():
    def work(item):
        raise UsageError(f"no {item}")

    beside = fleet.Ahead(["a"], work)
    with pytest.raises(UsageError, match="no a"):
        beside.take("a")
    beside.close()


def test_what_was_not_begun_when_it_was_closed_is_done_by_who_takes_it():
    gate = threading.Event()
    where = []

    def work(item):
        where.append(threading.current_thread().name)
        if item == 0:
            gate.wait(10)
        return item

    beside = fleet.Ahead(range(3), work, 1)
    beside.close()
    gate.set()
    assert [beside.take(item) for item in range(3)] == [0, 1, 2]
    assert where[1:] == [threading.current_thread().name] * 2
