"""PCI-001: SR-IOV is needed from Ampere on, and by no GPU before."""

import pytest

from hostcheck.model.fact import Why
from hostcheck.model.host import Passthrough, Sriov
from tests.checks.synthetic import NEEDS, a_gpu, a_host, changed, result, says, unknown

SMALL = 256 * 1024 * 1024
OFF = Sriov(capable=False)
NEW = sorted(key for key, model in NEEDS.models.items() if model.sriov == "required")
OLD = sorted(key for key, model in NEEDS.models.items() if model.sriov == "none")


def judged(model, **changes):
    return result("PCI-001", a_host(gpus=[a_gpu(0, 0, model, **changes)]))


def test_every_generation_is_told_apart():
    architectures = {
        kind: {NEEDS.models[key].architecture.value for key in keys}
        for kind, keys in (("new", NEW), ("old", OLD))
    }
    assert architectures == {
        "new": {"Ampere", "Ada", "Hopper", "Blackwell"},
        "old": {"Maxwell", "Pascal", "Volta", "Turing"},
    }


@pytest.mark.parametrize("model", NEW)
def test_ampere_and_later_fail_without(model):
    one = judged(model, sriov=OFF)
    if not NEEDS.models[model].verified:
        says(one, "unknown", "no SR-IOV capability", "not verified: no NO-GO on it")
        return
    says(one, "fail", "no SR-IOV capability", "needs it", "inferred")
    assert [command.tool for command in one.fix] == [
        "BIOS (Dell)", "BIOS (Dell, Intel)", "BIOS (Dell, Intel)", "BIOS (Dell)"
    ]  # fmt: skip


@pytest.mark.parametrize("model", NEW)
def test_ampere_and_later_pass_with(model):
    says(judged(model), "pass", "SR-IOV capable", "inferred")


def test_active_virtual_functions_are_shown():
    sriov = Sriov(capable=True, enabled=True, active=True, vf_count=20, vf_maximum=20)
    says(judged("a40", sriov=sriov), "pass", "active, 20 virtual functions")


def test_capable_and_not_active_is_told():
    says(judged("a40"), "pass", "not active, 0 virtual functions")


@pytest.mark.parametrize("model", OLD)
@pytest.mark.parametrize("sriov", [OFF, unknown(), Sriov(capable=True)])
def test_turing_and_older_do_not_need_it(model, sriov):
    says(judged(model, sriov=sriov), "notapplicable", "no virtual functions")


@pytest.mark.parametrize("sriov", [OFF, unknown(), Sriov(capable=True)])
def test_t4_has_its_own_note(sriov):
    one = judged("t4", sriov=sriov)
    says(one, "notapplicable", "some servers map its memory only with SR-IOV on in the BIOS")
    assert "vCenter" in one.note


def test_the_quadro_of_the_same_generation_has_not():
    assert judged("rtx8000p").note == ""


@pytest.mark.parametrize("sriov", [OFF, Sriov(capable=True)])
def test_a_gpu_that_is_not_in_the_catalogue_is_unknown(sriov):
    missing = unknown(Why.ABSENT, "10de:ffff is not in the catalogue", "hostcheck catalogue")
    one = judged("a40", catalogue_key=missing, sriov=sriov)
    says(one, "unknown")
    assert "not in the catalogue" in one.unseen.detail


def test_unknown_capability_is_unknown():
    one = judged("a40", sriov=unknown(Why.DENIED, "NoPermission", privilege="System.Read"))
    says(one, "unknown")
    assert one.unseen.privilege == "System.Read"


def test_no_gpu():
    says(result("PCI-001", a_host()), "notapplicable")


def test_unknown_gpus():
    says(result("PCI-001", changed(a_host(), gpus=unknown())), "unknown")


# --- PCI-002 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "window", "status"),
    [
        ("a40", 64 * 2**30, "pass"),
        ("a40", 256 * 2**20, "fail"),
        ("rtx-a6000", 256 * 2**20, "fail"),
        ("l40s", unknown(), "unknown"),
        ("a100-pcie-80", 256 * 2**20, "notapplicable"),
        ("t4", unknown(), "notapplicable"),
        ("rtx-a5500", 256 * 2**20, "fail"),
        ("rtx-5880-ada", 256 * 2**20, "fail"),
        ("rtx-5880-ada", 64 * 2**30, "pass"),
        ("rtx-pro-6000-bse", 128 * 2**30, "pass"),
        ("rtx-pro-6000-bse", 256 * 2**20, "unknown"),
        ("rtx-pro-4500-bse", 256 * 2**20, "unknown"),
        ("rtx-pro-6000-bse", unknown(), "unknown"),
    ],
)
def test_display_mode_shows_as_a_small_window(model, window, status):
    host = a_host(gpus=[a_gpu(model=model, bar1_bytes=window)])
    says(result("PCI-002", host), status)


# --- PCI-003 to PCI-005: what of the BIOS can be inferred -----------------------------------------


def of(check, model="a40", **changes):
    return result(check, a_host(gpus=[a_gpu(0, 0, model, **changes)]))


def test_iommu():
    says(of("PCI-003"), "pass", "1 of 1 GPU", "inferred")
    nothing = Passthrough(capable=False, enabled=False, active=False)
    one = of("PCI-003", passthrough=nothing)
    says(one, "fail", "0 of 1 GPU")
    assert any("VT-d" in command.text for command in one.fix)
    says(of("PCI-003", passthrough=unknown()), "unknown")


def test_window_above_4_gb():
    says(of("PCI-004"), "pass", "BAR1 of 128 GiB")
    says(of("PCI-004", "a100-pcie-80", bar1_bytes=SMALL), "fail", "BAR1 of 0.2 GiB")
    says(of("PCI-004", "t4", bar1_bytes=SMALL), "notapplicable", "may have no larger one")
    says(of("PCI-004", "a40", bar1_bytes=SMALL), "unknown", "display mode may be on")
    says(of("PCI-004", bar1_bytes=unknown()), "unknown")


@pytest.mark.parametrize(("functions", "status"), [(16, "pass"), (8, "pass"), (7, "unknown"),
                                                    (0, "unknown")])  # fmt: skip
def test_virtual_functions_prove_ari_and_their_absence_nothing(functions, status):
    sriov = Sriov(capable=True, enabled=True, active=True, vf_count=functions, vf_maximum=32)
    says(of("PCI-005", sriov=sriov), status, f"{functions} virtual function")


@pytest.mark.parametrize(
    ("model", "sriov", "words"),
    [("t4", Sriov(capable=True), "no virtual functions"), ("m60", OFF, "no virtual functions"),
     ("a40", OFF, "see PCI-001")],
)  # fmt: skip
def test_ari_concerns_only_what_takes_virtual_functions(model, sriov, words):
    says(of("PCI-005", model, sriov=sriov), "notapplicable", words)
