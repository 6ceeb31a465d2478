"""A slow BMC keeps nobody from asking the next host."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from hostcheck import app, fleet, recording
from hostcheck.fleet import Workers
from hostcheck.model.capture import Capture, Wire
from hostcheck.model.fact import Unknown, Why
from hostcheck.sources.live import LiveSource
from hostcheck.syntax.redfish import WIRE
from hostcheck.ways.replay import ReplayTransport

FIXTURES = Path(__file__).parents[2] / "fixtures"

LONG = 60
HOSTS = 30


class Session(ReplayTransport):
    """The same answers for each host; as a vCenter it is spoken to and closed."""

    def keep_alive(self):
        return 60.0


class Shells:
    """Opens the shells of hosts, and notes of which."""

    def __init__(self, held):
        self.held, self.opened = held, []

    def __call__(self, so_far):
        self.opened.append(so_far.ref.name)
        return ReplayTransport(self.held)


class SlowBmcs:
    """Of these hosts they refuse when the gate opens, of others at once.

    They are known early, or when their turn has come.
    """

    def __init__(self, slow, *, early):
        self.gate, self.slow, self.known = threading.Event(), slow, early
        self.waiting, self.closed = [], []

    def early(self, _ref):
        return self.known

    def __call__(self, so_far):
        return _SlowBmc(self, so_far.ref.name)


class _SlowBmc:
    def __init__(self, bmcs, name):
        self.bmcs, self.name = bmcs, name

    def fetch(self, request):
        if self.name in self.bmcs.slow:
            self.bmcs.waiting.append(self.name)
            assert self.bmcs.gate.wait(LONG)
        return Capture(request, failure=Unknown(Why.DENIED, "played", request.text))

    def expect(self, requests):
        pass

    def close(self):
        self.bmcs.closed.append(self.name)


class Lab:
    """A live source of hosts that are all the same recording under other names."""

    def __init__(self, *, early, slow=range(HOSTS)):
        held = recording.load(FIXTURES / "2n-2xA100-80-esxi803")
        names = [f"esx-{number:02}" for number in range(HOSTS)]
        self.refs = [msgspec.structs.replace(held.ref, name=name) for name in names]
        self.names, self.slow = set(names), {names[number] for number in slow}
        self.shells, self.bmcs = Shells(held), SlowBmcs(self.slow, early=early)
        openers = {"shell": self.shells, "redfish": self.bmcs}
        self.source = LiveSource("vcenter.test", Session(held), openers=openers)

    def recordings(self, workers):
        return app.recordings(self.source, self.refs, workers=workers, done=lambda _: None)

    def run(self, workers):
        """Collect all in a thread of its own; the answers, and the thread."""
        found = []
        thread = threading.Thread(target=lambda: found.extend(self.recordings(workers)))
        thread.start()
        return found, thread


def until(ready):
    end = time.monotonic() + LONG
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.01)


def told(found, wire):
    return {one.ref.name for one in found if any(key[0] == wire for key in one.captures)}


KNOWN = pytest.mark.parametrize("early", [True, False], ids=["named", "known to vSphere alone"])


@KNOWN
def test_all_shells_are_asked_before_the_first_bmc_has_answered(early):
    lab = Lab(early=early)
    with fleet.threads(2) as workers:
        found, thread = lab.run(workers)
        until(lambda: len(lab.shells.opened) == len(lab.bmcs.waiting) == HOSTS)
        assert found == []
        lab.bmcs.gate.set()
        thread.join(LONG)
    assert told(found, Wire.SHELL) == told(found, WIRE) == lab.names
    assert sorted(lab.bmcs.closed) == sorted(lab.names)


@KNOWN
def test_what_is_told_is_the_same_in_the_same_order_as_by_one_thread(early):
    answers = []
    for count in (1, 2):
        lab = Lab(early=early)
        lab.bmcs.gate.set()
        with fleet.threads(count) as workers:
            found, thread = lab.run(workers)
            thread.join(LONG)
        captures = {one.ref.name: list(one.captures.values()) for one in found}
        answers.append({
            name: [(one.request.key, one.text, one.exit_status, one.failure) for one in each]
            for name, each in captures.items()
        })  # fmt: skip
    assert set(answers[0]) == lab.names
    assert answers[0] == answers[1]


def test_a_cluster_is_given_other_hosts_while_a_bmc_is_slow():
    """Its workers ask the shells, of hosts that were read here with their BMCs."""
    lab = Lab(early=True, slow=[0])
    with ThreadPoolExecutor(2) as pool:
        found, thread = lab.run(Workers(2, pool, away=True))
        until(lambda: set(lab.shells.opened) == lab.names - lab.slow)
        lab.bmcs.gate.set()
        thread.join(LONG)
    assert told(found, Wire.SHELL) == told(found, WIRE) == lab.names
