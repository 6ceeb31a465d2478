"""DRV-006 to DRV-009: whether the release of the host's driver fits guests, GPUs and ESXi."""

from itertools import pairwise

import pytest

from hostcheck.model.fact import Why
from hostcheck.model.host import Passthrough, Software, VgpuInstance
from hostcheck.model.window import LONGEST_BRANCH, vgpu_release_of
from tests.checks.synthetic import (
    GIB,
    NEEDS,
    a_gpu,
    a_host,
    changed,
    known,
    result,
    says,
    synthetic,
    unknown,
)

HOST = synthetic("2 package, 2 node, 1 gpu/node")
GPU = HOST.gpus.value[0].address
SILENT = unknown(Why.NOT_ASKED, "SSH is off")


def vib(version, name="NVD-VGPU_ESXi_8.0.0_Driver"):
    return Software(name, f"{version}-1OEM.800.1.0.20613240", "NVIDIA")


# --- DRV-006: driver pairs ------------------------------------------------------------------------


def pair(guest, host="550.54.16"):
    vgpu = VgpuInstance(GPU, "train", "GRID A100D-40C", known(guest), known("Licensed"))
    return result("DRV-006", changed(HOST, driver_version=host, vgpu_instances=(vgpu,)))


@pytest.mark.parametrize(
    ("guest", "status", "words"),
    [("550.54.15", "pass", "guest 550.54.15 on host 550.54.16"), ("553.24", "pass", ""),
     ("535.183.01", "pass", ""), ("538.67", "pass", ""), ("570.86.10", "fail", "newer"),
     ("525.60.13", "unknown", "long-term branches"), ("600.1", "fail", "newer"),
     ("700.1", "fail", "newer"), ("100.1", "unknown", "does not list"),
     ("Not Available", "unknown", "does not list")],
)  # fmt: skip
def test_pairs(guest, status, words):
    says(pair(guest), status, words)


@pytest.mark.parametrize(
    ("guest", "host", "status", "words"),
    [
        # vGPU 20: the guests of 20 and 19, Windows among them
        ("595.71.05", "595.71.03", "pass", ""), ("596.36", "595.58.02", "pass", ""),
        ("580.159.03", "595.71.03", "pass", "20 or 19"), ("582.53", "595.71.03", "pass", ""),
        ("570.211.01", "595.71.03", "fail", "vGPU 20 does not take vGPU 18"),
        ("535.309.01", "595.71.03", "fail", "vGPU 20 does not take vGPU 16"),
        # vGPU 19: the branch before, and the long-term branch before
        ("570.158.01", "580.65.05", "pass", "19 or 18 or 16"),
        ("535.247.01", "580.65.05", "pass", ""), ("539.72", "580.65.05", "pass", ""),
        ("550.163.01", "580.65.05", "fail", "vGPU 19 does not take vGPU 17"),
        ("470.256.02", "580.65.05", "fail", ""), ("595.58.03", "580.159.01", "fail", "newer"),
        # older hosts, whose rules were not read whole
        ("470.256.02", "535.247.02", "unknown", "16 or 15 or 13"),
        ("525.60.13", "535.247.02", "pass", ""), ("535.54.03", "570.124.03", "unknown", ""),
        # branches without a vGPU release, and one that is only believed
        ("610.20", "610.20", "pass", ""), ("590.44", "590.44", "pass", ""),
        ("595.71.05", "610.20", "unknown", "without a vGPU release"),
        ("610.20", "595.71.03", "fail", "newer"), ("590.44", "595.71.03", "unknown", ""),
        ("620.10", "620.10", "pass", ""), ("595.71.05", "620.10", "pass", ""),
        ("580.159.03", "620.10", "unknown", "21 or 20 or 19"),
        ("535.309.01", "620.10", "unknown", ""),
        # a branch after all that are known
        ("733.1", "733.1", "pass", ""), ("595.71.05", "733.1", "unknown", "does not list"),
    ],
)  # fmt: skip
def test_pairs_by_release(guest, host, status, words):
    says(pair(guest, host), status, words)


def test_pairs_of_which_one_is_not_known():
    says(pair("550.54.15", unknown()), "unknown")
    lost = VgpuInstance(GPU, "train", "GRID A100D-40C", unknown(), known("Licensed"))
    says(result("DRV-006", changed(HOST, vgpu_instances=(lost,))), "unknown")


def test_windows_drivers_stay_within_their_branch():
    branches = [one.branch for one in NEEDS.releases]
    assert all(later > branch for branch, later in pairwise(branches))
    for one in NEEDS.releases:
        last = one.branch + LONGEST_BRANCH - 1
        after = [other for other in branches if one.branch < other <= last]
        assert vgpu_release_of(f"{(after or [last + 1])[0] - 1}.1", NEEDS.releases) == one


# --- DRV-007: GPUs that a branch dropped ----------------------------------------------------------


def dropped(model, version, memory=0, **changes):
    gpu = a_gpu(model=model, graphics_memory_bytes=memory, **changes)
    return result("DRV-007", a_host(gpus=[gpu], driver_version=version))


