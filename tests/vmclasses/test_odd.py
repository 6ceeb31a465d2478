"""Files that somebody's hand or program spoilt, and classes nobody meant: never a traceback."""

import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from hostcheck.errors import UsageError
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.pci import PciId
from hostcheck.model.result import Answer, Status
from hostcheck.model.vm_class import ClassDevice, Reservation
from hostcheck.reports import formats, pieces
from hostcheck.vmclasses.read import read
from tests.vmclasses.fleet import HALF, a_class, judged, machine

FILES = sorted((Path(__file__).parent / "files").iterdir())
HOSTS = (machine(1), machine(2, whole=1))
PIECES = ("null", "[]", "{}", "-1", "1e99", '"\\u0000"', "true", "~", "0x10de", "9" * 25, "", ": ")


def spoilt(data: bytes, chance: random.Random) -> bytes:
    """Return a file with some words of it cut, doubled, or put in place of others."""
    words = data.decode().split(" ")
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(words))
        kind = chance.randrange(4)
        if kind == 0:
            words[at] = chance.choice(PIECES)
        elif kind == 1:
            words[at] = words[chance.randrange(len(words))]
        elif kind == 2:
            words[at] += words[at]
        else:
            words[at] = words[at][: len(words[at]) // 2]
    return " ".join(words).encode("utf-8", "replace")


def read_or_none(place):
    """Read a file; what refuses it is one line."""
    told = ""
    try:
        return read(place)
    except UsageError as error:
        told = str(error)
    assert "\n" not in told
    assert str(place) in told
    return None


@pytest.mark.parametrize("file", FILES, ids=[one.name for one in FILES])
def test_a_spoilt_file_is_one_line_or_a_judgement(file, tmp_path):
    chance, found = random.Random(file.name), {"read": 0, "refused": 0}
    place = tmp_path / file.name
    for _ in range(120):
        place.write_bytes(spoilt(file.read_bytes(), chance))
        offered = read_or_none(place)
        if offered is None:
            found["refused"] += 1
            continue
        found["read"] += 1
        if found["read"] % 10 == 1:
            made = judged(offered.classes, HOSTS)
            assert "".join(pieces("vm_class", "text", made))
    assert min(found.values()) > 5, found


UNKNOWN = Unknown(Why.ABSENT, "the class does not say it")
ODD = {
    "nothing is told": replace(a_class(HALF), cpus=UNKNOWN, memory_bytes=UNKNOWN),
    "no memory": replace(a_class(HALF), memory_bytes=0, memory=Reservation()),
    "all the memory there is": a_class(HALF, memory=2**40),
    "a thousand vGPUs": a_class(*[HALF] * 1000),
    "a profile without letters": a_class("-", "_", ""),
    "a name that reverses": a_class(HALF, name="\u202e\x1b[31m"),
    "a device of any id": a_class(devices=[ClassDevice((), "", 3)]),
    "a device of nobody": a_class(devices=[ClassDevice((PciId(0, 0),), "x", 3)]),
    "a whole device and a vGPU": a_class(HALF, devices=[ClassDevice((PciId(0x10DE, 0x20B5),))]),
    "an adapter": a_class(others=("an SR-IOV adapter",)),
    "a group that is no group": a_class(groups=("??",)),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_classes_are_judged_in_every_format(name):
    made = judged(ODD[name], HOSTS)
    (one,) = made.classes
    assert one.answer in (Answer.NO_GO, Answer.UNSURE, Answer.GO)
    errors = [each for place in one.places for each in place.findings
              if each.status is Status.ERROR or "Error" in each.observed]  # fmt: skip
    assert errors == []
    for format_ in formats("vm_class"):
        text = "".join(pieces("vm_class", format_, made))
        assert text
        if format_ in ("text", "html"):
            assert "\x1b" not in text
            assert "\u202e" not in text


def test_what_asks_for_more_than_there_is_is_no_go():
    for name in ("all the memory there is", "a profile without letters"):
        assert judged(ODD[name], HOSTS).answer is Answer.NO_GO
    for name in ("an adapter", "a device of any id", "a group that is no group"):
        assert judged(ODD[name], HOSTS).answer is Answer.UNSURE
    (one,) = judged(ODD["a thousand vGPUs"], HOSTS).classes
    assert one.answer is Answer.UNSURE
    assert (one.places[0].now.low, one.places[0].now.high) == (0, 0)
