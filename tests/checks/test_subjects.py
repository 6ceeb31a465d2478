"""What checks of one VM share is found once, and each of them rests on what that was read from."""

from msgspec.structs import replace

from hostcheck.checks.engine import Facts, attempt
from hostcheck.checks.subjects import Placement, every_placement, once, serving_gpus
from hostcheck.model.fact import Known, Unknown
from tests.checks.synthetic import NEEDS, synthetic, unknown

HOST = synthetic("2 package, 2 node, 1 gpu/node, 1 nic/node, 1 vm/gpu")


def placed():
    """A VM of the host."""
    return every_placement.of(HOST)[0][1]


def looked(look, one, needs=NEEDS):
    """What a function finds, and what it rests on."""
    known = Facts()
    found = attempt(lambda each: look(one, needs, each), known)
    return found, known.sources, known.unverified


def test_what_a_vm_is_served_by_is_found_once_for_all_its_checks():
    asked = []

    @once
    def look(one, _needs, known):
        asked.append(one)
        known.rests_on("entry", verified=False)
        return known(Known("found", (3, 4)))

    one = placed()
    assert [looked(look, one) for _ in range(3)] == [("found", {3, 4}, ("entry",))] * 3
    assert len(asked) == 1
    assert looked(look, placed()) == ("found", {3, 4}, ("entry",)), "another one is looked at"
    assert looked(look, one, replace(NEEDS, edition="other"))[0] == "found"
    assert len(asked) == 3


def test_what_is_not_known_leaves_each_check_with_what_was_read_before():
    @once
    def look(_one, _needs, known):
        known(Known("first", (7,)))
        return known(unknown())

    one = placed()
    for _ in range(2):
        found, sources, _entries = looked(look, one)
        assert isinstance(found, Unknown)
        assert sources == {7}


def test_two_functions_of_a_vm_are_told_apart():
    one = placed()
    assert [looked(once(each), one)[0] for each in (first, second)] == [1, 2]


def first(*_):
    return 1


def second(*_):
    return 2


def test_serving_gpus_rest_on_the_same_facts_for_the_first_check_and_the_last():
    one = placed()
    assert looked(serving_gpus, one) == looked(serving_gpus, one) == looked(serving_gpus, placed())
    assert looked(serving_gpus, one)[1]
    assert one == Placement(one.vm, one.host), "what is kept is no part of it"
