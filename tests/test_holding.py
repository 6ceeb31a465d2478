"""What is begun is counted until it is undone."""

import threading

from hostcheck.holding import HELD, Holding


def test_it_waits_for_what_was_begun():
    held, gone = Holding(), threading.Event()
    held.wait(0)
    held.begin()
    held.begin()
    waiting = threading.Thread(target=lambda: (held.wait(600), gone.set()))
    waiting.start()
    held.end()
    assert held.anything
    assert not gone.is_set()
    held.end()
    waiting.join(600)
    assert (gone.is_set(), held.anything) == (True, False)


def test_it_waits_no_longer_than_it_is_told():
    held = Holding()
    held.begin()
    held.wait(0)
    assert held.anything


def test_nothing_is_held_by_what_was_not_begun():
    assert not HELD.anything
