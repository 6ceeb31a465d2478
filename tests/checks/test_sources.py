"""SRC-001: those that were asked the same thing say the same."""

import pytest

from hostcheck.model.fact import Why
from tests.checks.synthetic import a_host, result, results, says, told_by, unknown

LOST = unknown(Why.TIMEOUT, "the time limit passed", "vsish -e dir /hardware/numa")


def judged(*statements):
    return result("SRC-001", a_host(testimonies=(told_by("NUMA node count", *statements),)))


@pytest.mark.parametrize("count", [2, 3])
def test_agreement(count):
    one = judged(*["2"] * count)
    says(one, "pass")
    assert (one.observed, one.note) == ("2", "")


@pytest.mark.parametrize(
    ("statements", "observed"),
    [(("4", "2"), "4 / 2"), (("4", "4", "2"), "4 / 2"), (("1", "2", "3"), "1 / 2 / 3")],
)
def test_disagreement(statements, observed):
    one = judged(*statements)
    says(one, "fail", observed, f"source 1 to {len(statements)}, in that order")


def test_one_source_has_nobody_to_agree_with():
    says(judged("2"), "notapplicable", "one source was asked")
    says(judged(LOST), "notapplicable")


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("others", ["2", "4"])
def test_one_of_three_unreadable_is_unknown_whatever_the_others_say(at, others):
    statements = ["2", others]
    statements.insert(at, LOST)
    one = judged(*statements)
    says(one, "unknown")
    assert one.unseen.asked == "vsish -e dir /hardware/numa"


def test_no_testimony():
    says(result("SRC-001", a_host(testimonies=())), "notapplicable")


def test_each_topic_is_a_subject():
    host = a_host(testimonies=(told_by("a", "1", "1"), told_by("b", "1", "2")))
    assert [(one.subject.kind, one.subject.id, one.status.value) for one in
            results("SRC-001", host)] == [
        ("agreement", "a", "pass"), ("agreement", "b", "fail"),
    ]  # fmt: skip
