"""SPARSE: what the smoke test said becomes a result; what it did not say never does."""

import pytest
from msgspec.structs import replace

from hostcheck.checks.engine import run_all
from hostcheck.model.fact import Unknown, Why
from hostcheck.model.smoke import GpuSmoke, SmokeAnswer, SmokeSpeed, SmokeStatus, SmokeType
from tests.checks.synthetic import NEEDS, known, result, says, synthetic, unknown, with_gpu

SPEED = SmokeSpeed("4096 x 4096 x 8192", 200, 304, 1.52, 1.5, 1.55, 312)
TYPE = SmokeType("int8", 65536, 0, True, SPEED)
RIGHT, FAST = "SPARSE-001", "SPARSE-002"


def host(smoke, model="a100-pcie-80"):
    made = synthetic("1 package, 1 node, 1 gpu/node, 1 vm/gpu", model=model)
    asked = replace(made, smoke_guests=known(("vm-0",)))
    return with_gpu(asked, smoke=smoke)


def said(status="pass", *types, shared=False, left=(), reason="", notes=(), **path):
    answer = SmokeAnswer(
        SmokeStatus(status), "NVIDIA A100", "550", "none", types or (TYPE,), reason, notes, **path
    )
    return known(GpuSmoke("vm-0", "train", "grid_a100d-80c", shared, answer, left))


def test_a_run_that_was_not_told_to_says_nothing():
    made = synthetic("1 package, 1 node, 1 gpu/node, 1 vm/gpu")
    assert not [one for one in run_all(made, NEEDS) if one.check.startswith("SPARSE")]
    blind = replace(made, gpus=unknown())
    assert not [one for one in run_all(blind, NEEDS) if one.check.startswith("SPARSE")]


def test_right_and_fast():
    says(result(RIGHT, host(said())), "pass", "int8: 0 wrong of 65536", "guest train")
    says(result(FAST, host(said())), "pass", "int8 1.52 times dense (304 against 200 TOPS)")


@pytest.mark.parametrize(
    "kind", [replace(TYPE, wrong=1), replace(TYPE, faults_caught=False)], ids=["wrong", "missed"]
)
@pytest.mark.parametrize("status", ["fail", "pass"])
def test_a_wrong_element_or_a_missed_error_is_a_fail_whatever_the_status_says(status, kind):
    says(result(RIGHT, host(said(status, TYPE, kind))), "fail")


def test_a_fail_for_another_reason_tells_it():
    one = result(RIGHT, host(said("fail", reason="a new Xid 48 during the run")))
    says(one, "fail")
    assert one.note == "a new Xid 48 during the run"
    assert one.fix


@pytest.mark.parametrize("status", ["not_applicable", "no_device", "error", "timeout", "usage"])
def test_what_could_not_tell_is_unknown_even_with_results_beside_it(status):
    for check in (RIGHT, FAST):
        one = result(check, host(said(status, reason="because")))
        says(one, "unknown")
        assert one.unseen.detail.endswith(": because")


def test_slow_is_a_fail_of_speed_only():
    slow = replace(TYPE, speed=replace(SPEED, speedup=1.09))
    says(result(RIGHT, host(said("slow", slow))), "pass")
    says(result(FAST, host(said("slow", TYPE, slow))), "fail", "int8 1.09 times dense")


def test_a_low_ratio_that_nobody_can_judge_is_unknown_and_a_high_one_passes():
    path = {"path": "tcgen05 128x256", "unproven": True, "speed_judged": False}
    low = replace(TYPE, speed=replace(SPEED, speedup=1.09))
    one = result(FAST, host(said("pass", TYPE, low, **path)))
    says(one, "unknown")
    assert "1.09 times dense" in one.unseen.detail
    assert "nobody knows what a healthy GPU reaches by tcgen05" in one.unseen.detail
    says(result(FAST, host(said("pass", TYPE, **path))), "pass", "1.52 times dense")


def test_kernels_that_no_gpu_has_run_are_named_beside_the_result():
    path = {"path": "tcgen05 128x256", "unproven": True}
    for status, kind in (("pass", TYPE), ("fail", replace(TYPE, wrong=1))):
        one = result(RIGHT, host(said(status, kind, **path)))
        assert "no GPU is known to have run these kernels (tcgen05 128x256)" in one.note
    assert not result(RIGHT, host(said())).note


def test_on_a_shared_gpu_no_speed_is_judged():
    slow = replace(TYPE, speed=replace(SPEED, speedup=0.5))
    one = result(FAST, host(said("slow", slow, shared=True)))
    says(one, "notapplicable", "shared with other VMs by time slices: int8 0.50 times dense")
    says(result(RIGHT, host(said("slow", slow, shared=True))), "pass")


def test_a_speed_that_was_not_measured_is_unknown():
    unmeasured = replace(TYPE, speed=Unknown(Why.ABSENT, "not measured"))
    says(result(FAST, host(said("pass", TYPE, unmeasured))), "unknown")
    says(result(RIGHT, host(said("pass", TYPE, unmeasured))), "pass")


def test_a_gpu_without_sparse_cores_is_not_applicable_and_one_without_a_guest_unknown():
    nobody = Unknown(Why.ABSENT, "no guest on this GPU was named for the smoke test")
    for check in (RIGHT, FAST):
        says(result(check, host(nobody, model="t4")), "notapplicable", "T4")
        says(result(check, host(nobody)), "unknown")
        says(result(check, with_gpu(host(said()), catalogue_key=unknown())), "unknown")
        says(result(check, replace(host(said()), gpus=unknown())), "unknown")


def test_what_was_left_in_the_guest_stands_beside_the_result():
    one = result(RIGHT, host(said(left=("/tmp/hostcheck-1 is left",), notes=("a note",))))
    assert one.note == "a note; in guest train: /tmp/hostcheck-1 is left"
