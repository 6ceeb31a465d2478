"""VM-009 to VM-013: settings of a VM that do not go with a GPU."""

import pytest

from tests.checks.synthetic import (
    a_gpu,
    a_host,
    a_vm,
    asks,
    result,
    says,
    static,
    unknown,
)

A = a_gpu(0, 0)
CHECKS = ("VM-009", "VM-010", "VM-011", "VM-012", "VM-013")


def judged(check, *, model="a100-pcie-80", version="8.0.3", **vm):
    gpu = a_gpu(0, 0, model)
    return result(check, a_host(gpus=(gpu,), vms=[a_vm(0, None, **vm)], version=version))


@pytest.mark.parametrize("check", CHECKS)
def test_a_plain_vm(check):
    says(judged(check), "pass")


@pytest.mark.parametrize("check", CHECKS)
def test_a_vm_that_may_have_no_gpu(check):
    says(judged(check, devices=unknown()), "unknown")


# --- VM-009 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vm", "version", "status"),
    [
        ({"cpu_hot_add": True, "vcpu_count": 8}, "8.0.3", "pass"),
        ({"cpu_hot_add": True, "vcpu_count": 9}, "8.0.3", "fail"),
        ({"cpu_hot_add": True, "vcpu_count": 9, "vnuma_with_hot_add": True}, "8.0.3", "pass"),
        ({"cpu_hot_add": True, "vcpu_count": 9, "vnuma_with_hot_add": True}, "7.0.3", "fail"),
        ({"cpu_hot_add": True, "vcpu_count": 9, "vnuma_with_hot_add": unknown()}, "7.0.3", "fail"),
        ({"cpu_hot_add": True, "vcpu_count": 9, "vnuma_with_hot_add": unknown()}, "8.0.3",
         "unknown"),
        ({"cpu_hot_add": True, "vcpu_count": unknown()}, "8.0.3", "unknown"),
        ({"cpu_hot_add": unknown()}, "8.0.3", "unknown"),
        ({"cpu_hot_add": False, "vcpu_count": unknown()}, "8.0.3", "pass"),
        ({"cpu_hot_add": True, "vcpu_count": 9}, unknown(), "unknown"),
    ],
)  # fmt: skip
def test_cpu_hot_add(vm, version, status):
    says(judged("VM-009", version=version, **vm), status)


# --- VM-010 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "status"), [(True, "fail"), (unknown(), "unknown")])
def test_memory_hot_add(on, status):
    says(judged("VM-010", memory_hot_add=on), status)


# --- VM-011 ---------------------------------------------------------------------------------------

ALLOWED = {"pciPassthru.vmiop.allowViommu": "TRUE", "pciPassthru.vmiop.enableViommu": "true"}


@pytest.mark.parametrize("options", [{}, ALLOWED, unknown()])
def test_before_vsphere_8_no_setting_allows_it(options):
    one = judged("VM-011", version="7.0.3", viommu=True, options=options)
    says(one, "fail", "vSphere 7.0.3 never allows it")


def test_since_vsphere_8_both_settings_allow_it():
    says(judged("VM-011", viommu=True, options=ALLOWED), "pass", "allowed")
    one = judged("VM-011", viommu=True, options=dict([*ALLOWED.items()][:1]))
    says(one, "fail", "not set: pciPassthru.vmiop.enableViommu")
    says(judged("VM-011", viommu=True, options=unknown()), "unknown")


def test_a_gpu_without_sriov_is_not_allowed_one():
    one = judged("VM-011", model="t4", vgpus=asks("grid_t4-4c"), viommu=True, options=ALLOWED)
    says(one, "fail", "use no SR-IOV")


def test_more_than_127_processors_need_one():
    says(judged("VM-011", vcpu_count=128), "pass", "more than 127 vCPUs")
    assert judged("VM-011", vcpu_count=127).note == ""
    says(judged("VM-011", vcpu_count=unknown()), "pass")


def test_not_knowing_whether_there_is_one():
    says(judged("VM-011", viommu=unknown()), "unknown")
    says(judged("VM-011", viommu=True, version=unknown()), "unknown")


def test_a_whole_gpu_may_have_one():
    says(judged("VM-011", vgpus=(), passthroughs=(static(A),), viommu=True), "notapplicable")


# --- VM-012, VM-013 -------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "status"), [(True, "fail"), (unknown(), "unknown")])
def test_virtualization_based_security(on, status):
    says(judged("VM-012", vbs=on), status)


@pytest.mark.parametrize("what", ["sev", "sev_snp", "tdx"])
def test_encrypted_memory(what):
    says(judged("VM-013", version="9.0.0", **{what: True}), "fail", " on")
    says(judged("VM-013", version="9.0.0", **{what: unknown()}), "unknown")
    says(judged("VM-013", version="7.0.0", **{what: unknown()}), "pass")


def test_encryption_that_is_known_needs_no_release():
    says(judged("VM-013", version=unknown(), sev=True), "fail")
    says(judged("VM-013", version=unknown()), "unknown")
