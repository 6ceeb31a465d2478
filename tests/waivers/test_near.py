"""Which waivers a host meets: found by how names begin, and the same as when each is tried."""

import random
from dataclasses import dataclass

import pytest

from hostcheck.model.waiver import State, Waiver
from hostcheck.waivers.apply import _meets, _Near, _Tally


@dataclass
class Host:
    who: tuple[str, str]
    home: str = "gpu"

    def cluster(self) -> str:
        return self.home


def tallies(*patterns: str) -> list[_Tally]:
    return [
        _Tally(Waiver("GPU-001", "why", "who", "2027-01-01", one), State.APPLIES)
        for one in patterns
    ]


def met(name: str, *patterns: str) -> list[str]:
    found = _Near(tallies(*patterns)).of(Host((name, "vc")))  # type: ignore[arg-type]
    return [one.waiver.host for _, one in found]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("esx-01.lab.test", "esx-01"), ("ESX-01.lab.test", "esx-01"), ("esx-01", "ESX-0[12]"),
     ("esx-01.lab.test", "*"), ("esx-01.lab.test", "esx-01.lab.*"), ("esx-01", "?sx-01"),
     ("a", "a*"), ("10.0.0.1", "10.0.0.1")],
)  # fmt: skip
def test_a_host_meets_the_waiver_of_it(name, pattern):
    assert met(name, "esx-010", pattern, "esx-0", "10") == [pattern]


def test_it_is_what_trying_each_would_find():
    dice = random.Random(3)
    parts = ["esx", "gpu", "-", "0", "1", "01", "10", ".lab", ".test", "*", "?", "[01]", "E"]
    several = 0
    for _ in range(2000):
        patterns = ["".join(dice.choices(parts, k=dice.randint(1, 5))) for _ in range(6)]
        name = "".join(dice.choices([one for one in parts if one not in "*?[01]"], k=4)) or "x"
        host = Host((name, "vc"))
        made = tallies(*patterns)
        wanted = [(at, one) for at, one in enumerate(made) if _meets(one.waiver, host)]
        assert _Near(made).of(host) == wanted, (name, patterns)
        several += len(wanted) > 1
    assert several > 20
