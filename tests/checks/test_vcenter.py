"""What vSphere itself says of a start: pass, fail, unknown, and nothing where nobody asked."""

import pytest
from msgspec.structs import replace

from hostcheck.checks.engine import subject
from hostcheck.checks.vcenter import vcenter_and_verdict_agree
from hostcheck.model.host import ONLY_PREFLIGHT
from hostcheck.model.offer import OfferedProfile, PerVmLimit
from hostcheck.model.opinion import Objection, Opinion, Said
from hostcheck.model.result import Answer, Status
from hostcheck.model.vm import VmVgpu
from tests.checks.synthetic import NEEDS, changed, known, result, synthetic, unknown

HOST = synthetic("1 package, 1 node, 1 gpu/node, 1 nic/node, 1 vm/gpu")
NAME = "grid_a100d-40c"
VM = replace(HOST.vms.value[0], vgpus=(VmVgpu("PCI device 0", known(NAME)),))
HOST = changed(HOST, vms=(VM,))
NO = Objection("GenericVmConfigFault", "No graphics device is available")
OLD = Objection("OldCpu", "It is old.")


def said(*errors, warnings=()):
    return changed(HOST, opinions=(Opinion(VM.id, known(Said(errors, warnings))),))


def with_vgpus(count, limits):
    vm = replace(VM, vgpus=tuple(VmVgpu(f"PCI device {n}", known(NAME)) for n in range(count)))
    return changed(HOST, vms=(vm,), per_vm_limits=limits)


def test_errors_fail_and_warnings_are_worth_knowing():
    both = said(NO, warnings=(OLD,))
    failed, warned = result("VC-001", both), result("VC-004", both)
    assert failed.observed == "No graphics device is available (GenericVmConfigFault)"
    assert warned.observed == "It is old. (OldCpu)"
    assert (failed.status, warned.status) == (Status.FAIL, Status.FAIL)
    assert {result(one, said()).status for one in ("VC-001", "VC-004")} == {Status.PASS}


def test_nobody_asked_is_not_applicable_and_no_answer_is_unknown():
    assert result("VC-001", HOST).status is Status.NOT_APPLICABLE
    lost = changed(HOST, opinions=(Opinion(VM.id, unknown()),))
    assert result("VC-001", lost).status is Status.UNKNOWN
    assert result("VC-001", changed(lost, vms=unknown())).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("ours", "errors", "status"),
    [(Answer.GO, (), Status.PASS), (Answer.GO, (NO,), Status.FAIL),
     (Answer.NO_GO, (NO,), Status.PASS), (Answer.NO_GO, (), Status.FAIL),
     (Answer.UNSURE, (NO,), Status.NOT_APPLICABLE), (Answer.UNSURE, (), Status.NOT_APPLICABLE)],
)  # fmt: skip
def test_a_contradiction_goes_both_ways(ours, errors, status):
    compared = Opinion("vm-1", known(Said(errors, ())), known(ours))
    about = subject("vm", VM.id, VM.name)
    assert vcenter_and_verdict_agree.judge(about, compared, NEEDS).status is status


@pytest.mark.parametrize(
    ("count", "limits", "status"),
    [
        (1, unknown(), Status.NOT_APPLICABLE),
        (2, ONLY_PREFLIGHT, Status.NOT_APPLICABLE),
        (2, unknown(), Status.UNKNOWN),
        (4, (PerVmLimit("", 4),), Status.PASS),
        (5, (PerVmLimit("", 4),), Status.FAIL),
        (5, (PerVmLimit("", 4), PerVmLimit("nvidia_l4-4q", 8)), Status.PASS),
        (5, (PerVmLimit("nvidia_a100d-40c", 4), PerVmLimit("nvidia_l4-4q", 8)), Status.FAIL),
    ],
)
def test_the_limit_is_of_the_profile_where_the_host_states_one_for_it(count, limits, status):
    assert result("VC-003", with_vgpus(count, limits)).status is status


@pytest.mark.parametrize(
    ("offers", "status", "told"),
    [
        (ONLY_PREFLIGHT, Status.NOT_APPLICABLE, "only a preflight"),
        (unknown(), Status.UNKNOWN, ""),
        ((), Status.NOT_APPLICABLE, "says nothing"),
        ((OfferedProfile(NAME, 40, "timeSliced", "compute"),), Status.PASS, NAME),
        ((OfferedProfile(NAME, 40, "", ""),), Status.PASS, NAME),
        ((OfferedProfile(NAME, 41, "timeSliced", "compute"),), Status.FAIL, "41 GiB"),
        ((OfferedProfile(NAME, 40, "mig", "compute"),), Status.FAIL, "in the catalogue timeSliced"),
    ],
)
def test_the_host_and_the_catalogue_on_a_profile(offers, status, told):
    found = result("VC-005", changed(HOST, offered_profiles=offers))
    assert found.status is status
    assert told in found.observed


def test_a_profile_that_the_catalogue_lacks_is_told():
    new = "nvidia_x999-40c"
    vm = replace(VM, vgpus=(VmVgpu("PCI device 0", known(new)),))
    host = changed(HOST, vms=(vm,), offered_profiles=(OfferedProfile(new, 40, "", ""),))
    assert result("VC-005", host).observed == f"{new} is not in the catalogue"
