"""How often a preflight climbs: a room that is called by one on a floor below it.

Imports point down only, so a call climbs only where a function, or a generator that is read on,
was handed down. It is counted while recorded machines are judged, from the command to the verdict,
by the floors of the import contract: each function of `preflight`, or of a room above it, that a
room below calls counts once, however often it is called. Between rooms below `preflight` nothing
is counted: a format that is given the parser of its lines is no step of a preflight.
"""

import configparser
import gc
import shutil
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from hostcheck import fleet
from hostcheck.cli import main

ROOT = Path(__file__).parents[2]
PACKAGE = f"{ROOT / 'hostcheck'}/"
MOST = 4
"""Progress is told, candidates are made as they are packed, and two kinds of questions are made
where what goes wrong in making them is an answer."""


def floors():
    told = configparser.ConfigParser()
    told.read(ROOT / "setup.cfg")
    lines = told["importlinter:contract:layers"]["layers"].split("\n")
    rows = [line.replace("|", " ").split() for line in lines if line.strip()]
    return {room: height for height, row in enumerate(reversed(rows)) for room in row}


class Climbs:
    """Notes calls as they happen, in this thread and in those that it begins."""

    def __init__(self):
        self._floors = floors()
        self.called = set()
        self.rooms = set()

    def _room(self, frame):
        file = frame.f_code.co_filename
        inside = file.removeprefix(PACKAGE) if file.startswith(PACKAGE) else ""
        room = inside.partition("/")[0].removesuffix(".py")
        return room if room in self._floors else ""

    def note(self, frame, event, _told):
        room = self._room(frame) if event == "call" else ""
        if not room:
            return
        self.rooms.add(room)
        by = frame.f_back
        while by is not None and not self._room(by):  # of another library, on the way
            by = by.f_back
        below = by is not None and self._floors[self._room(by)] < self._floors[room]
        if below and self._floors[room] >= self._floors["preflight"]:
            self.called.add((room, frame.f_code.co_qualname))

    def during(self, *words):
        """Run a command. Coverage and debuggers get their own function back.

        What the collector ends, of an earlier command too, would look like a call from anywhere.
        """
        before = sys.getprofile()
        gc.collect()
        gc.disable()
        threading.setprofile(self.note)
        sys.setprofile(self.note)
        try:
            return CliRunner().invoke(main, [str(word) for word in words])
        finally:
            sys.setprofile(before)
            threading.setprofile(None)
            gc.enable()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("machines")
    for name in ("2n-2xA40-gpu-lost-esxi803", "2n-2xA100-80-esxi803", "2n-1xA16-esxi803"):
        shutil.copytree(ROOT / "fixtures" / name, folder / name)
    return folder


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["render-12-off", "--host", "esx-*"], 3),
        (["train-01-a"], 0),
        (["render-12-off", "train-01-a"], 3),
        (["--profile", "grid_a100d-40c", "--count", "2"], 3),
    ],
)
def test_a_preflight_climbs_no_more_than_it_must(place, words, code):
    found = Climbs()
    done = found.during("preflight", "-q", "--workers", "1", "--from", place, *words)
    assert done.exit_code == code, done.output
    assert {"cli", "preflight", "checks", "syntax"} <= found.rooms, "it was followed to the ground"
    assert len(found.called) <= MOST, sorted(found.called)


def test_a_function_that_is_handed_down_is_counted():
    found = Climbs()
    found.note(sys._getframe(), "call", None)  # of no room
    assert not found.called
    handed = compile("def back(one):\n    return one\n", f"{PACKAGE}preflight/odd.py", "exec")
    names = {}
    exec(handed, names)
    threading.setprofile(found.note)
    sys.setprofile(found.note)
    try:
        assert list(fleet.each([1, 2], names["back"], workers=fleet.Workers(1))) == [1, 2]
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert found.called == {("preflight", "back")}