@pytest.mark.parametrize("model", ["m10", "p4", "p40", "p100-pcie-16", "v100-pcie-32"])
@pytest.mark.parametrize("version", ["595.58.02", "610.20", "640.1"])
def test_a_branch_that_ignores_the_gpu(model, version):
    says(dropped(model, version), "fail", version)


@pytest.mark.parametrize("model", ["m10", "p4", "p40"])
def test_a_drop_that_no_document_of_nvidia_confirms_is_no_ground_for_a_fail(model):
    says(dropped(model, "550.90.05"), "unknown", "branch 535 or older", "is not verified")


@pytest.mark.parametrize(
    ("model", "version"),
    [("p4", "535.309.01"), ("v100-pcie-32", "580.159.01"), ("t4", "595.71.03"),
     ("a100-pcie-80", "620.1"), ("rtx-pro-6000-bse", unknown())],
)  # fmt: skip
def test_a_branch_that_drives_it(model, version):
    says(dropped(model, version), "pass")


def test_a_quadro_that_is_believed_to_be_dropped():
    says(dropped("rtx8000p", "595.71.03"), "unknown", "is not verified")


@pytest.mark.parametrize("version", ["595.58.02", unknown()])
def test_framebuffer_shows_that_a_driver_owns_it(version):
    """What the host says outweighs any table."""
    says(dropped("p40", version, 24 * GIB), "pass", "a driver owns it")


def test_what_is_missing_is_no_fail():
    says(dropped("p40", "595.58.02", unknown()), "unknown")
    gpu = a_gpu(model="p40", graphics_memory_bytes=0)
    host = a_host(gpus=[gpu], driver_version=SILENT, driver_packages=unknown())
    says(result("DRV-007", host), "unknown")


def test_the_installed_package_tells_the_branch_where_nothing_runs():
    gpu = a_gpu(model="p40", graphics_memory_bytes=0)
    daemon = Software("nvdgpumgmtdaemon", "900.1", "NVD")
    host = a_host(gpus=[gpu], driver_version=SILENT, driver_packages=(vib("595.58.02"), daemon))
    says(result("DRV-007", host), "fail", "driver 595.58.02")
    none = a_host(gpus=[gpu], driver_version=SILENT, driver_packages=(daemon,))
    says(result("DRV-007", none), "notapplicable", "DRV-002")


def test_a_gpu_given_away_needs_no_driver():
    bound = Passthrough(capable=True, enabled=True, active=True)
    says(dropped("p40", "595.58.02", passthrough=bound), "notapplicable")


# --- DRV-008: the ESXi patch that a release wants -------------------------------------------------


@pytest.mark.parametrize(
    ("driver", "version", "build", "status", "words"),
    [
        ("595.58.02", "8.0.3", "24859861", "pass", "build 24859861"),
        ("595.71.03", "8.0.3", "25595708", "pass", ""),
        ("595.71.03", "8.0.3", "24674464", "fail", "8.0 U3 P06"),
        ("595.71.03", "8.0.2", "25626445", "fail", "on ESXi 8.0.2"),  # U2f: a later build than P06
        ("595.71.03", "7.0.3", "24784741", "fail", ""),
        ("595.71.03", "9.0.0", "24755229", "unknown", "later ESXi"),
        ("580.65.05", "8.0.0", "20513097", "notapplicable", "no ESXi patch is known"),
        ("733.1", "8.0.3", "1", "notapplicable", ""),
        (unknown(), "8.0.3", "24859861", "unknown", ""),
        ("595.71.03", unknown(), "24859861", "unknown", ""),
        ("595.71.03", "8.0.3", unknown(), "unknown", ""),
        ("595.71.03", "8.0.2", unknown(), "fail", ""),
        ("595.71.03", "8.0.3", "beta", "unknown", ""),
    ],
)
def test_the_patch_that_a_release_wants(driver, version, build, status, words):
    host = changed(
        HOST, driver_version=driver, driver_packages=unknown(), version=version, build=build
    )
    says(result("DRV-008", host), status, words)


# --- DRV-009: known faults ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "driver", "status"),
    [
        ("h100-sxm-80", "535.54.06", "fail"), ("l40s", "535.230.02", "fail"),
        ("l4", "535.247.02", "pass"), ("h100-sxm-80", "535.309.01", "pass"),
        ("h100-sxm-80", "550.54.16", "pass"), ("a40", "535.54.06", "notapplicable"),
        ("l40s", unknown(), "unknown"),
    ],
)  # fmt: skip
def test_faults_that_a_later_driver_cured(model, driver, status):
    host = a_host(gpus=[a_gpu(model=model)], driver_version=driver, driver_packages=unknown())
    says(result("DRV-009", host), status)


def test_a_fault_says_what_happens_and_what_cures_it():
    host = a_host(gpus=[a_gpu(model="l40s")], driver_version="535.230.02")
    says(result("DRV-009", host), "fail", "the host crashes", "535.247.02 (vGPU 16.10) or later")
