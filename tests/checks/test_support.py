"""DRV-010, HOST-014: whether the vGPU release and the line of ESXi are supported."""

import pytest
from msgspec.structs import replace

from hostcheck.model.capture import Origin, Wire
from hostcheck.model.fact import Why
from tests.checks.synthetic import HOST_ID, a_gpu, a_host, known, result, says, unknown


def on(day, **changes):
    source = Origin(Wire.PROPERTIES, "HostSystem", HOST_ID, f"{day}T09:00:00Z" if day else "")
    return replace(a_host(gpus=[a_gpu()], **changes), sources=(source,))


@pytest.mark.parametrize(
    ("driver", "day", "status", "words"),
    [
        ("580.159.01", "2026-11-28", "pass", ["vGPU 19.5, LTSB", "support ends 2028-07"]),
        ("580.159.01", "2028-08-01", "fail", ["support ended 2028-07"]),
        ("535.309.01", "2026-07-31", "pass", ["vGPU 16.14", "support ends 2026-07"]),
        ("535.309.01", "2026-08-01", "fail", ["support ended 2026-07"]),
        ("535.161.05", "2026-11-28", "fail", ["vGPU 16.4 or 16.5, LTSB"]),
        ("535.161.99", "2026-11-28", "fail", ["vGPU 16, LTSB"]),
        ("550.90.05", "2026-11-28", "fail", ["vGPU 17.2 or 17.3, production", "2025-06"]),
        ("570.211.01", "2026-11-28", "fail", ["vGPU 18.6", "2026-03"]),
        # ends that are only believed: no fail rests on them
        ("595.71.03", "2026-11-28", "pass", ["it is believed that support ends 2027-03"]),
        ("595.71.03", "2027-04-01", "unknown", ["believed to have ended: 2027-03"]),
        # releases whose end nobody could read, and branches without a release
        ("460.32.04", "2026-11-28", "unknown", ["nobody could read"]),
        ("610.20", "2026-11-28", "unknown", ["no vGPU release"]),
        ("733.1", "2026-11-28", "unknown", ["no vGPU release"]),
    ],
)
def test_releases(driver, day, status, words):
    says(result("DRV-010", on(day, driver_version=driver)), status, *words)


def test_a_release_that_is_not_known():
    lost = unknown(Why.DENIED)
    says(result("DRV-010", on("2026-11-28", driver_version=lost, driver_packages=lost)), "unknown")
    none = on("2026-11-28", driver_version=lost, driver_packages=())
    says(result("DRV-010", none), "unknown")
    says(
        result("DRV-010", replace(none, smi_answers=known(value=False))), "notapplicable", "DRV-002"
    )
    undated = result("DRV-010", on("", driver_version="535.309.01"))
    says(undated, "unknown")
    assert undated.unseen.detail == "when the host answered is not known"


@pytest.mark.parametrize(
    ("version", "day", "status", "words"),
    [
        ("7.0.3", "2025-10-02", "pass", "ends 2025-10-02"),
        ("7.0.3", "2025-10-03", "fail", "ended 2025-10-02"),
        ("8.0.3", "2026-11-28", "pass", "ends 2027-10-11"),
        ("6.7.0", "2026-11-28", "fail", "ended 2022-10-15"),
        ("9.0.1", "2027-09-18", "fail", "ended 2027-09-17"),
        ("9.2.0", "2026-11-28", "unknown", "nobody could read"),
        ("12.0.0", "2026-11-28", "unknown", "does not know this line"),
        ("next", "2026-11-28", "unknown", "does not know this line"),
        (known(""), "2026-11-28", "unknown", "does not know this line"),
        (unknown(Why.ABSENT), "2026-11-28", "unknown", ""),
    ],
)
def test_lines(version, day, status, words):
    says(result("HOST-014", on(day, version=version)), status, words)


def test_the_day_is_that_of_the_answer():
    """A recording of last year is judged as it was then, whenever it is replayed."""
    before, after = (on(day, version="7.0.3") for day in ("2025-06-01", "2026-06-01"))
    assert [result("HOST-014", one).status.value for one in (before, after)] == ["pass", "fail"]
