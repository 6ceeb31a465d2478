"""How many VMs fit: exact where it can be, a range that holds the truth everywhere else."""

import itertools
import random

import pytest

from hostcheck.model.vm_class import Fit
from tests.checks.synthetic import GIB, changed, unknown, with_gpu
from tests.vmclasses.fleet import HALF, QUARTER, WHOLE, a_class, a_place, device, machine


def numbers(fit):
    return fit.low, fit.high


def test_gpus_bound_it():
    place = a_place(a_class(QUARTER, memory=16), machine(1), machine(2, busy=(QUARTER,)))
    assert numbers(place.now) == (15, 15)
    assert numbers(a_place(a_class(HALF), machine(1), machine(2)).now) == (8, 8)
    assert numbers(a_place(a_class(WHOLE), machine(1), machine(2)).now) == (4, 4)


def test_several_vgpus_of_a_vm_come_from_one_host():
    hosts = [machine(1, gpus=3), machine(2, gpus=3)]
    assert numbers(a_place(a_class(WHOLE, WHOLE), *hosts).now) == (2, 2)
    assert numbers(a_place(a_class(HALF, HALF, HALF, HALF), *hosts).now) == (2, 2)


def test_sizes_beside_each_other_are_a_range():
    place = a_place(a_class(HALF, QUARTER), machine(1))
    assert numbers(place.now) == (2, 4)


def test_memory_bounds_it_too():
    place = a_place(a_class(QUARTER, memory=200), machine(1))
    assert numbers(place.now) == (2, 2)
    assert "memory" in place.now.why


def test_memory_of_a_tier_is_no_promise():
    host = machine(1, memory_dram_bytes=256 * GIB)
    assert numbers(a_place(a_class(QUARTER, memory=100), host).now) == (2, 5)


def test_whole_devices():
    host = machine(1, gpus=4, whole=4)
    assert numbers(a_place(a_class(devices=[device()]), host).now) == (4, 4)
    assert numbers(a_place(a_class(devices=[device()] * 3), host).now) == (1, 1)


def test_a_host_that_starts_nothing_counts_nothing():
    closed = machine(1, in_maintenance_mode=True)
    place = a_place(a_class(HALF), closed, machine(2))
    assert numbers(place.now) == (4, 4)
    assert place.answer.value == "GO"


def test_full_is_told_and_is_no_no_go():
    place = a_place(a_class(WHOLE), machine(1, busy=(WHOLE, WHOLE)))
    assert numbers(place.now) == (0, 0)
    (found,) = (one for one in place.findings if one.check == "VMC-009")
    assert found.status.value == "fail"
    assert place.answer.value == "GO"


@pytest.mark.parametrize(
    ("hosts", "profiles", "expected"),
    [
        ([machine(1), machine(2)], [HALF], (4, 4)),
        ([machine(1, busy=(HALF,)), machine(2)], [HALF], (3, 3)),
        ([machine(1)], [HALF], (0, 0)),
        ([machine(1, busy=(WHOLE,)), machine(2)], [HALF], (2, 2)),
        ([machine(1, busy=(WHOLE, WHOLE)), machine(2, busy=(WHOLE, WHOLE))], [WHOLE], (0, 0)),
        ([changed(machine(1), vms=unknown()), machine(2)], [HALF], (0, 4)),
    ],
)
def test_after_any_one_host_is_lost(hosts, profiles, expected):
    place = a_place(a_class(*profiles), *hosts)
    assert numbers(place.after_loss) == expected


def test_what_is_not_known_makes_the_range_wider():
    sure = a_place(a_class(HALF), machine(1), machine(2)).now
    for host in (
        with_gpu(machine(1), 0, catalogue_key=unknown(), own_types=unknown()),
        changed(machine(1), gpus=unknown()),
        machine(1, memory_reserved_bytes=unknown()),
        machine(1, profiles_offered=unknown()),
    ):
        poorer = a_place(a_class(HALF), host, machine(2)).now
        assert poorer.low <= sure.low
        assert poorer.high is None or poorer.high >= sure.high


@pytest.mark.parametrize(
    ("fit", "words"),
    [
        (Fit(3, 3), "3"),
        (Fit(0, 0), "0"),
        (Fit(2, 5), "2 to 5"),
        (Fit(3, None), "at least 3"),
        (Fit(0, None), "not known how many"),
    ],
)
def test_a_range_in_words(fit, words):
    assert fit.words == words


# --- the truth by trying all places ---------------------------------------------------------------


SIZES = {WHOLE: 1, HALF: 2, QUARTER: 4}
"""How many of each an empty A100 with 80 GB takes, of one size at a time."""


def most(hosts, profiles, memory):
    """Try all: how many VMs with these vGPUs the hosts take. A host: its empty GPUs, and memory."""
    return sum(
        max(
            number
            for number in range(40)
            if number * memory <= free and _fits(gpus, profiles, number)
        )
        for gpus, free in hosts
    )


def _fits(gpus, profiles, number):
    kinds = sorted(set(profiles))
    for chosen in itertools.product(kinds, repeat=gpus):
        if all(chosen.count(kind) * SIZES[kind] >= profiles.count(kind) * number for kind in kinds):
            return True
    return False


def left(hosts, guests):
    """Yield every way in which guests that were started again leave the other hosts."""
    if not guests:
        yield hosts
        return
    (_, memory), *rest = guests
    placed = False
    for at, (gpus, free) in enumerate(hosts):
        if gpus and free >= memory:
            placed = True
            after = [*hosts]
            after[at] = (gpus - 1, free - memory)
            yield from left(after, rest)
    if not placed:
        yield from left(hosts, rest)


@pytest.mark.parametrize("seed", range(40))
def test_the_truth_lies_in_the_range(seed):
    chance = random.Random(seed)
    profiles = chance.choice([[WHOLE], [HALF], [QUARTER], [HALF, HALF], [HALF, QUARTER]])
    memory = chance.choice([16, 64, 100, 170, 260])
    hosts, shapes = [], []
    for number in range(1, chance.randint(2, 4)):
        gpus = chance.randint(1, 3)
        busy = [chance.choice([WHOLE, HALF]) for _ in range(chance.randint(0, gpus))]
        total = chance.choice([256, 512])
        hosts.append(
            machine(number, gpus=gpus, busy=busy, full=True, memory_bytes=total * GIB,
                    memory_dram_bytes=total * GIB, memory_overhead_bytes=0,
                    memory_hypervisor_bytes=0)
        )  # fmt: skip
        shapes.append((gpus - len(busy), total - 64 * len(busy), [(one, 64) for one in busy]))
    place = a_place(a_class(*profiles, memory=memory), *hosts)
    empty = [(gpus, free) for gpus, free, _ in shapes]
    truth = most(empty, profiles, memory)
    assert place.now.low <= truth <= place.now.high, (shapes, profiles, memory)
    after = []
    for at, (_, _, guests) in enumerate(shapes):
        others = [one for number, one in enumerate(empty) if number != at]
        after.append(max(most(each, profiles, memory) for each in left(others, guests)))
    assert place.after_loss.low <= min(after) <= place.after_loss.high, (shapes, profiles, memory)
