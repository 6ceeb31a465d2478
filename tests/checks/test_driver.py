"""DRV: a driver owns the GPU, is installed, and talks."""

import pytest

from hostcheck.model.fact import Why
from hostcheck.model.host import Software
from tests.checks.synthetic import (
    GIB,
    a_host,
    changed,
    known,
    result,
    results,
    says,
    synthetic,
    unknown,
    with_gpu,
)

HOST = synthetic("2 package, 2 node, 1 gpu/node")
GPU = HOST.gpus.value[0].address
ALL = pytest.mark.parametrize("check", ["DRV-001", "DRV-002", "DRV-003"])


def test_framebuffer_shows_that_a_driver_owns_the_gpu():
    says(result("DRV-001", with_gpu(HOST, graphics_memory_bytes=80 * GIB), GPU), "pass", "80 GiB")


def test_no_framebuffer_shows_that_none_does():
    one = result("DRV-001", with_gpu(HOST, graphics_memory_bytes=0), GPU)
    says(one, "fail", "no framebuffer: no driver owns it")
    assert any("esxcli software component" in command.text for command in one.fix)


def test_unknown_framebuffer():
    says(result("DRV-001", with_gpu(HOST, graphics_memory_bytes=unknown()), GPU), "unknown")


def test_each_gpu_has_its_own_owner():
    found = results("DRV-001", with_gpu(HOST, 1, graphics_memory_bytes=0))
    assert [one.status.value for one in found] == ["pass", "fail"]


@pytest.mark.parametrize("name", ["NVD-VMware_ESXi_8.0.0_Driver", "NVIDIA-AIE_ESXi_7.0.2_Driver"])
def test_an_installed_package_is_shown(name):
    host = changed(HOST, driver_packages=(Software(name, "550.90.05-1OEM", "NVD"),))
    says(result("DRV-002", host), "pass", f"{name} 550.90.05-1OEM")


def test_no_package_is_a_known_nothing():
    says(result("DRV-002", changed(HOST, driver_packages=())), "fail", "no NVIDIA package")


def test_packages_that_may_not_be_listed():
    lost = unknown(Why.DENIED, "NoPermission", "fetchSoftwarePackages", "Host.Config.Image")
    one = result("DRV-002", changed(HOST, driver_packages=lost))
    says(one, "unknown")
    assert one.unseen.privilege == "Host.Config.Image"


def test_a_driver_that_talks():
    says(result("DRV-003", HOST), "pass", "nvidia-smi answers, driver 550.90.05")


def test_a_driver_that_is_mute():
    says(result("DRV-003", changed(HOST, smi_answers=False)), "fail", "does not reach a driver")


def test_talk_that_was_not_heard():
    says(result("DRV-003", changed(HOST, smi_answers=unknown())), "unknown")


def test_a_driver_that_talks_needs_no_version():
    says(result("DRV-003", changed(HOST, driver_version=unknown())), "pass", "nvidia-smi answers")


def test_a_mute_driver_needs_no_version():
    host = changed(HOST, smi_answers=False, driver_version=unknown())
    says(result("DRV-003", host), "fail")


@ALL
def test_no_gpu(check):
    says(result(check, a_host()), "notapplicable")


@ALL
def test_unknown_gpus(check):
    says(result(check, changed(HOST, gpus=unknown())), "unknown")


# --- DRV-005: the driver that runs ----------------------------------------------------------------

BOOT = "2026-08-01T06:30:00Z"


def package(version="550.90.05-1OEM.800", date=None):
    fact = unknown() if date is None else known(date)
    return Software("NVD-AIE_ESXi_8.0.0_Driver", version, "NVIDIA", fact)


def running(version, *packages):
    return result("DRV-005", changed(HOST, driver_version=version, driver_packages=packages,
                                     boot_time=BOOT))  # fmt: skip


def test_the_running_driver_is_installed():
    says(running("550.90.05", package()), "pass", "550.90.05 runs")


def test_another_one_is_installed():
    says(running("535.129.03", package()), "fail", "535.129.03 runs")


def test_the_daemon_is_no_driver():
    daemon = Software("nvdgpumgmtdaemon", "550.90.05-1OEM", "NVD")
    says(running("550.90.05", daemon), "notapplicable", "no NVIDIA driver package")


@pytest.mark.parametrize(
    ("date", "status"),
    [
        ("2026-08-02", "fail"),
        ("2026-08-01", "unknown"),
        ("2026-07-31", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_silent_driver_is_judged_by_dates_and_never_passes(date, status):
    says(running(unknown(), package(date=date)), status)
